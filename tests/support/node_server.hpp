// Node's own http server.
#pragma once

#include "support/server_process.hpp"

#include <chrono>
#include <map>
#include <string>

namespace hearth::test {

struct node_options {
    std::chrono::milliseconds keep_alive_timeout{60'000};  ///< server.keepAliveTimeout
    bool hint = true;                                      ///< say Keep-Alive: timeout=N, as Node does by default
    unsigned max_requests = 0;                             ///< server.maxRequestsPerSocket; 0 for no limit
    std::chrono::milliseconds end_after{0};                ///< socket.end() on sockets idle for so long; 0 for never
    std::chrono::milliseconds work{0};                     ///< between a request's arrival and its answer
};

/// Answers each request with its own x-request-id.
class node_server {
public:
    static constexpr const char* program = "/usr/bin/node";

    /// Listens when it returns. Throws std::runtime_error, with Node's own words, when it cannot.
    explicit node_server(const node_options& options = {});

    [[nodiscard]] std::string url() const { return process_.url() + "/"; }
    /// server.close(), and a new process when the old one has ended: what it carries is answered, idle connections close.
    void close_and_start();
    void kill() { process_.kill(); }
    /// On the same port, and with the same books.
    void start();
    /// How often each request was executed: a line is written before the work begins.
    [[nodiscard]] std::map<std::string, int> executed() const { return count_executions(process_.read("books")); }

private:
    node_options options_;
    server_process process_{"node"};
};

}  // namespace hearth::test
