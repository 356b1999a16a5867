// A connection as its kernel sees it: TCP's books, the socket's error, its patience.
#pragma once

#include "policy/evidence.hpp"

#include <chrono>
#include <optional>

namespace hearth::net {

/// Reads TCP_INFO. Nothing when `fd` is not TCP by name (SO_PROTOCOL), or the kernel's structure ends before the fields that
/// evidence needs. Two or three system calls.
[[nodiscard]] std::optional<policy::tcp_books> read_tcp_books(int fd) noexcept;

/// Takes the error that the kernel holds for `fd` (SO_ERROR), as an errno; 0 for none.
[[nodiscard]] int take_socket_error(int fd) noexcept;

/// How long sent bytes may stay unacknowledged before the kernel gives the connection up (TCP_USER_TIMEOUT); 0: as long as
/// its own rules say. Does nothing where `fd` is not TCP.
void set_user_timeout(int fd, std::chrono::milliseconds patience) noexcept;

/// Sets the quiet time before TCP's first keep-alive probe, rounded down to seconds (at least 1); then they come every 5 s,
/// 3 times. 0: no probes.
void set_keep_alive(int fd, std::chrono::milliseconds probe) noexcept;

}  // namespace hearth::net
