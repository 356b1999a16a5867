// The events, as far as connections are concerned; and who gets a slot.
#include "pool/pool.hpp"

#include <algorithm>
#include <utility>

namespace hearth::pool {
namespace {

// The moment `wait` after `t`, or never.
nanoseconds after(nanoseconds t, nanoseconds wait) { return wait < never - t ? t + wait : never; }

}  // namespace

void machine::opened(conn_id id, instant now) {
    now_ = now;
    const slot c = conns_.find(id);
    if (c == nil || conns_[c].state != state::connecting) return;
    connection& conn = conns_[c];
    const slot o = conn.origin;
    conn.state = state::active;
    ++opened_;
    --connecting_;
    conn.opened_at = now.boot;
    conn.retires_at = after(now.boot, draw_age());
    conn.requests_left = limits_.requests;
    origins_[o].line.remove_dial(waiters_);
    if (!serve(c, origins_[o].line.oldest())) to_idle(c, limits_.idle, close_reason::idle);
    rank(o);
    hand_out_slots();
    keep_warm(o);
}

void machine::released(conn_id id, const verdict& v, instant now) {
    now_ = now;
    const slot c = conns_.find(id);
    if (c == nil || conns_[c].state != state::active) return;
    connection& conn = conns_[c];
    const slot o = conn.origin;
    if (conn.requests_left != unlimited) --conn.requests_left;
    conn.requests_left = std::min(conn.requests_left, v.requests_left);
    const bool hinted = v.idle_reason == close_reason::hint && v.idle_limit != never;
    const bool told = hinted || v.idle_limit < limits_.idle;
    const nanoseconds idle_limit = told ? v.idle_limit : limits_.idle;
    const close_reason idle_reason = told ? v.idle_reason : close_reason::idle;

    if (!v.keep) {
        close(c, v.reason);
    } else if (shut_) {
        close(c, close_reason::shutdown);
    } else if (!limits_.keep_alive) {
        close(c, close_reason::response);
    } else if (now.boot >= conn.retires_at) {
        close(c, close_reason::age);
    } else if (conn.requests_left == 0) {
        close(c, close_reason::requests);
    } else if (idle_limit <= nanoseconds(0)) {
        close(c, idle_reason);
    } else if (!serve(c, origins_[o].line.oldest_taker())) {
        to_idle(c, idle_limit, idle_reason);
    }
    rank(o);
    hand_out_slots();
    keep_warm(o);
}

void machine::peer_closed(conn_id id, close_reason reason, instant now) {
    now_ = now;
    const slot c = conns_.find(id);
    if (c == nil || conns_[c].state != state::idle) return;
    // Or a server that closes at once would be dialled for ever.
    if (!conns_[c].canary) origins_[conns_[c].origin].keep_warm = false;
    close(c, reason);
    hand_out_slots();
}

std::size_t machine::warm(origin_id id, std::size_t n, instant now) {
    now_ = now;
    return dial_spares(must_find(id), n);
}

bool machine::dial_ahead(origin_id id, instant now) {
    now_ = now;
    const slot o = must_find(id);
    const origin& to = origins_[o];
    if (shut_ || to.conns >= limits_.sockets || total() >= limits_.total || !may_begin_dial(to)) return false;
    if (to.idle.size() + to.line.spare_dials() >= limits_.free) return false;
    dial(o, request_id::none);
    return true;
}

void machine::close_idle(instant now) {
    now_ = now;
    while (!idle_.empty()) {
        const slot c = idle_.head();
        origins_[conns_[c].origin].keep_warm = false;
        close(c, close_reason::shutdown);
    }
    hand_out_slots();
}

// Takes an idle connection that suits `what` off the idle lists, closing those past their time on the way: tick() may be
// late.
slot machine::take_idle(slot o, const needs& what) {
    if (what.fresh) return nil;
    // A request that cannot be replayed wants the warmest connection, whatever the schedule.
    const bool warmest = limits_.lifo || what.max_idle_age != never;
    auto& idle = origins_[o].idle;
    for (;;) {
        slot c = warmest ? idle.tail() : idle.head();
        if (c != nil && conns_[c].canary) c = warmest ? conns_[c].in_idle.prev : conns_[c].in_idle.next;
        if (c == nil) return nil;
        const connection& conn = conns_[c];
        if (now_.boot >= conn.expires_at) {
            close(c, conn.idle_reason);
        } else if (now_.boot - conn.idle_since > what.max_idle_age) {
            ++passed_by_;
            return nil;  // the others are colder still
        } else {
            unlink_idle(c);
            return c;
        }
    }
}

void machine::unlink_idle(slot c) {
    origins_[conns_[c].origin].idle.erase(conns_, c);
    idle_.erase(conns_, c);
    if (!std::exchange(conns_[c].canary, false)) return;
    origins_[conns_[c].origin].has_canary = false;
    --canaries_;
}

void machine::learnt(origin_id id, nanoseconds limit, nanoseconds canary_age, instant now) {
    now_ = now;
    const slot at = origins_.find(id);
    if (at == nil) return;
    origin& o = origins_[at];
    o.canary_age = canary_age;
    for (slot c = o.idle.head(); c != nil; c = conns_[c].in_idle.next) {
        connection& conn = conns_[c];
        const nanoseconds end = after(conn.idle_since, limit);
        if (conn.canary || end >= conn.expires_at) continue;
        conn.idle_reason = close_reason::learnt;
        expire_at(c, end);
    }
}

bool machine::become_canary(slot c) {
    connection& conn = conns_[c];
    origin& o = origins_[conn.origin];
    if (conn.idle_reason != close_reason::learnt || conn.canary || o.has_canary || canaries_ == canaries_max) return false;
    const nanoseconds end = after(conn.idle_since, o.canary_age);
    if (o.canary_age == never || end <= now_.boot || end >= conn.retires_at) return false;
    conn.canary = o.has_canary = true;
    ++canaries_;
    expire_at(c, end);
    return true;
}

// A connection that is used again and again stays where it was in the heap; expire_next() moves it when that comes up.
void machine::expire_at(slot c, nanoseconds at) {
    connection& conn = conns_[c];
    conn.expires_at = at;
    if (conn.expiry != nil && at >= conn.armed_for) return;
    conn.armed_for = at;
    expiries_.set(conns_, c, at);
}

void machine::dial(slot o, request_id request) {
    const slot c = conns_.add();
    connection& conn = conns_[c];
    conn.id = conns_.make_id(c);
    conn.origin = o;
    conn.request = request;
    conn.busy_since = now_.boot;
    ++connecting_;
    ++origins_[o].conns;
    origins_[o].line.add_dial(waiters_);
    actions_.push_back({.kind = action::kind::open, .origin = origins_[o].id, .conn = conn.id, .request = request});
    rank(o);
}

// Forgets a connection. Its slot is free until the event that caused this calls hand_out_slots().
void machine::close(slot c, close_reason reason) {
    const connection& conn = conns_[c];
    const slot o = conn.origin;
    const bool idle = conn.state == state::idle;
    if (idle) unlink_idle(c);
    if (conn.state == state::connecting) {
        --connecting_;
        origins_[o].line.remove_dial(waiters_);
    } else {
        ++closed_;
    }
    if (reason != close_reason::open_failed) {
        actions_.push_back({.kind = action::kind::close,
                            .origin = origins_[o].id,
                            .conn = conn.id,
                            .reused = conn.used,
                            .idle_age = idle ? now_.boot - conn.idle_since : nanoseconds(0),
                            .reason = reason});
    }
    expiries_.erase(conns_, c);
    conns_.remove(c);
    --origins_[o].conns;
    rank(o);
}

// Grants an open connection to waiter `w`, if there is one.
bool machine::serve(slot c, slot w) {
    if (w == nil) return false;
    const auto [request, what] = std::pair{waiters_[w].id, waiters_[w].wants};
    leave_line(w);
    grant(c, request, what, nanoseconds(0));
    return true;
}

void machine::to_idle(slot c, nanoseconds limit, close_reason idle_reason) {
    if (shut_ || limits_.free == 0) return close(c, shut_ ? close_reason::shutdown : close_reason::limit);
    connection& conn = conns_[c];
    auto& idle = origins_[conn.origin].idle;
    conn.state = state::idle;
    conn.used = true;
    conn.request = request_id::none;
    conn.idle_since = now_.boot;
    const nanoseconds end = after(now_.boot, limit);
    conn.idle_reason = conn.retires_at <= end ? close_reason::age : idle_reason;
    expire_at(c, std::min(end, conn.retires_at));
    idle.push_back(conns_, c);
    idle_.push_back(conns_, c);
    if (idle.size() > limits_.free) close(idle.head(), close_reason::limit);
}

// Deals with the first of the expiries that are due; false when there is none.
bool machine::expire_next() {
    if (expiries_.empty() || expiries_.top().key > now_.boot) return false;
    const slot c = expiries_.top().item;
    connection& conn = conns_[c];
    if (conn.state != state::idle) {
        expiries_.erase(conns_, c);
    } else if (conn.expires_at > now_.boot) {
        conn.armed_for = conn.expires_at;
        expiries_.set(conns_, c, conn.expires_at);
    } else if (!become_canary(c)) {
        const slot o = conn.origin;
        close(c, conn.idle_reason);
        hand_out_slots();
        keep_warm(o);
    }
    return true;
}

// Brings what depends on an origin's connections and waiters up to date: whether it wants a dial and how urgently, and
// whether it is used at all.
void machine::rank(slot at) {
    origin& o = origins_[at];
    if (const std::uint32_t before = std::exchange(o.uncovered, o.line.uncovered()); before + o.uncovered > 0) {
        uncovered_ += o.uncovered;
        uncovered_ -= before;
        if (o.uncovered > 0 && may_begin_dial(o) && (o.conns < limits_.sockets || !o.idle.empty())) {
            wanting_.set(origins_, at, waiters_[o.line.first_uncovered()].place);
        } else {
            wanting_.erase(origins_, at);
        }
    }
    const bool unused = o.conns == 0 && o.line.empty();
    if (unused == o.unused) return;
    o.unused = unused;
    if (unused) {
        o.unused_since = now_.boot;
        unused_.push_back(origins_, at);
    } else {
        unused_.erase(origins_, at);
    }
}

// Dials for the oldest waiters that need it, while there are slots or idle connections that can make room.
void machine::hand_out_slots() {
    while (!wanting_.empty() && (total() < limits_.total || !idle_.empty())) {
        const slot o = wanting_.top().item;
        if (origins_[o].conns >= limits_.sockets) close(origins_[o].idle.head(), close_reason::make_room);
        if (total() >= limits_.total) close(idle_.head(), close_reason::make_room);
        dial(o, waiters_[origins_[o].line.first_uncovered()].id);
    }
}

// Tops up to min_free_sockets while the origin is in use: acquired from within the last keep_alive_timeout, with no failed
// dial and no idle connection lost to the peer since.
void machine::keep_warm(slot o) {
    if (limits_.warm == 0 || !origins_[o].keep_warm) return;
    if (now_.boot - origins_[o].last_use < limits_.idle) dial_spares(o, limits_.warm);
}

std::size_t machine::dial_spares(slot at, std::size_t n) {
    if (shut_) return 0;
    const std::size_t wanted = std::min(n, limits_.free);
    std::size_t dialled = 0;
    for (; origins_[at].conns < limits_.sockets && total() < limits_.total; ++dialled) {
        const origin& o = origins_[at];
        if (o.line.uncovered() > 0) break;  // those who wait go first, and wait for their turn to dial
        if (o.idle.size() - (o.has_canary ? 1U : 0U) + o.line.spare_dials() >= wanted) break;
        dial(at, request_id::none);
    }
    return dialled;
}

// max_connection_age, less up to a tenth at random (splitmix64), so that connections opened together do not all go together.
nanoseconds machine::draw_age() {
    if (limits_.age == never) return never;
    std::uint64_t z = random_ += 0x9E3779B97F4A7C15ULL;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    z ^= z >> 31;
    const auto tenth = static_cast<std::uint64_t>(limits_.age.count() / 10);
    return limits_.age - nanoseconds(static_cast<std::int64_t>(z % (tenth + 1)));
}

}  // namespace hearth::pool
