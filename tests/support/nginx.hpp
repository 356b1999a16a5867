// The real nginx.
#pragma once

#include "support/server_process.hpp"

#include <map>
#include <string>

namespace hearth::test {

struct nginx_options {
    std::string keepalive_timeout = "60s";
    unsigned long keepalive_requests = 1'000'000;
    unsigned workers = 1;
    bool keep_books = false;    ///< for executed(); costs a line of a log each request
    std::string certificate{};  ///< PEM; with `key`: TLS
    std::string key{};
};

/// Answers each request with its own x-request-id; has stub_status at /status, which keeps out of the books.
class nginx {
public:
    static constexpr const char* program = "/usr/sbin/nginx";

    /// Listens when it returns. Throws std::runtime_error, with nginx's own words, when it cannot.
    explicit nginx(const nginx_options& options = {});

    [[nodiscard]] std::string url(const std::string& path = "/") const { return process_.url(scheme_) + path; }
    [[nodiscard]] std::uint16_t port() const noexcept { return process_.port(); }
    /// New workers; old ones finish what they carry and close idle connections.
    void reload();
    /// Master and workers are killed; new ones listen on the same port when this returns.
    void kill_and_start();
    /// Ends when it has answered, and logged, what it has begun.
    void stop();
    /// How often each request was executed, by the access log. A killed worker may have left a last request out.
    [[nodiscard]] std::map<std::string, int> executed() const;

private:
    void start();

    server_process process_{"nginx"};
    std::string scheme_ = "http";
};

}  // namespace hearth::test
