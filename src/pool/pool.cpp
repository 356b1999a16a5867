// The events, as far as requests are concerned. What becomes of connections and slots is in connections.cpp.
#include "pool/pool.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <utility>

namespace hearth::pool {

machine::machine(const agent_options& options, std::uint64_t seed)
    : limits_{.sockets = options.max_sockets,
              .connecting = options.max_connecting,
              .free = options.keep_alive ? options.max_free_sockets.value_or(options.max_sockets) : 0,
              .total = options.max_total_sockets,
              .pending = options.max_pending,
              .warm = options.min_free_sockets,
              .keep_alive = options.keep_alive,
              .lifo = options.scheduling == scheduling::lifo,
              .idle = options.keep_alive_timeout,
              .age = options.max_connection_age.count() > 0 ? nanoseconds(options.max_connection_age) : never,
              .requests = options.max_requests_per_connection > 0 ? options.max_requests_per_connection : unlimited},
      random_(seed) {}

origin_id machine::add_origin() {
    const slot o = origins_.add();
    origins_[o].id = origins_.make_id(o);
    rank(o);
    return origins_[o].id;
}

slot machine::must_find(origin_id id) const {
    const slot o = origins_.find(id);
    if (o == nil) {
        std::fputs("hearth: a request for an origin that the pool does not know\n", stderr);
        std::abort();
    }
    return o;
}

void machine::acquire(request_id request, origin_id id, const needs& what, instant now) {
    now_ = now;
    const slot o = must_find(id);
    if (shut_) return fail(request, o, errc::agent_closed);
    if (limits_.warm > 0) {
        origins_[o].last_use = now.boot;
        origins_[o].keep_warm = true;
    }
    if (const slot c = take_idle(o, what); c != nil) {
        grant(c, request, what, now.boot - conns_[c].idle_since);
        hand_out_slots();  // take_idle() may have closed expired connections
    } else {
        const slot w = enter_line(request, o, what, false);
        hand_out_slots();
        if (origins_[o].line.uncovered() > 0 && uncovered_ > limits_.pending) {
            drop(w, errc::too_many_pending);
        }
    }
    keep_warm(o);
}

void machine::cancel(request_id request, instant now) {
    now_ = now;
    if (const slot w = waiting_.find(request); w != nil) leave_line(w);
}

void machine::open_failed(conn_id conn, errc error, error_code cause, instant now) {
    now_ = now;
    const slot c = conns_.find(conn);
    if (c == nil || conns_[c].state != state::connecting) return;
    const slot o = conns_[c].origin;
    const slot w = waiting_.find(conns_[c].request);
    origins_[o].keep_warm = false;  // or a dead origin would be dialled for ever
    close(c, close_reason::open_failed);
    if (w != nil) drop(w, error, cause, conn);
    hand_out_slots();
}

void machine::refused(conn_id conn, request_id request, instant now) {
    now_ = now;
    const slot c = conns_.find(conn);
    if (c == nil || conns_[c].state != state::active || conns_[c].request != request) return;
    const slot o = conns_[c].origin;
    const needs what = conns_[c].wants;
    close(c, close_reason::stale_at_use);
    if (const slot next = take_idle(o, what); next != nil) {
        grant(next, request, what, now.boot - conns_[next].idle_since);
    } else {
        (void)enter_line(request, o, what, true);
        if (origins_[o].line.uncovered() > 0) dial(o, request);  // it is first of all, and its connection left a slot
    }
    hand_out_slots();
}

void machine::replay(conn_id conn, request_id request, const needs& what, close_reason reason, instant now) {
    now_ = now;
    const slot c = conns_.find(conn);
    if (c == nil || conns_[c].state != state::active || conns_[c].request != request) return;
    const slot o = conns_[c].origin;
    close(c, reason);
    needs again = what;
    again.max_idle_age = nanoseconds(-1);  // whatever killed this connection has likely killed the idle ones too
    (void)enter_line(request, o, again, true);
    if (origins_[o].line.uncovered() > 0) dial(o, request);
    hand_out_slots();
}

void machine::tick(instant now) {
    now_ = now;
    while (!deadlines_.empty() && deadlines_.top().key <= now.mono) {
        drop(deadlines_.top().item, errc::pending_timeout);
    }
    while (expire_next()) {
    }
}

void machine::shutdown(instant now) {
    now_ = now;
    if (std::exchange(shut_, true)) return;
    std::vector<std::pair<std::int64_t, slot>> waiting;
    for (slot w = 0; w < waiters_.end(); ++w) {
        if (waiters_.used(w) && !waiters_[w].begun) waiting.emplace_back(waiters_[w].place, w);
    }
    std::sort(waiting.begin(), waiting.end());
    for (const auto& [place, w] : waiting) drop(w, errc::agent_closed);
    while (!idle_.empty()) close(idle_.head(), close_reason::shutdown);
    for (slot c = 0; c < conns_.end(); ++c) {
        if (!conns_.used(c) || conns_[c].state != state::connecting) continue;
        if (origins_[conns_[c].origin].line.spare_dials() > 0) close(c, close_reason::shutdown);
    }
    hand_out_slots();
}

slot machine::enter_line(request_id request, slot o, const needs& what, bool begun) {
    const slot w = waiters_.add();
    waiters_[w] = {
        .id = request, .wants = what, .place = begun ? --first_place_ : ++last_place_, .origin = o, .begun = begun};
    waiting_.insert(request, w);
    if (what.pending_deadline != never) deadlines_.set(waiters_, w, what.pending_deadline);
    if (begun) {
        origins_[o].line.push_front(waiters_, w);
    } else {
        origins_[o].line.push_back(waiters_, w);
    }
    rank(o);
    return w;
}

void machine::leave_line(slot w) {
    const slot o = waiters_[w].origin;
    origins_[o].line.erase(waiters_, w);
    deadlines_.erase(waiters_, w);
    waiting_.erase(waiters_[w].id);
    waiters_.remove(w);
    rank(o);
}

void machine::drop(slot w, errc error, error_code cause, conn_id conn) {
    const auto [request, o] = std::pair{waiters_[w].id, waiters_[w].origin};
    leave_line(w);
    fail(request, o, error, cause, conn);
}

void machine::grant(slot c, request_id request, const needs& what, nanoseconds idle_age) {
    connection& conn = conns_[c];
    conn.state = state::active;
    conn.request = request;
    conn.wants = what;
    conn.busy_since = now_.boot;
    actions_.push_back({.kind = action::kind::grant,
                        .origin = origins_[conn.origin].id,
                        .conn = conn.id,
                        .request = request,
                        .reused = conn.used,
                        .idle_age = idle_age});
    conn.used = true;
}

void machine::fail(request_id request, slot o, errc error, error_code cause, conn_id conn) {
    actions_.push_back({.kind = action::kind::fail,
                        .origin = origins_[o].id,
                        .conn = conn,
                        .request = request,
                        .error = error,
                        .cause = cause});
}

void machine::take_actions(std::vector<action>& into) {
    into.clear();
    into.swap(actions_);
}

nanoseconds machine::next_deadline(instant now) const {
    nanoseconds next = deadlines_.empty() ? never : deadlines_.top().key;
    if (!expiries_.empty()) {
        const nanoseconds in = std::max(expiries_.top().key - now.boot, nanoseconds(0));
        if (in < never - now.mono) next = std::min(next, now.mono + in);
    }
    return next;
}

machine::gauges machine::totals() const noexcept {
    return {.pending = waiters_.size(),
            .in_use = total() - connecting_ - idle_.size(),
            .free = idle_.size(),
            .connecting = connecting_};
}

machine::gauges machine::of(origin_id id) const {
    const slot at = origins_.find(id);
    if (at == nil) return {};
    const origin& o = origins_[at];
    return {.pending = o.line.size(),
            .in_use = o.conns - o.line.dials() - o.idle.size(),
            .free = o.idle.size(),
            .connecting = o.line.dials()};
}

void machine::idle_of(origin_id id, std::vector<conn_id>& into) const {
    const slot at = origins_.find(id);
    if (at == nil) return;
    for (slot c = origins_[at].idle.head(); c != nil; c = conns_[c].in_idle.next) into.push_back(conns_[c].id);
}

void machine::forget_unused(nanoseconds age, instant now, std::vector<origin_id>& forgotten) {
    now_ = now;
    while (!unused_.empty() && now.boot - origins_[unused_.head()].unused_since >= age) {
        const slot o = unused_.head();
        forgotten.push_back(origins_[o].id);
        unused_.erase(origins_, o);
        origins_.remove(o);
    }
}

}  // namespace hearth::pool
