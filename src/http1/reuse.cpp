#include "http1/reuse.hpp"

namespace hearth::http1 {

reuse_verdict may_reuse(const response_facts& response, const exchange_facts& exchange) noexcept {
    if (response.switched) return {false, "the connection speaks another protocol now"};
    if (!exchange.response_complete) return {false, "the response was not read to its end"};
    if (!exchange.request_written) return {false, "the response ended before the request was sent"};
    if (exchange.extra_bytes) return {false, "bytes followed the response"};
    if (response.framing == body_framing::to_close) return {false, "the response ended with the connection"};
    if (response.suspect) return {false, "the response had framing where none may be"};
    if (exchange.request_close) return {false, "the request said close"};
    if (response.says_close) return {false, "the response said close"};
    if (response.minor == 0 && response.has_coding) return {false, "an HTTP/1.0 response had Transfer-Encoding"};
    if (response.minor == 0 && !response.says_keep_alive) return {false, "an HTTP/1.0 response did not say keep-alive"};
    return {true, {}};
}

}  // namespace hearth::http1
