#include "testing/deafness.hpp"

#include <linux/filter.h>
#include <linux/sock_diag.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <array>
#include <span>

namespace hearth::testing {
namespace {

// A TLS alert, a client's goodbye say, is a record of 24 bytes in TLS 1.3, of up to 31 in 1.2. A request is longer: the
// shortest one has 27 bytes, and its record 22 more.
constexpr std::uint32_t longest_alert = 31;

bool attach(int fd, std::span<sock_filter> code) noexcept {
    const sock_fprog program{static_cast<unsigned short>(code.size()), code.data()};
    return ::setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) == 0;
}

}  // namespace

bool go_deaf(int fd, bool tls) noexcept {
    // The filter sees a segment from its TCP header on.
    std::array<sock_filter, 9> code{{
        {BPF_LD | BPF_B | BPF_ABS, 0, 0, 12},     // the header's length, in words, in the upper half
        {BPF_ALU | BPF_AND | BPF_K, 0, 0, 0xf0},  //
        {BPF_ALU | BPF_RSH | BPF_K, 0, 0, 2},     // in bytes
        {BPF_MISC | BPF_TAX, 0, 0, 0},            //
        {BPF_LD | BPF_W | BPF_LEN, 0, 0, 0},      // the segment's length
        {BPF_ALU | BPF_SUB | BPF_X, 0, 0, 0},     // its data's
        {BPF_JMP | BPF_JGT | BPF_K, 1, 0, tls ? longest_alert : 0},
        {BPF_RET | BPF_K, 0, 0, 0xffffffff},
        {BPF_RET | BPF_K, 0, 0, 0},
    }};
    return attach(fd, code);
}

bool go_deaf_to_all(int fd) noexcept {
    std::array<sock_filter, 1> code{{{BPF_RET | BPF_K, 0, 0, 0}}};
    return attach(fd, code);
}

void hear_again(int fd) noexcept {
    const int ignored = 0;
    ::setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &ignored, sizeof ignored);
}

std::uint64_t dropped(int fd) noexcept {
    std::array<std::uint32_t, SK_MEMINFO_VARS> info{};
    ::socklen_t size = sizeof info;
    if (::getsockopt(fd, SOL_SOCKET, SO_MEMINFO, info.data(), &size) != 0) return 0;
    return info.at(SK_MEMINFO_DROPS);
}

bool has_unread(int fd) noexcept {
    int count = 0;
    return ::ioctl(fd, FIONREAD, &count) == 0 && count > 0;
}

}  // namespace hearth::testing
