// May a connection carry another exchange after this one?
#pragma once

#include <cstdint>
#include <string_view>

namespace hearth::http1 {

/// How the end of a response's body is told (RFC 9112, 6.3).
enum class body_framing : std::uint8_t {
    none,      ///< there is no body: HEAD, 1xx, 204, 304, a switched protocol
    length,    ///< Content-Length
    chunked,   ///< Transfer-Encoding: chunked
    to_close,  ///< by the connection's end
};

/// What a response says, or shows, about its connection.
struct response_facts {
    unsigned minor = 1;  ///< of HTTP/1.minor
    body_framing framing = body_framing::none;
    bool says_close = false;       ///< a Connection field has the token "close"
    bool says_keep_alive = false;  ///< a Connection field has the token "keep-alive"
    bool has_hint = false;         ///< a Keep-Alive field
    bool has_length = false;       ///< a Content-Length field
    bool has_coding = false;       ///< a Transfer-Encoding field
    bool suspect = false;  ///< framing where none may be: 204 or 1xx with Content-Length > 0 or Transfer-Encoding, or either
                           ///< in trailers
    bool switched = false;  ///< 101, or 2xx to CONNECT
};

/// How the exchange ended, on this side.
struct exchange_facts {
    bool request_written = false;    ///< the request was sent to its last byte
    bool request_close = false;      ///< head_plan::close
    bool response_complete = false;  ///< the response was read to its last byte
    bool extra_bytes = false;        ///< more was received than the response
};

/// An answer and, where it is no, the reason in words; static text.
struct reuse_verdict {
    bool keep = false;
    std::string_view why{};
};

/// Decides whether the connection may go back to the pool (RFC 9112, 9.3). Yes only if both messages were transferred
/// to their ends, nothing followed, neither side said close, and the response left no doubt about where it ended.
[[nodiscard]] reuse_verdict may_reuse(const response_facts& response, const exchange_facts& exchange) noexcept;

}  // namespace hearth::http1
