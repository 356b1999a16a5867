// What goes wrong with a connection while it is idle.
#include "testing/deafness.hpp"
#include "testing/origin_connection.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <utility>

namespace hearth::testing {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;

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
    while (true) {
        const bool caught = f.in_flight && has_missed_something();
        if (close_idle(ending_of(f.kind))) co_return count_close(f, caught);
        // What came before is read first.
        if (!co_await still_idle_at(clock::now() + 1ms, step)) co_return;
    }
}

asio::awaitable<bool> origin_connection::still_idle_at(clock::time_point at, std::uint64_t step) {
    limit_.expires_at(at);
    co_await limit_.async_wait(asio::as_tuple(asio::use_awaitable));
    co_return !closed_ && step == step_;
}

void origin_connection::count_close(const fault& f, bool caught) {
    ++state_.report.idle_closes;
    fault_tally& tally = state_.report.faults[f.kind];
    ++tally.happened;
    if (caught) {
        ++tally.requests;
        ++state_.report.caught_in_flight;
    }
    tell({.kind = origin_event_kind::fault, .what = f.kind, .caught = caught});
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
