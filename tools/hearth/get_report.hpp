// What `hearth get` tells of an exchange: as JSON, as heads, as timings.
#pragma once

#include <hearth/error.hpp>
#include <hearth/headers.hpp>
#include <hearth/request.hpp>
#include <hearth/response.hpp>
#include <hearth/stats.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace hearth::cli {

/// What became of one URL.
struct get_result {
    std::string url;
    int status = 0;  ///< 0: no response
    int version = 11;
    std::string reason;
    hearth::headers headers;
    std::uint64_t body_size = 0;
    std::optional<std::string> body;  ///< --json: as it came, where it is small enough
    std::string file;                 ///< what the body was written to
    bool reused = false;
    unsigned attempts = 0;
    std::uint64_t connection = 0;
    std::string remote;
    response_timings timings{};
    std::optional<hearth::failure> failure;

    /// Takes over all that a head says.
    void take_head(const response& r);
};

/// The object that `hearth help get` and README describe, on a line of its own. Every key is always there.
[[nodiscard]] std::string to_json_line(const get_result& r);

/// The head as it came: status line and fields, lines ended by CRLF, and an empty line.
[[nodiscard]] std::string head_text(const get_result& r);

/// "> GET /path HTTP/1.1" and the fields that the caller and the agent's defaults give.
[[nodiscard]] std::string describe_request(const request& r, const agent_options& defaults);
/// "< HTTP/1.1 200 OK" and the fields.
[[nodiscard]] std::string describe_response(const get_result& r);
/// Connection, attempts and timings.
[[nodiscard]] std::string describe_exchange(const get_result& r);
/// One line on an event in the pool; empty for those that say nothing new.
[[nodiscard]] std::string describe(const connection_event& e);
[[nodiscard]] std::string describe(const request_event& e);
/// What the pool did in all.
[[nodiscard]] std::string describe(const stats& s);

/// "1.4 MiB".
[[nodiscard]] std::string short_size(std::uint64_t bytes);

}  // namespace hearth::cli
