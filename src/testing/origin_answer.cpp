// What the origin writes, and how it goes wrong.
#include "net/no_throw.hpp"
#include "testing/misframing.hpp"
#include "testing/origin_connection.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/error.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>

namespace hearth::testing {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;
using net::no_throw;
using namespace std::chrono_literals;

// What a refused peer may still send before the connection is closed, so that the close does not destroy the refusal on its
// way.
constexpr std::size_t max_lingering = 1024 * 1024;
constexpr auto lingering = 1s;

/// The refusal for a request that could not be read; 0 when the peer has gone and there is nobody to refuse.
unsigned status_for(const error_code& why) {
    if (why == http::error::header_limit || why == http::error::buffer_overflow) return 431;
    if (why == http::error::body_limit) return 413;
    if (why == http::error::end_of_stream || why == http::error::partial_message) return 0;
    return why.category() == http::make_error_code(http::error::bad_method).category() ? 400 : 0;
}

/// Half of its body, or else of its head.
std::uint64_t half_of(const reply& a, unsigned version, bool to_head_request) {
    const std::uint64_t head = write_head(a, version).size();
    const std::uint64_t body = a.has_body(to_head_request) ? a.content.size() + a.alphabet : 0;
    return body > 0 ? head + body / 2 : head / 2;
}

}  // namespace

asio::awaitable<bool> origin_connection::respond(const fault f, const request& r, const reply& a) {
    const bool to_head = r.method() == http::verb::head;
    if (f.kind != fault_kind::none) {
        ++tally(f.kind).happened;
        ++tally(f.kind).requests;
        tell(origin_event_kind::fault, r, f.kind);
    }
    if (f.kind == fault_kind::execute_then_rst || f.kind == fault_kind::execute_then_fin) {
        if (f.time > 0ms) co_await pause(f.time);
        close(f.kind == fault_kind::execute_then_rst ? ending::rst : ending::goodbye);
        co_return false;
    }
    if (is_misframing(f.kind)) co_return co_await write(misframed(a, f.kind, r.version(), to_head));
    if (f.kind == fault_kind::cut_short) {
        budget_ = f.count > 0 ? f.count : half_of(a, r.version(), to_head);
        co_await answer(a, r.version(), to_head);
        close(ending::fin);
        co_return false;
    }
    per_byte_ = f.kind == fault_kind::dribble ? f.time : 0ms;
    const bool sent = co_await answer(a, r.version(), to_head);
    per_byte_ = 0ms;
    co_return sent;
}

asio::awaitable<void> origin_connection::refuse(const error_code& why) {
    const unsigned status = closed_ ? 0 : status_for(why);
    if (status == 0) co_return;
    ++state_.report.malformed;
    if (!co_await answer(refusal(status, why.message() + "\n"), 11, false)) co_return;
    error_code ignored;
    stream_.socket().shutdown(asio::socket_base::shutdown_send, ignored);
    expect_progress(lingering);
    std::array<char, 4'096> rest{};
    for (std::size_t total = 0; total < max_lingering;) {
        const auto [error, size] = co_await stream_.socket().async_read_some(asio::buffer(rest), no_throw);
        if (error) break;
        total += size;
    }
}

asio::awaitable<bool> origin_connection::answer(const reply& r, unsigned version, bool to_head_request) {
    std::string first = write_head(r, version);
    if (!r.has_body(to_head_request)) co_return co_await write(first);
    if (!r.chunked) {
        first += r.content;
    } else if (!r.content.empty()) {
        first += fmt::format("{:x}\r\n{}\r\n", r.content.size(), r.content);
    }
    if (r.chunked && r.alphabet == 0) first += "0\r\n\r\n";
    co_return co_await write(first) && (r.alphabet == 0 || co_await write_alphabet(r));
}

asio::awaitable<bool> origin_connection::write_alphabet(const reply& r) {
    for (std::uint64_t sent = 0; sent < r.alphabet;) {
        const std::string_view piece = alphabet_piece(sent, r.alphabet - sent);
        sent += piece.size();
        if (!r.chunked) {
            if (!co_await write(piece)) co_return false;
            continue;
        }
        const bool last = sent == r.alphabet;
        const std::string chunk = fmt::format("{:x}\r\n{}\r\n{}", piece.size(), piece, last ? "0\r\n\r\n" : "");
        if (!co_await write(chunk)) co_return false;
    }
    co_return true;
}

asio::awaitable<bool> origin_connection::write(std::string_view bytes) {
    if (closed_ || half_closed_) co_return false;
    if (per_byte_ > 0ms) co_return co_await write_slowly(bytes);
    const bool whole = bytes.size() <= budget_;
    bytes = bytes.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(budget_, bytes.size())));
    if (budget_ != no_budget) budget_ -= bytes.size();
    expect_progress(state_.options.patience);
    const auto [error, size] = co_await asio::async_write(stream_, asio::buffer(bytes), no_throw);
    co_return !error && !closed_ && whole;
}

asio::awaitable<bool> origin_connection::write_slowly(std::string_view bytes) {
    for (const char byte : bytes) {
        expect_progress(state_.options.patience);
        const auto [error, size] = co_await asio::async_write(stream_, asio::buffer(&byte, 1), no_throw);
        if (error || closed_) co_return false;
        co_await pause(per_byte_);
        if (closed_) co_return false;
    }
    co_return true;
}

asio::awaitable<void> origin_connection::pause(std::chrono::microseconds d) {
    expect_progress(0ms);
    pause_.expires_after(d);
    co_await pause_.async_wait(no_throw);
}

}  // namespace hearth::testing
