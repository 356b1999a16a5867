// Where a monitor listens.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace hearth::detail {

struct listen_address {
    std::string path{};      ///< of a unix socket; else empty
    std::string ip{};        ///< "127.0.0.1", "::1"
    std::uint16_t port = 0;  ///< 0: one that is free
    bool v6 = false;         ///< `ip` is an IPv6 address
    bool loopback = false;   ///< only this machine reaches it by `ip`

    [[nodiscard]] bool is_unix() const noexcept { return !path.empty(); }
    /// Whether others than this machine's users might reach it.
    [[nodiscard]] bool is_public() const noexcept { return !is_unix() && !loopback; }
    /// "http://127.0.0.1:9464/", "unix:/path".
    [[nodiscard]] std::string url() const;
};

/// Reads "IPv4:PORT", "[IPv6]:PORT", ":PORT" (127.0.0.1), "localhost:PORT" (the same), "unix:/PATH". Throws hearth::error
/// (errc::invalid_option) that says what is wrong.
[[nodiscard]] listen_address parse_listen_address(std::string_view text);

}  // namespace hearth::detail
