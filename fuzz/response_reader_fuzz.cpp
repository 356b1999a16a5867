// Any bytes, cut in any way, read as a response. Holds that
// - the outcome does not depend on the cuts, nor on how much body is taken at a time;
// - what the reader keeps is bounded, and it never gives back input;
// - what both it and Boost.Beast accept, they understand alike.
//
// Input: a byte of flags, a byte that seeds the cuts, and the text.
#include "http1/keep_alive_hint.hpp"
#include "http1/response_reader.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace hearth;
using http1::read_event;

void require(bool good, const char* what) {
    if (good) return;
    std::fprintf(stderr, "broken: %s\n", what);
    std::abort();
}

struct setting {
    http1::read_limits limits{};
    http1::request_kind kind{};
    bool clean = true;
};

struct outcome {
    std::vector<read_event> events;  // bodies left out
    std::string fields;
    std::string body;
    int status = 0;
    std::size_t field_count = 0;
    bool complete = false;
    std::string error;
    std::size_t used = 0;
    bool keep = false;

    bool operator==(const outcome&) const = default;
};

// A detail quotes what it saw, which may be less of a line than there is: only the words before it count.
std::string words(const http1::fault& f) {
    return std::to_string(static_cast<int>(f.code)) + f.detail.substr(0, f.detail.find('"'));
}

void append(std::string& out, const headers& fields) {
    for (const header_field f : fields) out.append(f.name).append("=").append(f.value).append("\n");
}

class session {
public:
    session(const setting& how, std::size_t body_max)
        : how_(how), body_max_(body_max), reader_(message_, how.limits, how.kind) {}

    // Whether more input is wanted.
    bool feed(std::string_view piece) {
        // Memory of its own, of its exact size: the sanitizer sees what is read beyond it or after its time.
        const auto copy = std::make_unique<char[]>(piece.size());
        std::copy(piece.begin(), piece.end(), copy.get());
        std::string_view in(copy.get(), piece.size());
        for (;;) {
            const std::size_t before = in.size();
            const read_event event = reader_.next(in, body_max_);
            require(in.size() <= before, "input was given back");
            out_.used += before - in.size();
            require(reader_.held() <= std::max<std::size_t>(how_.limits.max_head, 4096), "too much is kept");
            switch (event) {
                case read_event::need_more: require(in.empty(), "input was left"); return true;
                case read_event::body: on_body(before, in.size()); break;
                case read_event::informational: out_.events.push_back(event); break;
                case read_event::head: on_head(); break;
                case read_event::complete: on_complete(); return false;
                case read_event::failed: out_.error = words(reader_.error()); return false;
            }
        }
    }

    void end() {
        const read_event event = reader_.finish(how_.clean);
        require(event == read_event::complete || event == read_event::failed, "neither complete nor failed at the end");
        if (event == read_event::complete) on_complete();
        if (event == read_event::failed) out_.error = words(reader_.error());
    }

    outcome take() { return std::move(out_); }

private:
    void on_body(std::size_t before, std::size_t after) {
        require(!reader_.body().empty() && reader_.body().size() <= body_max_, "a piece of body has a wrong size");
        require(reader_.body().size() <= before - after, "a piece of body is larger than what was used up");
        out_.body += reader_.body();
        require(how_.limits.max_body == 0 || out_.body.size() <= how_.limits.max_body, "the body is over its limit");
        require(reader_.body_read() == out_.body.size(), "the body is miscounted");
    }

    void on_head() {
        out_.events.push_back(read_event::head);
        out_.status = message_.status;
        out_.field_count = message_.fields.size();
        require(message_.status >= 100 && message_.status <= 999, "a status out of range");
        require(message_.fields.size() <= how_.limits.max_fields, "too many fields");
        append(out_.fields, message_.fields);
        (void)http1::find_keep_alive(message_.fields);
    }

    void on_complete() {
        require(reader_.has_head(), "complete without a head");
        out_.complete = true;
        append(out_.fields, message_.trailers);
        out_.keep = http1::may_reuse(reader_.facts(), {.request_written = true, .response_complete = true}).keep;
        if (message_.framing == http1::body_framing::length)
            require(out_.body.size() == message_.length, "a short body passed");
    }

    setting how_;
    std::size_t body_max_;
    http1::response_message message_;
    http1::response_reader reader_;
    outcome out_;
};

outcome read_whole(std::string_view text, const setting& how) {
    session s(how, std::string_view::npos);
    if (s.feed(text)) s.end();
    return s.take();
}

outcome read_in_pieces(std::string_view text, const setting& how, std::uint8_t seed) {
    std::minstd_rand random(seed);
    const std::size_t piece_max = 1 + random() % 40;
    session s(how, 1 + random() % 9);
    for (bool more = true; more;) {
        const std::size_t size = std::min<std::size_t>(text.size(), 1 + random() % piece_max);
        if (text.empty()) {
            s.end();
            break;
        }
        more = s.feed(text.substr(0, size));
        text.remove_prefix(size);
    }
    return s.take();
}

class beast_parser : public boost::beast::http::basic_parser<false> {
public:
    std::size_t field_count = 0;
    std::string body;
    int status = 0;

private:
    using view = boost::beast::string_view;
    using code = boost::beast::error_code;
    void on_request_impl(boost::beast::http::verb, view, view, int, code&) override {}
    void on_response_impl(int s, view, int, code&) override { status = s; }
    void on_field_impl(boost::beast::http::field, view, view, code&) override { ++counted_; }
    void on_header_impl(code&) override { field_count = counted_; }
    void on_body_init_impl(const boost::optional<std::uint64_t>&, code&) override {}
    std::size_t on_body_impl(view piece, code&) override { return body.append(piece.data(), piece.size()), piece.size(); }
    void on_chunk_header_impl(std::uint64_t, view, code&) override {}
    std::size_t on_chunk_body_impl(std::uint64_t, view piece, code& e) override { return on_body_impl(piece, e); }
    void on_finish_impl(code&) override {}

    std::size_t counted_ = 0;
};

void compare_with_beast(std::string_view text, const setting& how, const outcome& ours) {
    if (!ours.complete || ours.events.size() != 1 || how.kind.connect || ours.status < 200) return;
    beast_parser parser;
    parser.eager(true);
    parser.body_limit(boost::none);
    parser.header_limit(1 << 20);
    parser.skip(how.kind.head);
    boost::beast::error_code error;
    while (!text.empty() && !error && !parser.is_done()) {
        const std::size_t used = parser.put(boost::asio::buffer(text.data(), text.size()), error);
        text.remove_prefix(used);
        if (used == 0) break;
    }
    if (!error && parser.got_some() && !parser.is_done()) parser.put_eof(error);
    if (error || !parser.is_done()) return;
    require(parser.status == ours.status, "another status than Beast's");
    require(parser.field_count == ours.field_count, "other fields than Beast's");
    require(parser.body == ours.body, "another body than Beast's");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    const std::uint8_t flags = data[0];
    setting how;
    how.kind = {.head = (flags & 1) != 0, .connect = (flags & 2) != 0, .upgrade = (flags & 4) != 0};
    if ((flags & 8) != 0) how.limits = {.max_head = 100, .max_fields = 3, .max_informational = 1, .max_body = 20};
    how.clean = (flags & 16) == 0;
    const std::string_view text(reinterpret_cast<const char*>(data) + 2, size - 2);

    const outcome whole = read_whole(text, how);
    outcome pieces = read_in_pieces(text, how, data[1]);
    // After a failure the two have used different amounts: a piece is used up before its line is complete.
    if (!whole.complete) pieces.used = whole.used;
    require(pieces == whole, "the outcome depends on the cuts");
    compare_with_beast(text, how, whole);
    return 0;
}
