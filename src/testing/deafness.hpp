// A socket that does not hear: the kernel drops what its peer sends, as if it had been lost on the way.
#pragma once

#include <cstdint>

namespace hearth::testing {

/// Drops segments that may be part of a request: those with data, under TLS with more than an alert. Acknowledgements and
/// the client's own goodbye pass. Works on TCP alone, where a filter sees a segment before the kernel acknowledges it. False
/// where that cannot be.
bool go_deaf(int fd, bool tls) noexcept;
/// The same, for everything that comes.
bool go_deaf_to_all(int fd) noexcept;
void hear_again(int fd) noexcept;

/// Segments dropped on this socket so far.
[[nodiscard]] std::uint64_t dropped(int fd) noexcept;
/// Whether bytes wait to be read.
[[nodiscard]] bool has_unread(int fd) noexcept;

}  // namespace hearth::testing
