// The kernel's books of a TCP connection.
#pragma once

#include "policy/evidence.hpp"

#include <optional>

namespace hearth::net {

/// Reads TCP_INFO. Nothing when `fd` is not TCP by name (SO_PROTOCOL), or the kernel's structure ends before the fields that
/// evidence needs. Two or three system calls.
[[nodiscard]] std::optional<policy::tcp_books> read_tcp_books(int fd) noexcept;

}  // namespace hearth::net
