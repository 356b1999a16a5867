// The rules that pool_model holds actions against.
#pragma once

#include "pool_model.hpp"

namespace hearth::pool {

inline void pool_model::apply(const action& a, std::size_t origin) {
    if (a.conn != what.conn || a.kind == action::kind::open) decided();
    rule(!room_made || a.kind == action::kind::open || a.reason == close_reason::make_room, "room is made for a dial");
    switch (a.kind) {
        case action::kind::open: return on_open(a, origin);
        case action::kind::grant: return on_grant(a);
        case action::kind::close: return on_close(a);
        case action::kind::fail: return on_fail(a);
    }
}

inline void pool_model::on_open(const action& a, std::size_t origin) {
    rule(ids.insert(static_cast<std::uint64_t>(a.conn)).second, "connection ids are never used twice");
    rule(count(origin) < options.max_sockets, "max_sockets holds");
    rule(conns.size() < options.max_total_sockets, "max_total_sockets holds");
    // What replaces a stale connection is dialled at once, and what was asked for by number.
    const bool came_back = a.request != request_id::none && a.request == what.request && !served &&
                           (what.kind == pool_call::replay || what.kind == pool_call::refused);
    rule(came_back || a.request == request_id::none || may_begin_dial(origin), "max_connecting holds");
    if (a.request == request_id::none) {
        rule(!shut, "nothing is warmed up after shutdown");
        rule(!room_made, "no room is made for a warm connection");
        if (what.kind != pool_call::warm) {
            rule(options.min_free_sockets > 0, "a dial for nobody is to keep warm");
            rule(in_use[origin] && now.boot - *in_use[origin] < options.keep_alive_timeout, "what is in use and works");
        }
        const std::size_t dials = count(origin, stage::dialling), waiters = waiting(origin);
        const std::size_t spares = dials > waiters ? dials - waiters : 0;
        rule(dials >= waiters, "waiters go before warmth");
        // A tick may have made one already, which end() has not seen yet.
        const std::size_t canaries = tally(conns, [&](const conn& c) { return c.canary && c.origin == origin; });
        const bool new_canary =
            std::any_of(conns.begin(), conns.end(), [&](const conn& c) { return c.origin == origin && becomes_canary(c); });
        rule(count(origin, stage::idle) - canaries - (new_canary ? 1U : 0U) + spares < max_free,
             "no more is kept warm than may be kept");
    } else {
        const req* r = find(a.request);
        rule(r != nullptr && r->waits && r->origin == origin, "a dial is for one who waits");
        rule(!shut || r->begun, "after shutdown only what was begun is dialled for");
        if (came_back) {
            rule(!room_made, "one that came back has its slot");
            served = true;
        } else {
            rule(r == most_urgent(), "a dial is for the oldest that has none");
        }
    }
    room_made = false;
    conns.push_back({.id = a.conn, .origin = origin, .request = a.request});
}

inline void pool_model::on_grant(const action& a) {
    conn* c = find(a.conn);
    req* r = find(a.request);
    rule(c != nullptr && r != nullptr && r->waits, "a connection that is there goes to one who waits");
    rule(c->origin == r->origin, "of the same origin");
    rule(a.reused == c->used, "the grant says whether the connection was used");
    rule(!r->what.fresh || !c->used, "one that wants a fresh connection gets one");
    if (c->stage == stage::undecided) {
        const bool fresh = what.kind == pool_call::opened;
        const req* first = best(
            reqs, [&](const req& x) { return x.waits && x.origin == c->origin && (fresh || !x.what.fresh); }, older);
        rule(r == first, "the oldest whom it suits goes first");
        rule(a.idle_age == nanoseconds(0), "it did not idle");
    } else {
        rule(c->stage == stage::idle && !c->canary, "what is granted is free");
        rule(what.kind == pool_call::acquire || what.kind == pool_call::refused, "idle connections go to those who come");
        rule(r->id == what.request, "and to nobody else");
        rule(a.idle_age == now.boot - c->idle_since, "the grant says for how long it idled");
        rule(a.idle_age <= r->what.max_idle_age && !r->replayed, "no longer than the request allows");
        rule(now.boot < c->limit_at && !must_be_past_age(*c), "never past its time");
        const bool warm_end = options.scheduling == scheduling::lifo || r->what.max_idle_age != never;
        const auto free_here = [&](const conn& x) { return x.stage == stage::idle && !x.canary && x.origin == c->origin; };
        rule(c == (warm_end ? best(conns, free_here, warmer) : best(conns, free_here, colder)), "LIFO or FIFO");
        ++reused;
    }
    r->waits = false;
    c->stage = stage::active;
    c->request = r->id;
    c->used = true;
    ++granted;
}

inline bool pool_model::may_close(const conn& c, close_reason reason) const {
    const bool idle = c.stage == stage::idle;
    const bool own = c.id == what.conn;
    const auto is_idle = [](const conn& x) { return x.stage == stage::idle; };
    const auto idle_here = [&](const conn& x) { return is_idle(x) && x.origin == c.origin; };
    const bool after_use = c.stage == stage::undecided && what.kind == pool_call::released;
    switch (reason) {
        case close_reason::make_room:
            return (&c == best(conns, idle_here, colder) && count(c.origin) >= options.max_sockets) ||
                   (&c == best(conns, is_idle, colder) && conns.size() >= options.max_total_sockets);
        case close_reason::limit:
            if (max_free == 0) return own && c.stage == stage::undecided;
            return &c == best(conns, idle_here, colder) && count(c.origin, stage::idle) > max_free;
        case close_reason::idle:
        case close_reason::hint:
        case close_reason::learnt:
            if (idle) return now.boot >= c.limit_at && reason == c.limit_reason;
            return after_use && what.verdict.idle_limit <= nanoseconds(0) && reason == what.verdict.idle_reason;
        case close_reason::age: return (idle || after_use) && may_be_past_age(c);
        case close_reason::requests: return after_use && c.left == 0;
        case close_reason::stale_at_use: return own && what.kind == pool_call::refused;
        case close_reason::stale_in_use: return own && what.kind == pool_call::replay;
        case close_reason::server_closed: return own && idle && what.kind == pool_call::peer_closed;
        case close_reason::shutdown:
            if (what.kind == pool_call::close_idle) return idle;
            if (what.kind == pool_call::shutdown) return idle || c.stage == stage::dialling;
            return shut && c.stage == stage::undecided;
        case close_reason::response: return after_use && (!what.verdict.keep || !options.keep_alive);
        default: return after_use && !what.verdict.keep && reason == what.verdict.reason;
    }
}

inline void pool_model::on_close(const action& a) {
    conn* c = find(a.conn);
    rule(c != nullptr, "what is closed is there");
    // A released connection may first go idle and then be the coldest that has to leave.
    const bool by_limit = a.reason == close_reason::make_room || (a.reason == close_reason::limit && max_free > 0);
    if (c->stage == stage::undecided && by_limit) becomes_idle(*c);
    rule(may_close(*c, a.reason), "a connection is closed for a reason that holds");
    rule(a.idle_age == (c->stage == stage::idle ? now.boot - c->idle_since : nanoseconds(0)),
         "the close says how long it idled");
    if (a.reason == close_reason::make_room) {
        rule(!shut || !reqs.empty(), "room is made for somebody");
        room_made = true;
        ++rooms_made;
    }
    if (c->stage != stage::dialling) ++closed;
    remove(c);
}

inline void pool_model::on_fail(const action& a) {
    const req* r = find(a.request);
    rule(r != nullptr && r->waits, "only one who waits fails, and once");
    switch (a.error) {
        case errc::too_many_pending: {
            rule(what.kind == pool_call::acquire && r->id == what.request, "the newest is one too many");
            std::size_t uncovered = 0;
            std::vector<std::size_t> seen;
            for (const req& x : reqs) {
                if (std::find(seen.begin(), seen.end(), x.origin) != seen.end()) continue;
                seen.push_back(x.origin);
                const std::size_t dials = count(x.origin, stage::dialling), line = waiting(x.origin);
                uncovered += line > dials ? line - dials : 0;
            }
            rule(uncovered > options.max_pending, "max_pending wait already");
            break;
        }
        case errc::pending_timeout:
            rule(what.kind == pool_call::tick && r->what.pending_deadline <= now.mono, "its time is over");
            break;
        case errc::agent_closed:
            rule(shut && !r->begun, "after shutdown only what was not begun fails");
            rule(what.kind == pool_call::shutdown || r->id == what.request, "and at once");
            break;
        default: rule(r->id == failed_dial_for, "a failed dial fails whom it was for");
    }
    ++failed;
    remove(r);
}

inline void pool_model::becomes_idle(conn& c) {
    rule(!shut && max_free > 0, "this pool keeps connections");
    const bool after_use = what.kind == pool_call::released;
    const verdict v = after_use ? what.verdict : verdict{.keep = true};
    rule(v.keep && c.left > 0 && v.idle_limit > nanoseconds(0), "and this one may be kept");
    rule(!after_use || !must_be_past_age(c), "it is not too old");
    for (const req& r : reqs) {
        rule(!r.waits || r.origin != c.origin || (after_use && r.what.fresh), "nobody whom it suits waits");
    }
    const nanoseconds configured = options.keep_alive_timeout;
    const bool hinted = v.idle_reason == close_reason::hint && v.idle_limit != never;
    const bool told = hinted || v.idle_limit < configured;
    c.stage = stage::idle;
    c.used = true;
    c.idle_since = now.boot;
    c.idle_order = ++idle_order;
    c.limit_at = now.boot + (told ? v.idle_limit : configured);
    c.limit_reason = told ? v.idle_reason : close_reason::idle;
}

inline bool pool_model::becomes_canary(const conn& c) const {
    return what.kind == pool_call::tick && c.stage == stage::idle && now.boot >= c.limit_at && !must_be_past_age(c) &&
           may_become_canary(c);
}

// One retired connection an origin stays to see how long its server keeps it.
inline bool pool_model::may_become_canary(const conn& c) const {
    const auto canary_here = [&](const conn& x) { return x.canary && x.origin == c.origin; };
    const nanoseconds age = canary_age[c.origin];
    return c.limit_reason == close_reason::learnt && age != never && c.idle_since + age > now.boot &&
           std::none_of(conns.begin(), conns.end(), canary_here);
}

// The event is over: whatever should have been done was done.
inline void pool_model::end() {
    decided();
    rule(!room_made, "room is made for a dial");
    rule(failed_dial_for == request_id::none || find(failed_dial_for) == nullptr || !find(failed_dial_for)->waits,
         "a failed dial fails whom it was for");
    if (const req* r = find(what.request); what.kind == pool_call::replay && r != nullptr)
        rule(served || count(r->origin, stage::dialling) >= waiting(r->origin), "a replay has its dial at once");
    rule(most_urgent() == nullptr || (conns.size() == options.max_total_sockets &&
                                      best(
                                          conns, [](const conn& c) { return c.stage == stage::idle; }, colder) == nullptr),
         "nobody lacks a dial while there is a slot or an idle connection");
    for (conn& c : conns) {
        if (c.stage != stage::idle) continue;
        if (becomes_canary(c)) {
            c.canary = true;
            c.limit_at = c.idle_since + canary_age[c.origin];
        }
        const bool expired = now.boot >= c.limit_at || must_be_past_age(c);
        rule(!expired || what.kind != pool_call::tick, "a tick leaves nothing that is past its time");
        rule(what.kind != pool_call::close_idle && !shut, "nothing idles when all were closed");
        for (const req& r : reqs) {
            const bool suits =
                r.origin == c.origin && !r.what.fresh && !r.replayed && now.boot - c.idle_since <= r.what.max_idle_age;
            rule(!r.waits || !suits || c.canary || expired || may_be_past_age(c),
                 "nobody waits beside an idle connection that suits");
        }
    }
    for (std::size_t at = 0; at < in_use.size() && what.kind == pool_call::shutdown; ++at) {
        rule(count(at, stage::dialling) <= waiting(at), "shutdown leaves no dial that nobody needs");
    }
    for (const req& r : reqs) {
        rule(!r.waits || what.kind != pool_call::tick || r.what.pending_deadline > now.mono, "nobody waits for too long");
        rule(!r.waits || !shut || r.begun, "after shutdown only what was begun waits");
    }
}

}  // namespace hearth::pool
