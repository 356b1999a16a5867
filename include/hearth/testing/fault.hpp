// What can go wrong with an origin.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace hearth::testing {

/// What the origin does wrong. There are three families; a connection draws one fault of each at each of its moments.
enum class fault_kind : std::uint8_t {
    none,  ///< nothing goes wrong; its weight counts at every moment

    // Drawn when a connection is accepted.
    slow_handshake,        ///< TLS: the client's first message is left unanswered for `time` (default 1 s)
    close_after,           ///< closes after `count` responses (default 100), the last of which says "Connection: close"
    close_after_silently,  ///< the same without a word; after one more, when that has already come

    // Drawn after each response; happen when no request has come for `time` (default: the origin's idle_timeout).
    idle_fin,           ///< closes by FIN; with TLS, without close_notify
    idle_close_notify,  ///< TLS: closes by close_notify, then FIN
    idle_rst,           ///< closes by RST
    idle_408,           ///< sends a 408 that nobody asked for, and closes by FIN
    idle_junk,          ///< sends what is no HTTP, and stays
    idle_half_close,    ///< FIN, without close_notify; goes on reading and executing, and can answer nothing
    idle_silence,       ///< TCP: whatever comes is lost, for ten minutes, and nothing is said
    late_tickets,       ///< TLS 1.3: a session ticket comes only now; where this can be drawn, none come with handshakes

    // Drawn for each request.
    early_answer,               ///< executes and answers a request before its body, if it has one; then reads the rest
    execute_then_rst,           ///< executes it and closes by RST, `time` later (default: at once)
    execute_then_fin,           ///< executes it and closes by FIN without an answer, `time` later
    cut_short,                  ///< FIN after `count` bytes of the response (default: half of its body, or else of its head)
    dribble,                    ///< the response comes byte by byte, `time` apart (default 10 ms)
    framing_two_lengths,        ///< two Content-Lengths that differ
    framing_length_and_chunks,  ///< Content-Length and chunks
    framing_bad_chunk,          ///< a chunk's size that is no number
    framing_extra_bytes,        ///< after the response another one that nobody asked for
    framing_unasked_body,       ///< a body to HEAD; else a 204 with a body
};

/// How many kinds there are, `none` included.
inline constexpr std::size_t fault_kinds = static_cast<std::size_t>(fault_kind::framing_unasked_body) + 1;

/// One fault, and how often it is drawn.
struct fault {
    fault_kind kind = fault_kind::none;
    /// Its share among the faults of its family and `none`. 1 to 1'000'000.
    std::uint32_t weight = 1;
    /// What the kind says of its time. 0: the kind's default. Up to 24 h.
    std::chrono::milliseconds time{0};
    /// What the client sends within the origin's `in_flight` before the fault is lost on the way. On TCP, for the idle_
    /// kinds other than idle_silence.
    bool in_flight = false;
    /// What the kind says of its count. 0: the kind's default.
    std::uint64_t count = 0;
};

/// "idle_fin".
[[nodiscard]] std::string_view to_string(fault_kind kind) noexcept;
/// What it does, in a few words.
[[nodiscard]] std::string_view description(fault_kind kind) noexcept;
/// The kind of that name.
[[nodiscard]] std::optional<fault_kind> fault_named(std::string_view name) noexcept;

/// What a fault did.
struct fault_tally {
    std::uint64_t happened = 0;  ///< times
    /// Requests that are known to have met it: those that it was drawn for, that it caught in flight, or that were read
    /// after it. Not those that were lost in silence, or reset by the kernel.
    std::uint64_t requests = 0;
};

}  // namespace hearth::testing
