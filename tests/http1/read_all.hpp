// Reads a response from a text cut into pieces, and gives all that came of it as one value to compare.
#pragma once

#include "http1/response_reader.hpp"

#include <algorithm>
#include <optional>
#include <ostream>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hearth::http1 {

using field_list = std::vector<std::pair<std::string, std::string>>;

inline field_list to_list(const headers& fields) {
    field_list out;
    for (const header_field f : fields) out.emplace_back(f.name, f.value);
    return out;
}

/// What came of reading a response.
struct outcome {
    std::vector<int> informational;  ///< statuses
    bool head = false;
    int status = 0;
    unsigned minor = 1;
    std::string reason;
    field_list fields;
    body_framing framing = body_framing::none;
    std::uint64_t length = 0;
    std::string body;
    field_list trailers;
    bool complete = false;
    std::optional<errc> error;
    std::string detail;
    std::string rest;  ///< input beyond the response's end

    bool operator==(const outcome&) const = default;
};

inline std::ostream& operator<<(std::ostream& out, const outcome& o) {
    out << "status " << o.status << " reason \"" << o.reason << "\" fields " << o.fields.size() << " body \"" << o.body
        << "\" rest \"" << o.rest << '"' << (o.complete ? " complete" : "");
    return out << (o.error ? " failed: " : "") << o.detail;
}

struct reading {
    read_limits limits{};
    request_kind kind{};
    bool eof = true;    ///< after the text the connection ends
    bool clean = true;  ///< in order
    std::size_t body_max = std::string_view::npos;
};

/// Reads `text` in pieces that end at `cuts`, which ascend, and then whatever is left.
inline outcome read_all(std::string_view text, const reading& how = {}, std::span<const std::size_t> cuts = {}) {
    outcome out;
    response_message message;
    response_reader reader(message, how.limits, how.kind);
    std::size_t fed = 0;
    std::size_t next_cut = 0;
    std::vector<char> piece;
    std::string_view in;
    const auto note_head = [&] {
        out.head = true;
        out.fields = to_list(message.fields);
        out.framing = message.framing;
        out.length = message.length;
        out.minor = message.minor;
        out.status = message.status;
        out.reason = message.reason;
    };
    for (;;) {
        switch (reader.next(in, how.body_max)) {
            case read_event::need_more: {
                if (fed == text.size()) {
                    if (!how.eof) return out;
                    (void)reader.finish(how.clean);
                    break;
                }
                const std::size_t end =
                    next_cut < cuts.size() ? std::clamp(cuts[next_cut++], fed, text.size()) : text.size();
                // Memory of its own, so that a sanitizer sees a reader that looks at a piece after it was used up.
                piece.assign(text.begin() + static_cast<std::ptrdiff_t>(fed),
                             text.begin() + static_cast<std::ptrdiff_t>(end));
                piece.shrink_to_fit();
                in = {piece.data(), piece.size()};
                fed = end;
                break;
            }
            case read_event::informational: out.informational.push_back(message.status); break;
            case read_event::head: note_head(); break;
            case read_event::body: out.body += reader.body(); break;
            case read_event::complete:
                out.complete = true;
                out.trailers = to_list(message.trailers);
                out.rest = std::string(in) + std::string(text.substr(fed));
                return out;
            case read_event::failed:
                out.error = reader.error().code;
                out.detail = reader.error().detail;
                return out;
        }
    }
}

}  // namespace hearth::http1
