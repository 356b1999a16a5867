#include "testing/origin_connection.hpp"

#include "net/no_throw.hpp"
#include "testing/deafness.hpp"
#include "testing/listener.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
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
using net::no_throw;
using namespace std::chrono_literals;

constexpr std::uint32_t max_head = 16 * 1024;
constexpr std::uint64_t max_body = 16 * 1024 * 1024;
constexpr std::size_t max_buffered = 128 * 1024;

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
      plan_(state.faults.draw(moment::connected, number_, 0)),
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
    // Its own kernel will never hear that the client's has got a FIN.
    if (silent_) how = ending::rst;
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

void origin_connection::tell(origin_event_kind kind, const request& r, fault_kind what) const {
    tell({.kind = kind, .what = what, .method = r.method_string(), .target = r.target(), .request_id = r["x-request-id"]});
}

bool origin_connection::close_idle(ending how) {
    if (!hold_off()) return false;
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
    if (plan_.kind == fault_kind::slow_handshake) {
        ++tally(plan_.kind).happened;
        tell({.kind = origin_event_kind::fault, .what = plan_.kind});
        co_await pause(plan_.time);
        if (closed_) co_return false;
    }
    expect_progress(state_.options.patience);
    const auto [error] = co_await stream_.tls()->async_handshake(asio::ssl::stream_base::server, no_throw);
    co_return !error;
}

asio::awaitable<bool> origin_connection::await_request() {
    if (buffer_.size() > 0) co_return true;
    const bool used = answered_ > 0;
    if (finishing_ && used) co_return false;
    idle_ = true;
    expect_progress(used && !half_closed_ ? state_.options.idle_timeout : state_.options.patience);
    if (used && !half_closed_) draw_idle_fault();
    const auto [error, size] = co_await stream_.async_read_some(buffer_.prepare(8 * 1024), no_throw);
    idle_ = false;
    if (!closed_) hear_again();
    buffer_.commit(size);
    co_return !error && !closed_;
}

asio::awaitable<bool> origin_connection::serve_one() {
    fault f = state_.faults.draw(moment::requested, number_, ++begun_);
    parser p;
    p.header_limit(max_head);
    p.body_limit(max_body);
    if (!co_await read_head(p)) co_return false;
    const bool early = f.kind == fault_kind::early_answer && !p.is_done() && !half_closed_;
    const bool waits = !p.is_done() && boost::beast::iequals(p.get()[http::field::expect], "100-continue");
    // Without a body it is like any other.
    if (f.kind == fault_kind::early_answer && !early) f = fault();
    if (waits && !early) co_await write("HTTP/1.1 100 Continue\r\n\r\n");
    if (!early && !co_await read_body(p, true)) co_return false;
    const request r = early ? p.get() : p.release();
    execute(r);
    if (half_closed_) co_return true;
    reply a = route(r, state_.options, plan_.count > answered_ + 1 ? plan_.count - answered_ - 1 : 0);
    const bool dies = f.kind == fault_kind::execute_then_rst || f.kind == fault_kind::execute_then_fin;
    if (a.delay > 0us && !dies) co_await pause(a.delay);
    // One that was waiting for a 100 need not send its body any more, and nobody can tell whether it will.
    a.close = a.close || finishing_ || (early && waits) || (is_last() && plan_.kind == fault_kind::close_after);
    if (closed_ || !co_await respond(f, r, a)) co_return false;
    ++state_.report.requests;
    const bool last = is_last();
    ++answered_;
    if (last && plan_.kind == fault_kind::close_after) {
        ++tally(plan_.kind).happened;
        tell(origin_event_kind::fault, r, plan_.kind);
    }
    if (a.close) co_return false;
    if (early && !co_await read_body(p, false)) co_return false;
    co_return !last || !closes_silently();
}

bool origin_connection::closes_silently() {
    if (buffer_.size() > 0 || !close_idle(ending::goodbye)) return false;
    ++tally(plan_.kind).happened;
    tell({.kind = origin_event_kind::fault, .what = plan_.kind});
    return true;
}

void origin_connection::execute(const request& r) {
    ++state_.report.executed;
    state_.executions.note(r.method_string(), r["x-request-id"], r.count("idempotency-key") > 0, state_.report);
    tell(origin_event_kind::executed, r);
    const auto met = [&](fault_kind kind) {
        ++tally(kind).requests;
        tell(origin_event_kind::fault, r, kind);
    };
    if (half_closed_) met(fault_kind::idle_half_close);
    if (std::exchange(junk_sent_, false)) met(fault_kind::idle_junk);
}

asio::awaitable<bool> origin_connection::read_head(parser& into) {
    expect_progress(state_.options.patience);
    const auto [error, size] = co_await http::async_read_header(stream_, buffer_, into, no_throw);
    if (error) co_await refuse(error);
    co_return !error;
}

asio::awaitable<bool> origin_connection::read_body(parser& into, bool refuses) {
    error_code error;
    while (!error && !into.is_done()) {
        expect_progress(state_.options.patience);
        std::size_t size = 0;
        std::tie(error, size) = co_await http::async_read_some(stream_, buffer_, into, no_throw);
    }
    if (error && refuses) co_await refuse(error);
    co_return !error;
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
    if (!idle()) return close(ending::goodbye);
    // What has come is read first, and is no request yet where TLS has its own messages.
    if (!close_idle(idle_ending())) return expect_progress(1ms);
    ++state_.report.idle_closes;
}

}  // namespace hearth::testing
