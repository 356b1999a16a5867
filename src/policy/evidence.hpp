// What TCP's own books say became of a request whose connection died: the evidence that the replay table goes by.
#pragma once

#include <hearth/error.hpp>

#include <chrono>
#include <cstdint>
#include <optional>

namespace hearth::policy {

/// What the kernel tells of a TCP connection (tcp(7), TCP_INFO).
struct tcp_books {
    std::uint64_t acked = 0;              ///< tcpi_bytes_acked: sent bytes that the peer acknowledged; a SYN counts one
    bool is_reset = false;                ///< tcpi_state is TCP_CLOSE: an RST has come, or the kernel gave up
    std::uint32_t retransmits = 0;        ///< tcpi_retransmits: timeouts of what is now unacknowledged
    std::chrono::nanoseconds rtt{0};      ///< tcpi_rtt, smoothed
    std::chrono::nanoseconds rtt_min{0};  ///< tcpi_min_rtt, least seen; 0: not known
    std::chrono::nanoseconds last_heard_ago{0};  ///< tcpi_last_ack_recv: since a segment with ACK came, a FIN too
    std::chrono::nanoseconds last_sent_ago{0};   ///< tcpi_last_data_sent: since data was sent last, or sent again
    std::uint32_t resent = 0;            ///< tcpi_total_retrans: segments ever sent again, the SYN and loss probes included
    std::uint32_t segments_in = 0;       ///< tcpi_segs_in: segments received, those that a socket filter lost not
    std::uint32_t data_segments_in = 0;  ///< tcpi_data_segs_in: those with data
    std::uint32_t mss = 0;               ///< tcpi_snd_mss: bytes one segment carries at most
};

/// A socket that aborts sends RST with ACK; a kernel that has no such socket answers whatever comes by an RST without. While
/// a reset guard stands, the former are lost before TCP sees them (net/reset_guard.hpp), so that a reset is known to be the
/// latter. This is what was counted while it stood.
struct guard_facts {
    bool before_write = false;        ///< it stood before the request was written; else since the end had come
    bool one_segment = false;         ///< the request went out as one segment
    bool resent = false;              ///< something was sent again meanwhile
    std::uint32_t segments = 0;       ///< that TCP received
    std::uint32_t data_segments = 0;  ///< of those, the ones with data
    std::uint32_t dropped = 0;        ///< lost to the guard, or received and ignored
};

/// How an exchange's connection ended.
enum class ending : std::uint8_t {
    end,      ///< FIN, or TLS's close_notify; an RST may have followed
    reset,    ///< RST without that
    expired,  ///< the kernel gave up on bytes that nobody acknowledged
    ours,     ///< by our own timeout, or not at all yet
};

/// What is known of a request's bytes when its connection ends before a byte of its response.
struct byte_facts {
    ending how = ending::ours;
    bool sent = true;                         ///< the kernel accepted at least one byte of it
    std::uint64_t base = 0;                   ///< 1 (the SYN) + what the kernel had accepted on this connection before it
    std::optional<tcp_books> books{};         ///< read after the ending, before anything else was sent
    std::optional<guard_facts> guard{};       ///< if one stood at the ending
    bool ended_before_ack = false;            ///< the end had come when none of it was acknowledged
    std::chrono::nanoseconds since_write{0};  ///< from before its first byte was written to after the ending was noticed
};

/// The evidence. Books that do not even cover what came before the request (a kernel that does not keep them) prove nothing:
/// evidence::none.
[[nodiscard]] evidence weigh(const byte_facts& facts) noexcept;

/// Whether `facts` prove nothing yet, but an RST that follows would: the end has come and no byte is acknowledged.
[[nodiscard]] bool awaits_reset(const byte_facts& facts) noexcept;

/// Whether the peer has gone silent: the kernel has sent the request again, allowed a round trip for the answer to that, and
/// still no byte is acknowledged.
[[nodiscard]] bool is_silent(const byte_facts& facts) noexcept;

}  // namespace hearth::policy
