// What verbs that send requests share: what to send, with which limits, and whom to trust.
#pragma once

#include <hearth/options.hpp>
#include <hearth/request.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace hearth::cli {

struct send_flags {
    std::string method;  ///< empty: from what is sent
    std::vector<std::string> headers;
    std::optional<std::string> data;  ///< bytes, @FILE or @-

    std::optional<std::size_t> max_sockets;
    std::optional<unsigned> retry;
    std::chrono::milliseconds timeout{0};
    std::optional<std::chrono::milliseconds> connect_timeout;
    std::chrono::milliseconds deadline{0};

    log_options log;  ///< declare_log()

    bool insecure = false;
    std::string cacert;
    std::string cert;
    std::string key;
    std::string unix_socket;

    std::string monitor;  ///< where it listens; empty: nowhere
};

// Each declares options on the verb; they are filled when the command line is parsed.
void declare_header(CLI::App& verb, send_flags& flags);
/// --max-sockets and --retry, with what is said of their defaults.
void declare_pool(CLI::App& verb, send_flags& flags, const std::string& sockets_default, const std::string& retry_help);
void declare_timeouts(CLI::App& verb, send_flags& flags);
void declare_security(CLI::App& verb, send_flags& flags);

/// Refuses what cannot work. Throws usage_error.
void check(const send_flags& flags);

/// The agent's part; `parallel` requests at a time get a connection each, unless max_sockets says otherwise.
[[nodiscard]] agent_options make_agent_options(const send_flags& flags, std::size_t parallel);

/// The method (`otherwise` where none was asked for) and the headers; Content-Type too where there is data. Throws
/// usage_error.
[[nodiscard]] request make_request(const send_flags& flags, const std::string& otherwise);

}  // namespace hearth::cli
