#include "testing/misframing.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace hearth::testing {
namespace {

constexpr std::uint64_t max_alphabet = 64 * 1024;

std::string chunked(const std::string& body) {
    return (body.empty() ? std::string() : fmt::format("{:x}\r\n{}\r\n", body.size(), body)) + "0\r\n\r\n";
}

std::string body_of(const reply& r) {
    std::string body = r.content;
    const std::uint64_t end = std::min(r.alphabet, max_alphabet);
    for (std::uint64_t at = 0; at < end;) {
        const std::string_view piece = alphabet_piece(at, end - at);
        body += piece;
        at += piece.size();
    }
    return body;
}

}  // namespace

bool is_misframing(fault_kind kind) noexcept {
    return kind >= fault_kind::framing_two_lengths && kind <= fault_kind::framing_unasked_body;
}

std::string misframed(const reply& r, fault_kind kind, unsigned version, bool to_head_request) {
    const std::string body = body_of(r);
    const std::string length = fmt::format("Content-Length: {}\r\n", body.size());
    const std::string chunks = "Transfer-Encoding: chunked\r\n";
    const std::string head = write_fields(r, version);
    const std::string rest = to_head_request ? std::string() : body;
    switch (kind) {
        case fault_kind::framing_two_lengths:
            return fmt::format("{}{}Content-Length: {}\r\n\r\n{}", head, length, body.size() + 1, rest);
        case fault_kind::framing_length_and_chunks:
            return head + length + chunks + "\r\n" + (to_head_request ? std::string() : chunked(body));
        case fault_kind::framing_bad_chunk:
            return head + chunks + "\r\n" + (to_head_request ? std::string() : "xyz\r\n" + body + "\r\n0\r\n\r\n");
        case fault_kind::framing_extra_bytes:
            return head + length + "\r\n" + rest + "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\npoison\n";
        default: break;
    }
    if (to_head_request) return head + length + "\r\n" + body;
    reply without = r;
    without.status = 204;
    return write_fields(without, version) + length + "\r\n" + body;
}

}  // namespace hearth::testing
