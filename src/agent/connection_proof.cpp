// What became of a request whose connection ended before its answer began: a connection's evidence.
#include "agent/connection.hpp"
#include "agent/core.hpp"
#include "net/tcp_info.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

namespace hearth::detail {

using namespace std::chrono_literals;
using policy::ending;
using std::chrono::nanoseconds;

namespace {

// While an RST is waited for, the books are looked at so soon, and then ever less often: nobody announces an
// acknowledgement.
constexpr nanoseconds first_look = 2ms;
constexpr nanoseconds rarest_look = 100ms;
// What a busy machine may add to two round trips.
constexpr nanoseconds guard_slack = 20ms;
// After a dial for a silent connection that failed, or takes long.
constexpr nanoseconds relief_interval = 1s;
// Where unacknowledged_timeout is off.
constexpr nanoseconds proof_max = 20s;
// On shorter paths bytes that were under way before the request are seen by the look before use.
constexpr nanoseconds shortest_path = 200us;
// A close that was noticed later than this says nothing of how long the server keeps what idles.
constexpr nanoseconds unnoticed_max = 100ms;

}  // namespace

policy::byte_facts connection::facts(ending how) const {
    const std::uint64_t sent = transport_->bytes_accepted() - accepted_before_;
    policy::byte_facts f{.how = how,
                         .sent = sent > 0,
                         .base = 1 + accepted_before_,
                         .books = net::read_tcp_books(transport_->fd()),
                         .ended_before_ack = proof_ && proof_->ended_before_ack};
    f.since_write = agent_core::precise_now() - call_->written_since;
    if (!f.books) return f;
    // One connection's least round trip may be one that waited for an address to be resolved, or for its server's answer.
    f.books->rtt_min = std::min(f.books->rtt_min, origin_->least_rtt);
    if (guard_) f.guard = guard_->look(transport_->fd(), *f.books);
    if (f.guard) f.guard->one_segment = writes_ == 1 && sent <= guard_->books_before().mss;
    return f;
}

// For a request whose fate hangs on what a reset means.
void connection::guard_against_aborts() {
    if (guard_ || !core_.needs_proof(*call_)) return;
    const bool before_write = writes_ == 0;
    guard_ = net::reset_guard::set_up(transport_->fd(), before_write);
    if (!guard_) return;
    if (guard_->books_before().is_reset) return take_guard_down();
    // Before the end has come, only the answer to the request is waited for.
    if (before_write) guard_due_ = core_.now().mono + 2 * guard_->books_before().rtt + guard_slack;
}

void connection::take_guard_down() {
    guard_due_ = pool::never;
    if (guard_ && transport_) {
        const int fd = transport_->fd();
        const auto books = net::read_tcp_books(fd);
        const auto seen = books ? guard_->look(fd, *books) : std::nullopt;
        guard_->take_down(fd);
        // It may have been an abort, which comes but once: an early probe draws another.
        if (call_ && seen && seen->dropped > 0) {
            net::set_keep_alive(fd, 1s);
            probed_ = true;
        }
    }
    guard_.reset();
}

evidence connection::gather_evidence(ending how) const {
    if (call_->reader().begun()) return evidence::response_begun;
    return policy::weigh(facts(how));
}

// The end of the stream may be an RST whose error a write has consumed. After a FIN readers are told no error: an RST and
// the kernel's giving up look the same in the books.
ending connection::how_it_ended() const {
    if (net::take_socket_error(transport_->fd()) == ETIMEDOUT || write_error_ == boost::system::errc::timed_out)
        return ending::expired;
    return write_error_ == boost::system::errc::connection_reset ? ending::reset : ending::end;
}

// Whether what has come first may have been sent before the request arrived: it has come sooner than a round trip after it,
// or it is what servers say when they close. Only then are the books worth a system call.
bool connection::may_be_unsolicited() const {
    if (hung_up_) return true;
    return dialled_.rtt > shortest_path && core_.now().mono - call_->written_since < dialled_.rtt;
}

bool connection::is_unsolicited() const {
    const policy::byte_facts f = facts(ending::ours);
    return f.books && f.books->acked == f.base;
}

// The connection has ended, or what came is no answer. If the kernel may yet tell that the request did not arrive, and that
// decides whether it may be sent again, this waits for it.
void connection::seek_proof(exchange_failure f, std::optional<ending> ended) {
    f.phase = phase_now();
    const policy::byte_facts known = facts(ended.value_or(ending::ours));
    const bool open = !ended || policy::awaits_reset(known);
    if (ended) f.evidence = policy::weigh(known);
    if (!open || !core_.needs_proof(*call_)) return fail_exchange(std::move(f));
    silence_hook::unlink();
    const nanoseconds now = core_.now().mono;
    const nanoseconds patience = user_timeout_.count() > 0 ? nanoseconds(user_timeout_) : proof_max;
    proof_ = std::make_unique<proof>(proof{.failure = std::move(f),
                                           .ended = ended,
                                           .ended_before_ack = ended.has_value(),
                                           .look_due = now,
                                           .interval = first_look,
                                           .give_up_due = now + patience});
    headers_due_ = expect_due_ = guard_due_ = pool::never;
    if (!ended) return go_on_proving();
    core_.dial_ahead_of_proof(*origin_);
    prove_later();
}

void connection::prove_later() {
    if (proof_->ended == ending::end) guard_against_aborts();
    const nanoseconds now = core_.now().mono;
    proof_->look_due = now + proof_->interval;
    proof_->interval = std::min(proof_->interval * 2, rarest_look);
    update_timer();
}

void connection::go_on_proving() {
    if (may_read_ && (!proof_->ended || *proof_->ended == ending::end)) read_to_the_end();
    if (proof_->ended == ending::end) proof_->ended = how_it_ended();
    const ending how = proof_->ended.value_or(ending::ours);
    const policy::byte_facts known = facts(how);
    const bool acknowledged = known.books && known.books->acked > known.base;
    const bool open = (!proof_->ended && !acknowledged) || policy::awaits_reset(known);
    if (open && core_.now().mono < proof_->give_up_due) return prove_later();
    exchange_failure f = std::move(proof_->failure);
    f.evidence = policy::weigh(known);
    if (!f.cause.failed() && how == ending::reset)
        f.cause = boost::system::errc::make_error_code(boost::system::errc::connection_reset);
    fail_exchange(std::move(f));
}

// Throws away what comes and notes how the connection ends.
void connection::read_to_the_end() {
    while (may_read_) {
        const net::io_result r = transport_->read(core_.scratch());
        if (r.state == net::io::done) {
            proof_->discarded += r.bytes;
            if (proof_->discarded <= call::drain_max) continue;
            proof_->give_up_due = core_.now().mono;
        } else if (r.state == net::io::closed || r.error == errc::truncated_response) {
            if (!proof_->ended) proof_->ended_before_ack = is_unsolicited();
            proof_->ended = how_it_ended();
        } else if (r.state == net::io::failed) {
            proof_->ended = r.error == boost::system::errc::timed_out ? ending::expired : ending::reset;
        }
        may_read_ = false;
    }
}

bool connection::was_closed_unnoticed() const {
    const auto books = net::read_tcp_books(transport_->fd());
    return books && books->last_heard_ago > unnoticed_max;
}

void connection::look_now() {
    if (call_ || !transport_ || !core_.options().watch_idle) return;
    on_idle_ready({.readable = true});
}

// What its peer may have taken is not sent again before there is a connection to send it on: an acknowledgement may still
// come, and then the old one is kept.
bool connection::watch_silence() {
    if (!call_ || proof_ || call_->reader().begun()) return false;
    const policy::byte_facts known = facts(ending::ours);
    if (!known.books || known.books->acked != known.base) return false;
    if (!policy::is_silent(known)) return true;
    if (!core_.may_replay(*call_, evidence::silent)) return false;
    const nanoseconds now = core_.now().mono;
    if (relief_asked_ != pool::never && now - relief_asked_ < relief_interval) return true;
    relief_asked_ = now;
    if (core_.dial_ahead(*origin_)) return true;
    fail_silent();  // there is no room for another: it gets this one's
    return false;
}

bool connection::relieve() {
    if (relief_asked_ == pool::never || !call_ || proof_ || call_->reader().begun()) return false;
    const policy::byte_facts known = facts(ending::ours);
    if (!known.books || known.books->acked != known.base) return false;
    fail_silent();
    return true;
}

void connection::fail_silent() {
    fail_exchange({.code = errc::unacknowledged_timeout, .phase = phase_now(), .evidence = evidence::silent});
}

}  // namespace hearth::detail
