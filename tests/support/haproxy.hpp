// The real HAProxy, in front of another server.
#pragma once

#include "support/server_process.hpp"

#include <cstdint>
#include <string>

namespace hearth::test {

struct haproxy_options {
    std::uint16_t backend = 0;               ///< the port of 127.0.0.1 to which requests go
    std::string keep_alive_timeout = "60s";  ///< timeout http-keep-alive: between a response and the next request
    std::string request_timeout = "60s";     ///< timeout http-request: for a request head to arrive, the first one's too
};

class haproxy {
public:
    static constexpr const char* program = "/usr/sbin/haproxy";

    /// Listens when it returns. Throws std::runtime_error, with HAProxy's own words, when it cannot.
    explicit haproxy(const haproxy_options& options);

    [[nodiscard]] std::string url() const { return process_.url() + "/"; }
    /// A new worker; the old one finishes what it carries and closes idle connections.
    void reload() { process_.send_signal(SIGUSR2); }

private:
    server_process process_{"haproxy"};
};

}  // namespace hearth::test
