#include "testing/origin_connection.hpp"

#include "testing/deafness.hpp"
#include "testing/listener.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/read.hpp>
#include <fmt/format.h>

#include <array>
#include <string>
#include <tuple>
#include <utility>

namespace hearth::testing {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;
using namespace std::chrono_literals;

constexpr auto no_throw = asio::as_tuple(asio::use_awaitable);

constexpr std::uint32_t max_head = 16 * 1024;
constexpr std::uint64_t max_body = 16 * 1024 * 1024;
constexpr std::size_t max_buffered = 128 * 1024;
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

/// "127.0.0.1:50123", "[::1]:50123"; empty on a unix socket, and when the client has gone already.
std::string name_of_peer(origin_stream::socket_type& socket) {
    error_code error;
    const auto generic = socket.remote_endpoint(error);
    if (error || (generic.protocol().family() != AF_INET && generic.protocol().family() != AF_INET6)) return {};
    const asio::ip::tcp::endpoint peer = as_tcp(generic);
    const bool v6 = peer.address().is_v6();
    return fmt::format("{}{}{}:{}", v6 ? "[" : "", peer.address().to_string(), v6 ? "]" : "", peer.port());
}

}  // namespace

origin_connection::origin_connection(origin_state& state, origin_stream::socket_type socket)
    : state_(state),
      stream_(std::move(socket), state.tls),
      number_(++state.report.connections),
      peer_(name_of_peer(stream_.socket())),
      limit_(stream_.get_executor()),
      pause_(stream_.get_executor()),
      buffer_(max_buffered) {}

void origin_connection::start() {
    state_.open.insert(this);
    tell({.kind = origin_event_kind::connected});
    if (state_.options.socket_path.empty()) {
        error_code ignored;
        stream_.socket().set_option(asio::ip::tcp::no_delay(true), ignored);
    }
    asio::co_spawn(
        stream_.get_executor(), [self = shared_from_this()] { return self->run(); }, asio::detached);
}

void origin_connection::close(ending how) {
    if (std::exchange(closed_, true)) return;
    idle_ = false;
    state_.open.erase(this);
    limit_.cancel();
    pause_.cancel();
    error_code ignored;
    if (how == ending::rst) {
        stream_.socket().set_option(asio::socket_base::linger(true, 0), ignored);
    } else if (how == ending::goodbye && stream_.tls() != nullptr) {
        // The alert is in the kernel's hands when this returns, unless its buffer is full; what follows is cut off by the
        // close.
        stream_.tls()->async_shutdown([self = shared_from_this()](const error_code&) {});
    }
    if (deaf_ && how != ending::rst) {
        // In this order: what comes once it hears again finds a socket that nobody will read from, and is reset
        // unacknowledged.
        stream_.socket().shutdown(asio::socket_base::shutdown_both, ignored);
        hear_again();
    }
    stream_.socket().close(ignored);
    tell({.kind = origin_event_kind::closed});
}

void origin_connection::tell(origin_event e) const {
    if (!state_.options.on_event) return;
    e.connection = number_;
    e.peer = peer_;
    state_.tell(e);
}

bool origin_connection::close_idle(ending how) {
    go_deaf();
    if (has_unread(fd())) {
        hear_again();
        return false;
    }
    close(how);
    return true;
}

ending origin_connection::idle_ending() const noexcept {
    return state_.options.reset_on_idle ? ending::rst : ending::goodbye;
}

void origin_connection::finish() {
    if (idle_ && answered_ > 0 && close_idle(ending::goodbye)) return;
    finishing_ = true;
}

asio::awaitable<void> origin_connection::run() {
    bool more = co_await handshake();
    while (more && !closed_) more = co_await await_request() && co_await serve_one();
    close(ending::goodbye);
}

asio::awaitable<bool> origin_connection::handshake() {
    if (stream_.tls() == nullptr) co_return true;
    expect_progress(state_.options.patience);
    const auto [error] = co_await stream_.tls()->async_handshake(asio::ssl::stream_base::server, no_throw);
    co_return !error;
}

asio::awaitable<bool> origin_connection::await_request() {
    if (buffer_.size() > 0) co_return true;
    if (finishing_ && answered_ > 0) co_return false;
    idle_ = true;
    expect_progress(answered_ > 0 ? state_.options.idle_timeout : state_.options.patience);
    if (answered_ > 0) draw_idle_fault();
    const auto [error, size] = co_await stream_.async_read_some(buffer_.prepare(8 * 1024), no_throw);
    idle_ = false;
    if (!closed_) hear_again();
    buffer_.commit(size);
    co_return !error && !closed_;
}

asio::awaitable<bool> origin_connection::serve_one() {
    parser p;
    p.header_limit(max_head);
    p.body_limit(max_body);
    if (!co_await read(p)) co_return false;
    const request r = p.release();
    state_.executions.note(r.method_string(), r["x-request-id"], r.count("idempotency-key") > 0, state_.report);
    tell({.kind = origin_event_kind::executed,
          .method = r.method_string(),
          .target = r.target(),
          .request_id = r["x-request-id"]});
    reply a = route(r, state_.options);
    if (a.delay > 0us) co_await pause(a.delay);
    a.close = a.close || finishing_;
    if (closed_ || !co_await answer(a, r.version(), r.method() == http::verb::head)) co_return false;
    ++state_.report.requests;
    ++answered_;
    co_return !a.close;
}

asio::awaitable<bool> origin_connection::read(parser& into) {
    expect_progress(state_.options.patience);
    auto [error, size] = co_await http::async_read_header(stream_, buffer_, into, no_throw);
    if (!error && boost::beast::iequals(into.get()[http::field::expect], "100-continue")) {
        if (!co_await write("HTTP/1.1 100 Continue\r\n\r\n")) co_return false;
    }
    while (!error && !into.is_done()) {
        expect_progress(state_.options.patience);
        std::tie(error, size) = co_await http::async_read_some(stream_, buffer_, into, no_throw);
    }
    if (error) co_await refuse(error);
    co_return !error;
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
    if (closed_) co_return false;
    expect_progress(state_.options.patience);
    const auto [error, size] = co_await asio::async_write(stream_, asio::buffer(bytes), no_throw);
    co_return !error && !closed_;
}

asio::awaitable<void> origin_connection::pause(std::chrono::microseconds d) {
    expect_progress(0ms);
    pause_.expires_after(d);
    co_await pause_.async_wait(no_throw);
}

void origin_connection::expect_progress(std::chrono::milliseconds d) {
    const std::uint64_t step = ++step_;
    if (closed_ || d <= 0ms) {
        limit_.cancel();
        return;
    }
    limit_.expires_after(d);
    limit_.async_wait([self = shared_from_this(), step](const error_code& error) {
        if (!error && step == self->step_) self->give_up();
    });
}

void origin_connection::give_up() {
    if (closed_) return;
    if (!idle_) return close(ending::goodbye);
    // What has come is read first, and is no request yet where TLS has its own messages.
    if (!close_idle(idle_ending())) return expect_progress(1ms);
    ++state_.report.idle_closes;
}

}  // namespace hearth::testing
