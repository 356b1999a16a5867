// The real nginx, run as a child on a free port.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace hearth::test {

struct nginx_options {
    std::string keepalive_timeout = "60s";
    unsigned long keepalive_requests = 1'000'000;
    std::string certificate{};  ///< PEM; with `key`: TLS
    std::string key{};
};

/// Serves "hello from nginx\n" at /, and stub_status at /status.
class nginx {
public:
    /// Listens when it returns. Throws std::runtime_error, with nginx's own words, when it cannot.
    explicit nginx(const nginx_options& options = {});
    ~nginx();
    nginx(const nginx&) = delete;
    nginx& operator=(const nginx&) = delete;

    [[nodiscard]] static bool is_installed();
    [[nodiscard]] std::string url(const std::string& path = "/") const;
    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
    /// New workers; old ones finish what they carry and close idle connections.
    void reload();
    /// Killed and started again on the same port.
    void restart();

private:
    void start();
    void stop(int signal);

    std::filesystem::path dir_;
    std::uint16_t port_ = 0;
    bool tls_ = false;
    pid_t child_ = -1;
};

}  // namespace hearth::test
