#include "monitor/answer.hpp"

#include "values/text.hpp"

namespace hearth::detail {
namespace {

std::string_view reason_of(unsigned status) {
    switch (status) {
        case 200: return "OK";
        case 400: return "Bad Request";
        case 401: return "Unauthorized";
        case 404: return "Not Found";
        case 405: return "Method Not Allowed";
        case 421: return "Misdirected Request";
        case 431: return "Request Header Fields Too Large";
        default: return "Service Unavailable";
    }
}

// What is shown is nobody else's: not a cache's, not another site's, not a frame's; and the page loads nothing from
// elsewhere.
constexpr std::string_view always =
    "Cache-Control: no-store\r\n"
    "X-Content-Type-Options: nosniff\r\n"
    "Referrer-Policy: no-referrer\r\n"
    "Cross-Origin-Resource-Policy: same-origin\r\n"
    "Content-Security-Policy: default-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'\r\n";

}  // namespace

std::string answer::head(bool keep) const {
    std::string length;
    if (!endless) length = values::concat("Content-Length: ", body().size(), "\r\n");
    return values::concat("HTTP/1.1 ", status, " ", reason_of(status), "\r\nContent-Type: ", content_type, "\r\n", length,
                          always, more, keep ? "" : "Connection: close\r\n", "\r\n");
}

answer refusal(unsigned status, std::string_view sentence) {
    answer a{.status = status, .text = sentence};
    if (status == 401) a.more = "WWW-Authenticate: Bearer realm=\"hearth\"\r\n";
    if (status == 405) a.more = "Allow: GET, HEAD\r\n";
    if (status == 503) a.more = "Retry-After: 5\r\n";
    return a;
}

}  // namespace hearth::detail
