// What the origin answers: a request in, a reply out, no I/O.
#pragma once

#include <hearth/testing/faulty_origin.hpp>

#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hearth::testing {

using request = boost::beast::http::request<boost::beast::http::string_body>;

/// A response, as data.
struct reply {
    unsigned status = 200;
    std::vector<std::pair<std::string, std::string>> fields{};
    /// The body: `content`, then `alphabet` bytes of the alphabet over and over.
    std::string content{};
    std::uint64_t alphabet = 0;
    bool chunked = false;
    /// Time to wait before it is sent.
    std::chrono::microseconds delay{0};
    /// Close the connection after it, and say so.
    bool close = false;

    /// Whether a body follows the head (RFC 9110, 6.4.1).
    [[nodiscard]] bool has_body(bool to_head_request) const noexcept {
        return !to_head_request && status >= 200 && status != 204 && status != 304;
    }
};

/// What `r` is answered with. `to_come`: how many more responses there will be on this connection, for the hint; 0: who
/// knows.
[[nodiscard]] reply route(const request& r, const faulty_origin_options& options, std::uint64_t to_come = 0);

/// The answer to something that is no acceptable request.
[[nodiscard]] reply refusal(unsigned status, std::string why);

/// The head of `r` on the wire without framing and blank line.
[[nodiscard]] std::string write_fields(const reply& r, unsigned version);

/// The head of `r` on the wire, with framing, its blank line included. `version`: the request's, 10 or 11.
[[nodiscard]] std::string write_head(const reply& r, unsigned version);

/// Bytes of the alphabet, from `offset` on, as many as there are in one piece. REQUIRES: count > 0.
[[nodiscard]] std::string_view alphabet_piece(std::uint64_t offset, std::uint64_t count) noexcept;

}  // namespace hearth::testing
