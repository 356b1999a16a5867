// A request and what may be set for it alone.
#pragma once

#include <hearth/body.hpp>
#include <hearth/headers.hpp>
#include <hearth/options.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace hearth {

/// What one request does otherwise than its agent's options say. Unset means: as the agent. Ranges as in agent_options.
struct request_options {
    std::optional<std::chrono::milliseconds> timeout{};
    std::optional<std::chrono::milliseconds> connect_timeout{};
    std::optional<std::chrono::milliseconds> headers_timeout{};
    std::optional<std::chrono::milliseconds> body_timeout{};
    std::optional<std::chrono::milliseconds> pending_timeout{};
    std::optional<std::chrono::milliseconds> unacknowledged_timeout{};
    /// The whole call, from send() to the body's last byte, replays and retries included.
    std::optional<std::chrono::milliseconds> deadline{};
    std::optional<retry_options> retry{};
    std::optional<replay_options> replay{};
    std::optional<std::uint64_t> max_response_size{};
    /// Says that sending this request twice does no harm (or that it does), whatever its method.
    std::optional<bool> idempotent{};
    /// Never send this request a second time, not even when it provably did not arrive.
    bool never_replay = false;
    /// Use a new connection.
    bool fresh_connection = false;
    /// Send "Expect: 100-continue" and wait for the server's word, at most `expect_timeout`, before sending the body.
    bool expect_continue = false;
};

/// Throws hearth::error (errc::invalid_option) as validate(const agent_options&) does.
void validate(const request_options& options);

/// One request. `url` is absolute. Headers that Hearth writes itself (Host, Content-Length, Transfer-Encoding, Connection)
/// may be given: Host and `Connection: close` or `Upgrade` are honoured, a Content-Length that differs from the body's is
/// refused.
///
/// Not an aggregate, on purpose: g++ (12 to 14 at least) destroys the members of an aggregate twice when it is written in
/// braces within an expression that holds a co_await, and that is where requests are written. With a constructor, {"POST",
/// url, {{"Accept", "*/*"}}, text} is safe there.
struct request {
    request() = default;
    request(std::string how, std::string where, hearth::headers fields = {}, hearth::body what = {},
            request_options how_else = {})
        : method(std::move(how)),
          url(std::move(where)),
          headers(std::move(fields)),
          body(std::move(what)),
          options(how_else) {}

    std::string method = "GET";
    std::string url{};
    hearth::headers headers{};
    hearth::body body{};
    request_options options{};
};

}  // namespace hearth
