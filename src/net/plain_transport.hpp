// A transport without TLS, over TCP or a unix socket.
#pragma once

#include "net/fd.hpp"
#include "net/transport.hpp"

#include <memory>

namespace hearth::net {

/// Takes a connected stream socket and makes it non-blocking.
[[nodiscard]] std::unique_ptr<transport> make_plain_transport(unique_fd socket);

/// The calls on a connected socket that every transport is made of: never blocking, never raising SIGPIPE, repeated when a
/// signal interrupts them.
[[nodiscard]] io_result socket_read(int fd, std::span<char> into) noexcept;
[[nodiscard]] io_result socket_write(int fd, std::span<const char> head, std::span<const char> body) noexcept;
/// What the socket itself says, before any TLS: live, closed or bytes.
[[nodiscard]] idle_look socket_look(int fd) noexcept;
/// Closes with a reset instead of an orderly end, where the protocol has one; discards what was not delivered.
void socket_abort(unique_fd& socket) noexcept;

}  // namespace hearth::net
