#include "net/tcp_info.hpp"

#include <linux/tcp.h>  // netinet/tcp.h has an older tcp_info
#include <netinet/in.h>
#include <sys/socket.h>

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace hearth::net {
namespace {

// include/net/tcp_states.h; the numbers are part of the kernel's interface.
constexpr std::uint8_t tcp_close = 7;

// The least that must be filled.
constexpr std::size_t needed = offsetof(::tcp_info, tcpi_bytes_acked) + sizeof(::tcp_info::tcpi_bytes_acked);

}  // namespace

std::optional<policy::tcp_books> read_tcp_books(int fd) noexcept {
    int protocol = 0;
    ::socklen_t size = sizeof protocol;
    // IPPROTO_MPTCP, unix sockets and all else keep other books, or none.
    if (::getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &size) != 0 || protocol != IPPROTO_TCP) return std::nullopt;
    ::tcp_info info{};
    size = sizeof info;
    if (::getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0 || size < needed) return std::nullopt;
    using std::chrono::microseconds;
    return policy::tcp_books{.acked = info.tcpi_bytes_acked,
                             .is_reset = info.tcpi_state == tcp_close,
                             .retransmits = info.tcpi_retransmits,
                             .rtt = microseconds(info.tcpi_rtt),
                             // What was never measured is all ones.
                             .rtt_min = microseconds(info.tcpi_min_rtt == ~0U ? 0 : info.tcpi_min_rtt),
                             .last_heard_ago = std::chrono::milliseconds(info.tcpi_last_ack_recv),
                             .last_sent_ago = std::chrono::milliseconds(info.tcpi_last_data_sent),
                             .resent = info.tcpi_total_retrans,
                             .segments_in = info.tcpi_segs_in,
                             .data_segments_in = info.tcpi_data_segs_in,
                             .mss = info.tcpi_snd_mss};
}

int take_socket_error(int fd) noexcept {
    int error = 0;
    ::socklen_t size = sizeof error;
    (void)::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
    return error;
}

void set_user_timeout(int fd, std::chrono::milliseconds patience) noexcept {
    const auto ms = static_cast<unsigned>(patience.count());
    (void)::setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &ms, sizeof ms);
}

}  // namespace hearth::net
