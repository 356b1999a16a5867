// The real Apache httpd, with its event MPM.
#pragma once

#include "support/server_process.hpp"

#include <map>
#include <string>

namespace hearth::test {

struct apache_options {
    std::string keep_alive_timeout = "60s";  ///< KeepAliveTimeout
    unsigned max_keep_alive_requests = 0;    ///< MaxKeepAliveRequests; 0 for no limit
};

/// Answers each request with its own x-request-id.
class apache {
public:
    static constexpr const char* program = "/usr/sbin/apache2";

    /// Listens when it returns. Throws std::runtime_error, with Apache's own words, when it cannot.
    explicit apache(const apache_options& options = {});

    [[nodiscard]] std::string url() const { return process_.url() + "/"; }
    /// New children; old ones finish what they carry and close idle connections.
    void restart_gracefully();
    /// Parent and children are killed; new ones listen on the same port when this returns.
    void kill_and_start();
    /// How often each request was executed: a line is written before each answer.
    [[nodiscard]] std::map<std::string, int> executed() const { return count_executions(process_.read("books")); }

private:
    void start();

    server_process process_{"apache"};
};

}  // namespace hearth::test
