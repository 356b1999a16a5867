#include "http1/response_reader.hpp"

#include "http1/text.hpp"
#include "values/text.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace hearth::http1 {
namespace {

using values::concat;
using values::is_digit;

constexpr std::string_view version_prefix = "HTTP/1.";
constexpr std::size_t held_kept_max = 1024;  // a reader that waits for its next response holds no more
// Room for most heads at once, so that it need not be made bit by bit.
constexpr std::size_t usual_fields = 16;
constexpr std::size_t usual_fields_size = 1024;
constexpr std::uint64_t size_max = std::numeric_limits<std::int64_t>::max();

// Fields that steer the message or the connection; in trailers they come too late and mean mischief (RFC 9110, 6.5.1).
bool is_forbidden_in_trailers(std::string_view name) {
    constexpr std::array<std::string_view, 22> forbidden = {
        "Content-Length", "Transfer-Encoding", "Connection",
        "Keep-Alive",     "Proxy-Connection",  "TE",
        "Trailer",        "Upgrade",           "Host",
        "Expect",         "Max-Forwards",      "Authorization",
        "Set-Cookie",     "Content-Encoding",  "Content-Type",
        "Content-Range",  "Cache-Control",     "Location",
        "Retry-After",    "WWW-Authenticate",  "Proxy-Authenticate",
        "Date",
    };
    return std::any_of(forbidden.begin(), forbidden.end(), [name](std::string_view f) { return iequals(f, name); });
}

int hex_digit(char c) noexcept {
    if (is_digit(c)) return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

}  // namespace

void response_message::clear() noexcept {
    status = 0;
    minor = 1;
    reason.clear();
    fields.clear();
    trailers.clear();
    framing = body_framing::none;
    length = 0;
    switched = false;
}

void response_reader::start(response_message& into, const read_limits& limits, request_kind kind) {
    into.clear();
    into_ = &into;
    limits_ = limits;
    kind_ = kind;
    state_ = state::status_line;
    facts_ = {};
    begun_ = false;
    has_head_ = false;
    line_done_ = false;
    informational_ = 0;
    field_count_ = 0;
    head_left_ = limits.max_head;
    extensions_left_ = chunk_extensions_max;
    left_ = 0;
    body_total_ = 0;
    body_ = {};
    if (held_.capacity() <= held_kept_max) {
        held_.clear();
    } else {
        std::string().swap(held_);
    }
    error_ = {};
}

read_event response_reader::next(std::string_view& in, std::size_t body_max) {
    begun_ = begun_ || !in.empty();
    for (;;) {
        switch (state_) {
            case state::fields: {
                bool ended = false;
                if (!read_whole_fields(in, ended)) return read_event::failed;
                if (ended) return on_head_end();
                [[fallthrough]];
            }
            case state::status_line:
            case state::chunk_line:
            case state::trailers: {
                if (const auto event = read_line(in)) return *event;
                break;
            }
            case state::body_length:
            case state::body_to_close:
            case state::chunk_data: return deliver(in, body_max);
            case state::chunk_cr:
            case state::chunk_lf: {
                if (in.empty()) return read_event::need_more;
                const bool cr = state_ == state::chunk_cr;
                if (in.front() != (cr ? '\r' : '\n'))
                    return fail(errc::malformed_response, "a chunk does not end where its size says");
                in.remove_prefix(1);
                state_ = cr ? state::chunk_lf : state::chunk_line;
                break;
            }
            case state::complete: return read_event::complete;
            case state::failed: return read_event::failed;
        }
    }
}

std::optional<read_event> response_reader::read_line(std::string_view& in) {
    if (state_ == state::status_line && !may_be_http(in)) {
        return fail(errc::malformed_response, "the status line is not HTTP/1.x: " + text::quote(held_.empty() ? in : held_));
    }
    std::string_view line;
    switch (take_line(in, line)) {
        case line_result::partial: return read_event::need_more;
        case line_result::failed: return read_event::failed;
        case line_result::ready: break;
    }
    bool good = true;
    if (state_ == state::status_line) {
        good = on_status_line(line);
    } else if (state_ == state::chunk_line) {
        good = on_chunk_line(line);
    } else if (!line.empty()) {
        good = on_field(line);
    } else if (state_ == state::fields) {
        return on_head_end();
    } else {
        state_ = state::complete;
    }
    if (!good) return read_event::failed;
    return std::nullopt;
}

// The common case, made short: fields that lie in the input whole and are as they should be. What is not so is left to
// read_line(). False on failure; `ended` says that the head's end has come.
bool response_reader::read_whole_fields(std::string_view& in, bool& ended) {
    if (held() != 0) return true;
    if (into_->fields.empty()) into_->fields.reserve(usual_fields, std::min(in.size(), usual_fields_size));
    for (;;) {
        ended = in.starts_with("\r\n") && head_left_ >= 2;
        const std::size_t colon = ended ? 0 : values::token_size(in);
        if (!ended && (colon == 0 || colon == in.size() || in[colon] != ':')) return true;
        const std::size_t end = ended ? 0 : text::find_control(in, colon + 1);
        const std::size_t size = end + 2;
        if (size > in.size() || size > head_left_ || in[end] != '\r' || in[end + 1] != '\n') return true;
        const std::string_view line = in.substr(0, end);
        in.remove_prefix(size);
        head_left_ -= size;
        if (ended) return true;
        if (!take_field(line, colon, text::trim(line.substr(colon + 1)))) return false;
    }
}

// Sees through another protocol's first bytes at once, so that nobody waits for a line's end that will not come.
bool response_reader::may_be_http(std::string_view in) const noexcept {
    const std::size_t held = line_done_ ? 0 : held_.size();
    if (held >= version_prefix.size()) return true;
    const std::string_view expected = version_prefix.substr(held);
    const std::size_t size = std::min(in.size(), expected.size());
    return in.substr(0, size) == expected.substr(0, size);
}

response_reader::line_result response_reader::take_line(std::string_view& in, std::string_view& line) {
    if (line_done_) {
        held_.clear();
        line_done_ = false;
    }
    const std::size_t end = in.find('\n');
    const bool whole = end != std::string_view::npos;
    const std::size_t most = state_ == state::chunk_line ? chunk_line_max : head_left_;
    // An unfinished line needs one byte more at least.
    const std::size_t size = held_.size() + (whole ? end : in.size()) + 1;
    if (size > most) return line_too_long();
    if (!whole) {
        held_.append(in);
        in = {};
        return line_result::partial;
    }
    line = in.substr(0, end);
    if (!held_.empty()) {
        held_.append(line);
        line = held_;
        line_done_ = true;
    }
    in.remove_prefix(end + 1);
    if (state_ != state::chunk_line) head_left_ -= size;
    if (line.empty() || line.back() != '\r') {
        fail(errc::malformed_response, "a line of the response ends in LF without CR");
        return line_result::failed;
    }
    line.remove_suffix(1);
    return line_result::ready;
}

response_reader::line_result response_reader::line_too_long() {
    if (state_ == state::chunk_line) {
        fail(errc::malformed_response, concat("a chunk's header is over ", chunk_line_max, " bytes"));
    } else {
        const std::string_view what = state_ == state::trailers ? "the trailers are" : "the response head is";
        fail(errc::head_too_large, concat(what, " over max_header_size (", limits_.max_head, " bytes)"));
    }
    return line_result::failed;
}

// status-line = "HTTP/1." DIGIT SP 3DIGIT [ SP reason-phrase ]. The SP before an absent reason is required by RFC 9112, 4,
// and left out by enough servers that no client insists on it.
bool response_reader::on_status_line(std::string_view line) {
    constexpr std::size_t minor_at = 7, status_at = 9, status_end = 12;
    const auto wrong = [&](std::string_view what) {
        fail(errc::malformed_response, concat(what, ": ", text::quote(line)));
        return false;
    };
    if (line.size() <= minor_at || (line[minor_at] != '0' && line[minor_at] != '1')) {
        return wrong("the status line is neither HTTP/1.0 nor HTTP/1.1");
    }
    if (line.size() < status_end || line[minor_at + 1] != ' ' || line[status_at] < '1' ||
        !std::all_of(line.begin() + status_at, line.begin() + status_end, is_digit)) {
        return wrong("the status is not a number from 100 to 999");
    }
    if (line.size() > status_end && line[status_end] != ' ') return wrong("the status is not a number from 100 to 999");
    const std::string_view reason = text::trim(line.substr(status_end));
    if (text::has_control(reason)) return wrong("the reason phrase holds a control character");

    into_->fields.clear();
    into_->minor = line[minor_at] == '1' ? 1 : 0;
    into_->status = (line[status_at] - '0') * 100 + (line[status_at + 1] - '0') * 10 + (line[status_at + 2] - '0');
    into_->reason.assign(reason);
    // What a 1xx said about the connection holds for it; its framing does not count.
    facts_ = {.minor = into_->minor, .says_close = facts_.says_close, .suspect = facts_.suspect};
    left_ = 0;
    state_ = state::fields;
    return true;
}

bool response_reader::on_field(std::string_view line) {
    const std::size_t colon = values::token_size(line);
    if (colon == 0 || colon == line.size() || line[colon] != ':') return wrong_field(line);
    const std::string_view value = text::trim(line.substr(colon + 1));
    if (text::has_control(value)) return wrong_field(line);
    return take_field(line, colon, value);
}

// A well-formed one.
bool response_reader::take_field(std::string_view line, std::size_t colon, std::string_view value) {
    const std::string_view name = line.substr(0, colon);
    const bool trailer = state_ == state::trailers;
    if (field_count_ == limits_.max_fields) {
        const std::string_view what = trailer ? "the trailers have" : "the response head has";
        fail(errc::too_many_headers, concat(what, " over max_header_count (", limits_.max_fields, ") fields"));
        return false;
    }
    ++field_count_;
    if (trailer) {
        if (!is_forbidden_in_trailers(name)) {
            into_->trailers.add(name, value);
        } else {
            facts_.suspect = facts_.suspect || iequals(name, "Content-Length") || iequals(name, "Transfer-Encoding");
            facts_.says_close = facts_.says_close || iequals(name, "Connection");
        }
        return true;
    }
    into_->fields.add_line(line, colon, static_cast<std::size_t>(value.data() - line.data()), value.size());
    switch (name.size()) {
        case 10:
            if (iequals(name, "Connection")) return note_connection(value);
            facts_.has_hint = facts_.has_hint || iequals(name, "Keep-Alive");
            return true;
        case 14: return !iequals(name, "Content-Length") || note_length(value);
        case 17: return !iequals(name, "Transfer-Encoding") || note_coding(value);
        default: return true;
    }
}

// Says what keeps a line from being a field.
bool response_reader::wrong_field(std::string_view line) {
    const auto name = line.substr(0, line.find(':'));
    const auto is_space = [](char c) { return c == ' ' || c == '\t'; };
    std::string_view what = "a header field's name is not a token";
    if (is_space(line.front())) {
        what = "a header field is folded over several lines";
    } else if (name.size() == line.size()) {
        what = "a header field has no colon";
    } else if (values::is_token(name)) {
        what = "a header field's value holds a control character";
    } else if (!name.empty() && is_space(name.back())) {
        what = "white space stands before a header field's colon";
    }
    fail(errc::malformed_response, concat(what, ": ", text::quote(line)));
    return false;
}

bool response_reader::note_connection(std::string_view value) {
    if (iequals(value, "keep-alive")) return facts_.says_keep_alive = true;
    text::list tokens(value);
    while (const auto token = tokens.next()) {
        facts_.says_close = facts_.says_close || iequals(*token, "close");
        facts_.says_keep_alive = facts_.says_keep_alive || iequals(*token, "keep-alive");
    }
    return true;
}

// Repeats of the same number are one number (RFC 9110, 8.6); everything else leaves the end of the body in doubt.
bool response_reader::note_length(std::string_view value) {
    text::list lengths(value);
    while (const auto element = lengths.next()) {
        const auto length = text::parse_decimal(*element, size_max);
        if (!length) {
            fail(errc::ambiguous_framing, "the Content-Length " + text::quote(value) + " is not a number of bytes");
            return false;
        }
        if (facts_.has_length && left_ != *length) {
            fail(errc::ambiguous_framing, concat("the response has two Content-Lengths, ", left_, " and ", *length));
            return false;
        }
        facts_.has_length = true;
        left_ = *length;
    }
    return true;
}

bool response_reader::note_coding(std::string_view value) {
    if (facts_.has_coding) {
        fail(errc::ambiguous_framing, "the response has several Transfer-Encodings");
        return false;
    }
    facts_.has_coding = true;
    if (iequals(value, "chunked")) return true;
    fail(errc::ambiguous_framing, "the Transfer-Encoding is not \"chunked\" alone: " + text::quote(value));
    return false;
}

read_event response_reader::on_head_end() {
    field_count_ = 0;
    if (facts_.has_length && facts_.has_coding) {
        return fail(errc::ambiguous_framing, "the response has both Content-Length and Transfer-Encoding");
    }
    const int status = into_->status;
    const bool framed = facts_.has_coding || left_ > 0;
    if (status == 101 && !kind_.upgrade)
        return fail(errc::malformed_response, "the server switched protocols without being asked");
    if (status < 200 && status != 101) {
        facts_.suspect = facts_.suspect || framed;
        if (++informational_ > limits_.max_informational) {
            return fail(errc::too_many_informational,
                        concat("over ", limits_.max_informational, " informational (1xx) responses"));
        }
        state_ = state::status_line;
        return read_event::informational;
    }
    facts_.switched = status == 101 || (kind_.connect && status < 300);
    facts_.suspect = facts_.suspect || (status == 204 && framed);
    if (kind_.head || status == 204 || status == 304 || facts_.switched) {
        facts_.framing = body_framing::none;
    } else if (facts_.has_coding) {
        facts_.framing = body_framing::chunked;
    } else {
        facts_.framing = facts_.has_length ? body_framing::length : body_framing::to_close;
    }
    return begin_body();
}

read_event response_reader::begin_body() {
    into_->framing = facts_.framing;
    into_->switched = facts_.switched;
    switch (facts_.framing) {
        case body_framing::none: state_ = state::complete; break;
        case body_framing::length:
            if (limits_.max_body != 0 && left_ > limits_.max_body) return too_large(concat("the Content-Length is ", left_));
            into_->length = left_;
            state_ = left_ == 0 ? state::complete : state::body_length;
            break;
        case body_framing::chunked: state_ = state::chunk_line; break;
        case body_framing::to_close: state_ = state::body_to_close; break;
    }
    has_head_ = true;
    return read_event::head;
}

// chunk-size [ chunk-ext ]. White space around is let pass: old servers pad their sizes, and it cannot mislead.
bool response_reader::on_chunk_line(std::string_view line) {
    const auto wrong = [&](std::string_view what) {
        fail(errc::malformed_response, concat(what, ": ", text::quote(line)));
        return false;
    };
    std::uint64_t size = 0;
    std::size_t digits = 0;
    for (; digits < line.size() && hex_digit(line[digits]) >= 0; ++digits) {
        if (size > size_max >> 4) return wrong("a chunk's size is too large");
        size = size << 4 | static_cast<std::uint64_t>(hex_digit(line[digits]));
    }
    if (digits == 0) return wrong("a chunk's size is not a number");
    const std::string_view extension = text::trim(line.substr(digits));
    if (!extension.empty() && extension.front() != ';') return wrong("a chunk's size is not a number");
    if (text::has_control(extension)) return wrong("a chunk's extension holds a control character");
    constexpr std::size_t plain_max = 16;  // digits of a size; what is beyond is ballast
    const std::size_t ballast = line.size() - std::min(line.size(), plain_max);
    if (ballast > extensions_left_) return wrong(concat("the chunk extensions are over ", chunk_extensions_max, " bytes"));
    extensions_left_ -= ballast;

    if (size == 0) {
        head_left_ = limits_.max_head;
        state_ = state::trailers;
        return true;
    }
    if (size > size_max - body_total_ || (limits_.max_body != 0 && size > limits_.max_body - body_total_)) {
        too_large(concat("its chunks have ", body_total_, " bytes and ", size, " more"));
        return false;
    }
    left_ = size;
    state_ = state::chunk_data;
    return true;
}

read_event response_reader::deliver(std::string_view& in, std::size_t body_max) {
    if (in.empty()) return read_event::need_more;
    const bool to_close = state_ == state::body_to_close;
    std::uint64_t most = to_close ? size_max : left_;
    if (to_close && limits_.max_body != 0) {
        most = limits_.max_body - body_total_;
        if (most == 0) return too_large("more than that was received");
    }
    const auto size =
        static_cast<std::size_t>(std::min<std::uint64_t>({in.size(), most, std::max<std::size_t>(body_max, 1)}));
    body_ = in.substr(0, size);
    in.remove_prefix(size);
    body_total_ += size;
    if (!to_close) {
        left_ -= size;
        if (left_ == 0) state_ = state_ == state::body_length ? state::complete : state::chunk_cr;
    }
    return read_event::body;
}

read_event response_reader::finish(bool clean) {
    const auto cut = [this](std::string detail) { return fail(errc::truncated_response, std::move(detail)); };
    const auto after = [this] { return concat(" after ", body_total_, " bytes of the body"); };
    switch (state_) {
        case state::complete: return read_event::complete;
        case state::failed: return read_event::failed;
        case state::status_line:
            if (!begun_) return fail(errc::connection_closed, {});
            if (held_.empty() || line_done_)
                return fail(errc::connection_closed, "only an informational (1xx) response had come");
            return cut("the connection ended in the status line");
        case state::fields: return cut("the connection ended in the response head");
        case state::body_length:
            return cut(concat("the connection ended after ", body_total_, " of the body's ", body_total_ + left_, " bytes"));
        case state::chunk_line:
        case state::chunk_data:
        case state::chunk_cr:
        case state::chunk_lf: return cut("the connection ended inside the chunked body," + after());
        case state::trailers: return cut("the connection ended in the trailers," + after());
        case state::body_to_close: break;
    }
    if (!clean) return cut("TLS was cut off without close_notify," + after() + ", whose end only that would have told");
    state_ = state::complete;
    return read_event::complete;
}

std::uint64_t response_reader::body_ahead() const noexcept {
    if (state_ == state::body_to_close) return limits_.max_body == 0 ? size_max : limits_.max_body - body_total_;
    return state_ == state::body_length || state_ == state::chunk_data ? left_ : 0;
}

read_event response_reader::too_large(std::string_view detail) {
    return fail(errc::response_too_large,
                concat("the body is over max_response_size (", limits_.max_body, " bytes): ", detail));
}

read_event response_reader::fail(errc code, std::string detail) {
    state_ = state::failed;
    error_ = {code, std::move(detail)};
    body_ = {};
    return read_event::failed;
}

}  // namespace hearth::http1
