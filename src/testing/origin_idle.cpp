// What goes wrong with a connection while it is idle.
#include "net/no_throw.hpp"
#include "testing/deafness.hpp"
#include "testing/origin_connection.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/write.hpp>
#include <openssl/ssl.h>

#include <utility>

namespace hearth::testing {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using boost::system::error_code;
using net::no_throw;
using clock = std::chrono::steady_clock;

// How long a silent connection is kept. Clients have given it up by then.
constexpr auto silence = 10min;

constexpr std::string_view request_timeout =
    "HTTP/1.1 408 Request Timeout\r\nContent-Length: 8\r\nConnection: close\r\n\r\ntimeout\n";

ending ending_of(fault_kind kind) {
    if (kind == fault_kind::idle_rst) return ending::rst;
    return kind == fault_kind::idle_fin ? ending::fin : ending::goodbye;
}

}  // namespace

void origin_connection::draw_idle_fault() {
    const fault f = state_.faults.draw(moment::idle, number_, answered_);
    if (f.kind == fault_kind::none) return;
    // The fault's own waits take the place of the idle timeout.
    const std::uint64_t step = ++step_;
    const auto self = shared_from_this();
    asio::co_spawn(
        stream_.get_executor(), [self, f, step] { return self->meet(f, step); }, asio::detached);
}

asio::awaitable<void> origin_connection::meet(const fault f, const std::uint64_t step) {
    const auto at = clock::now() + f.time;
    if (f.in_flight) {
        if (!co_await still_idle_at(at - state_.options.in_flight, step)) co_return;
        go_deaf();
        tell({.kind = origin_event_kind::deaf, .what = f.kind});
    }
    if (!co_await still_idle_at(at, step)) co_return;
    bool caught = false;
    while (true) {
        caught = f.in_flight && has_missed_something();
        if (hold_off()) break;
        // What came before is read first.
        if (!co_await still_idle_at(clock::now() + 1ms, step)) co_return;
    }
    if (caught) ++state_.report.caught_in_flight;
    // What was lost before these comes again, and is counted then.
    const bool comes_again = f.kind == fault_kind::idle_junk || f.kind == fault_kind::idle_half_close;
    if (f.kind != fault_kind::late_tickets) {
        ++tally(f.kind).happened;
        if (caught && !comes_again) ++tally(f.kind).requests;
        tell({.kind = origin_event_kind::fault, .what = f.kind, .caught = caught});
    }
    co_await act(f.kind);
}

asio::awaitable<bool> origin_connection::still_idle_at(clock::time_point at, std::uint64_t step) {
    limit_.expires_at(at);
    co_await limit_.async_wait(no_throw);
    co_return !closed_ && step == step_;
}

asio::awaitable<void> origin_connection::act(fault_kind kind) {
    error_code ignored;
    switch (kind) {
        case fault_kind::idle_junk:
            co_await send_unasked("\x15\x03\x01junk\r\n");
            junk_sent_ = true;
            break;
        case fault_kind::idle_half_close:
            stream_.socket().shutdown(asio::socket_base::shutdown_send, ignored);
            half_closed_ = true;
            break;
        case fault_kind::idle_silence:
            hear_again();
            silent_ = go_deaf_to_all(fd());
            expect_progress(silence);
            co_return;
        case fault_kind::late_tickets: co_await send_ticket(); break;
        case fault_kind::idle_408: co_await send_unasked(request_timeout); [[fallthrough]];
        default:
            if (!closed_) ++state_.report.idle_closes;
            close(ending_of(kind));
            co_return;
    }
    if (closed_) co_return;
    hear_again();
    expect_progress(half_closed_ ? state_.options.patience : state_.options.idle_timeout);
}

asio::awaitable<void> origin_connection::send_unasked(std::string_view bytes) {
    co_await asio::async_write(stream_, asio::buffer(bytes), no_throw);
}

asio::awaitable<void> origin_connection::send_ticket() {
    // TLS 1.2 has no tickets but those of handshakes.
    if (SSL_new_session_ticket(stream_.tls()->native_handle()) != 1) co_return;
    const auto [error] = co_await stream_.tls()->async_handshake(asio::ssl::stream_base::server, no_throw);
    if (error || closed_) co_return;
    ++tally(fault_kind::late_tickets).happened;
    tell({.kind = origin_event_kind::fault, .what = fault_kind::late_tickets});
}

bool origin_connection::hold_off() {
    go_deaf();
    if (!has_unread(fd())) return true;
    hear_again();
    return false;
}

void origin_connection::go_deaf() {
    if (std::exchange(deaf_, true)) return;
    dropped_before_ = dropped(fd());
    testing::go_deaf(fd(), stream_.tls() != nullptr);
}

void origin_connection::hear_again() {
    if (std::exchange(deaf_, false)) testing::hear_again(fd());
}

bool origin_connection::has_missed_something() { return deaf_ && dropped(fd()) != dropped_before_; }

}  // namespace hearth::testing
