#include "net/reset_guard.hpp"

#include "net/tcp_info.hpp"

#include <linux/filter.h>
#include <linux/sock_diag.h>
#include <sys/socket.h>
#include <sys/utsname.h>

#include <array>
#include <cstdlib>

namespace hearth::net {
namespace {

constexpr std::uint32_t flags_at = 13;  // in the TCP header, which is where a TCP socket's filter begins
constexpr std::uint32_t rst_and_ack = 0x14;

// Segments that were lost to a filter, or that TCP threw away.
std::optional<std::uint32_t> count_dropped(int fd) noexcept {
    std::array<std::uint32_t, SK_MEMINFO_VARS> info{};
    ::socklen_t size = sizeof info;
    if (::getsockopt(fd, SOL_SOCKET, SO_MEMINFO, info.data(), &size) != 0 || size < sizeof info) return std::nullopt;
    return info[SK_MEMINFO_DROPS];
}

// Linux before 5.18 counts a reset that is taken as dropped, too.
std::uint32_t drops_of_a_taken_reset() noexcept {
    static const std::uint32_t drops = [] {
        ::utsname name{};
        if (::uname(&name) != 0) return 0U;
        char* rest = nullptr;
        const long major = std::strtol(name.release, &rest, 10);
        const long minor = *rest == '.' ? std::strtol(rest + 1, nullptr, 10) : 0;
        return major < 5 || (major == 5 && minor < 18) ? 1U : 0U;
    }();
    return drops;
}

}  // namespace

std::optional<reset_guard> reset_guard::set_up(int fd, bool before_write) noexcept {
    std::array<sock_filter, 5> program{
        sock_filter{BPF_LD | BPF_B | BPF_ABS, 0, 0, flags_at}, sock_filter{BPF_ALU | BPF_AND | BPF_K, 0, 0, rst_and_ack},
        sock_filter{BPF_JMP | BPF_JEQ | BPF_K, 0, 1, rst_and_ack}, sock_filter{BPF_RET | BPF_K, 0, 0, 0},  // none of it
        sock_filter{BPF_RET | BPF_K, 0, 0, 0xffffffffU}};
    const sock_fprog whole{.len = program.size(), .filter = program.data()};
    if (::setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &whole, sizeof whole) != 0) return std::nullopt;
    reset_guard made;
    made.before_write_ = before_write;
    const auto books = read_tcp_books(fd);
    const auto dropped = count_dropped(fd);
    if (books && dropped && books->segments_in > 0) {
        made.before_ = *books;
        made.dropped_before_ = *dropped;
        return made;
    }
    made.take_down(fd);
    return std::nullopt;
}

void reset_guard::take_down(int fd) const noexcept {
    const int ignored = 0;
    (void)::setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &ignored, sizeof ignored);
}

std::optional<policy::guard_facts> reset_guard::look(int fd, const policy::tcp_books& books) const noexcept {
    const auto dropped = count_dropped(fd);
    if (!dropped) return std::nullopt;
    const std::uint32_t since = *dropped - dropped_before_;
    const std::uint32_t taken = books.is_reset ? drops_of_a_taken_reset() : 0;
    return policy::guard_facts{.before_write = before_write_,
                               .one_segment = false,  // the caller knows
                               .resent = books.resent != before_.resent,
                               .segments = books.segments_in - before_.segments_in,
                               .data_segments = books.data_segments_in - before_.data_segments_in,
                               .dropped = since > taken ? since - taken : 0};
}

}  // namespace hearth::net
