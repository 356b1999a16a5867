#include "net/tcp_info.hpp"

#include <linux/tcp.h>  // netinet/tcp.h has an older tcp_info
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
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

void set_keep_alive(int fd, std::chrono::milliseconds probe) noexcept {
    const auto set = [fd](int level, int name, int value) { (void)::setsockopt(fd, level, name, &value, sizeof value); };
    set(SOL_SOCKET, SO_KEEPALIVE, probe.count() > 0 ? 1 : 0);
    if (probe.count() <= 0) return;
    constexpr std::int64_t longest_idle_s = 32'767;  // what the kernel takes
    const std::int64_t idle_s = std::chrono::duration_cast<std::chrono::seconds>(probe).count();
    set(IPPROTO_TCP, TCP_KEEPIDLE, static_cast<int>(std::clamp<std::int64_t>(idle_s, 1, longest_idle_s)));
    set(IPPROTO_TCP, TCP_KEEPINTVL, 5);
    set(IPPROTO_TCP, TCP_KEEPCNT, 3);
}

}  // namespace hearth::net
