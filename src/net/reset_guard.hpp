// Tells an abort by the peer's application from the answer of a kernel that has no such connection.
#pragma once

#include "policy/evidence.hpp"

#include <cstdint>
#include <optional>

namespace hearth::net {

/// While it stands, a socket filter (socket(7), SO_ATTACH_FILTER) loses TCP segments with both RST and ACK. Whoever sets one
/// up takes it down, or closes the socket; it owns neither.
class reset_guard {
public:
    /// Nothing where the kernel does not allow it, or does not count what it needs.
    [[nodiscard]] static std::optional<reset_guard> set_up(int fd, bool before_write) noexcept;
    void take_down(int fd) const noexcept;

    /// What was counted since. `books` were read now. Nothing if the kernel does not tell.
    [[nodiscard]] std::optional<policy::guard_facts> look(int fd, const policy::tcp_books& books) const noexcept;
    [[nodiscard]] const policy::tcp_books& books_before() const noexcept { return before_; }

private:
    policy::tcp_books before_;
    std::uint32_t dropped_before_ = 0;
    bool before_write_ = false;
};

}  // namespace hearth::net
