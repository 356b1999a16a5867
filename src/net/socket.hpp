// Opening and connecting sockets, and what their errors mean.
#pragma once

#include "net/fd.hpp"
#include "net/resolver.hpp"

#include <hearth/error.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace hearth::net {

/// Why a connection could not be made.
struct connect_failure {
    errc code = errc::connect_failed;
    error_code cause{};
    std::string detail{};  ///< in words, where the codes alone would not do
};

/// What an error of socket(), bind() or connect() means to a caller.
[[nodiscard]] errc connect_errc(const error_code& cause) noexcept;

/// An address literal ("192.0.2.1", "2001:db8::1", "fe80::1%eth0", in brackets too) as an endpoint; nothing if it is not
/// one.
[[nodiscard]] std::optional<endpoint> parse_address(std::string_view literal, std::uint16_t port);
/// The endpoint of a unix socket; nothing if the path is empty, too long or holds a NUL.
[[nodiscard]] std::optional<endpoint> unix_endpoint(std::string_view path);

/// A socket that connects or has connected.
struct connecting_socket {
    unique_fd socket;  ///< non-blocking, closed on exec; none if `failure` says why
    bool connected = false;
    connect_failure failure{};
};

/// Opens a socket and begins to connect it. `from`, if not null, is the local address; its port is left to the system.
/// `keep_alive_probe` is the quiet time before TCP's first keep-alive probe, 0 for no probes.
[[nodiscard]] connecting_socket begin_connect(const endpoint& to, const endpoint* from,
                                              std::chrono::milliseconds keep_alive_probe);

/// How a connect that was under way stands.
enum class connect_state : std::uint8_t { pending, connected, failed };
struct connect_outcome {
    connect_state state = connect_state::pending;
    connect_failure failure{};
};
[[nodiscard]] connect_outcome finish_connect(int fd, const endpoint& to);

/// The round-trip time of the path as TCP knows it; 0 when it does not tell.
[[nodiscard]] std::chrono::nanoseconds path_rtt(int fd) noexcept;

}  // namespace hearth::net
