// What happens in a pool_world.
#pragma once

#include "pool_world.hpp"

namespace hearth::pool {

template <class Call>
void pool_world::event(const pool_event& e, Call call) {
    ++events_;
    model_.begin(e, now_);
    if (e.kind == pool_call::open_failed) {
        const pool_model::conn* c = model_.find(e.conn);
        model_.failed_dial_for = c->request;
        model_.remove(c);
    }
    call();
    pool_.take_actions(actions_);
    for (const action& a : actions_) {
        const auto at = std::find(origins_.begin(), origins_.end(), a.origin);
        rule(at != origins_.end(), "an action names its origin");
        model_.apply(a, static_cast<std::size_t>(at - origins_.begin()));
        if (a.kind == action::kind::close && gone_.size() < 16) gone_.push_back(a.conn);
    }
    model_.end();
    compare();
    if (events_ % check_every_ == 0) pool_.check_invariants();
}

inline void pool_world::compare() {
    std::size_t pending = 0, in_use = 0, free = 0, connecting = 0;
    for (std::size_t at = 0; at < origins_.size(); ++at) {
        const auto g = pool_.of(origins_[at]);
        rule(g.pending == model_.waiting(at), "gauges: pending");
        rule(g.connecting == model_.count(at, stage::dialling), "gauges: connecting");
        rule(g.free == model_.count(at, stage::idle), "gauges: free");
        rule(g.in_use == model_.count(at, stage::active), "gauges: in_use");
        pending += g.pending, in_use += g.in_use, free += g.free, connecting += g.connecting;
    }
    const auto all = pool_.totals();
    rule(all.pending == pending && all.in_use == in_use && all.free == free && all.connecting == connecting,
         "totals add up");
    rule(model_.opened == model_.closed + free + in_use, "opened = closed + idle + active");

    const nanoseconds due = pool_.next_deadline(now_);
    for (const auto& r : model_.reqs)
        rule(!r.waits || due <= r.what.pending_deadline, "no pending deadline is slept through");
    for (const auto& c : model_.conns) {
        if (c.stage == stage::idle)
            rule(due <= now_.mono + std::max(c.limit_at - now_.boot, 0ns), "no expiry is slept through");
    }
}

inline needs pool_world::random_needs() {
    needs n;
    n.fresh = pick_.one_in(6);
    if (pick_.one_in(3)) n.max_idle_age = pick_.up_to(8s);
    if (pick_.one_in(4)) n.pending_deadline = now_.mono + pick_.up_to(10s);
    return n;
}

inline verdict pool_world::random_verdict() {
    if (pick_.one_in(6)) return {.keep = false, .reason = pick_.one_in(2) ? close_reason::response : close_reason::error};
    verdict v{.keep = true};
    if (pick_.one_in(3)) {
        v.idle_limit = pick_.up_to(90s);
        v.idle_reason = pick_.one_in(2) ? close_reason::hint : close_reason::learnt;
    }
    if (pick_.one_in(6)) v.requests_left = pick_.below(4);
    return v;
}

inline void pool_world::acquire() {
    if (model_.reqs.size() >= crowd_) return;
    const std::size_t at = pick_.below(origins_.size());
    const request_id id{++last_request_};
    const needs n = random_needs();
    const origin_id o = origin(at);
    model_.enter(id, at, n, false, false);
    model_.in_use[at] = now_.boot;
    event({.kind = pool_call::acquire, .request = id}, [&] { pool_.acquire(id, o, n, now_); });
}

inline void pool_world::cancel() {
    if (model_.reqs.empty()) return;
    const auto& r = model_.reqs[pick_.below(model_.reqs.size())];
    const request_id id = r.id;
    if (r.waits) model_.remove(&r);  // else it was granted: the pool must ignore the call
    event({.kind = pool_call::cancel, .request = id}, [&] { pool_.cancel(id, now_); });
}

inline void pool_world::open(bool works) {
    pool_model::conn* c = any(stage::dialling);
    if (c == nullptr) return;
    const conn_id id = c->id;
    if (!works) {
        model_.in_use[c->origin].reset();
        return event({.kind = pool_call::open_failed, .conn = id},
                     [&] { pool_.open_failed(id, errc::connection_refused, {}, now_); });
    }
    c->stage = stage::undecided;
    c->opened_at = now_.boot;
    if (model_.options.max_requests_per_connection > 0) c->left = model_.options.max_requests_per_connection;
    ++model_.opened;
    event({.kind = pool_call::opened, .conn = id}, [&] { pool_.opened(id, now_); });
}

inline void pool_world::release(const verdict& v) {
    pool_model::conn* c = any(stage::active);
    if (c == nullptr) return;
    const conn_id id = c->id;
    c->stage = stage::undecided;
    if (c->left != std::numeric_limits<std::uint64_t>::max()) --c->left;
    c->left = std::min(c->left, v.requests_left);
    model_.remove(model_.find(c->request));
    event({.kind = pool_call::released, .conn = id, .verdict = v}, [&] { pool_.released(id, v, now_); });
}

inline void pool_world::come_back(bool replay) {
    pool_model::conn* c = any(stage::active);
    if (c == nullptr) return;
    const conn_id id = c->id;
    const request_id request = c->request;
    const pool_model::req r = *model_.find(request);
    needs n = r.what;
    if (replay) n.fresh = !pick_.one_in(4);
    model_.remove(model_.find(request));
    model_.enter(request, r.origin, n, true, replay || r.replayed);
    if (replay) {
        event({.kind = pool_call::replay, .request = request, .conn = id},
              [&] { pool_.replay(id, request, n, close_reason::stale_in_use, now_); });
    } else {
        event({.kind = pool_call::refused, .request = request, .conn = id}, [&] { pool_.refused(id, request, now_); });
    }
}

inline void pool_world::learn() {
    const std::size_t at = pick_.below(origins_.size());
    const origin_id o = origin(at);
    const nanoseconds limit = pick_.one_in(4) ? never : pick_.up_to(60s);
    const nanoseconds canary_age = pick_.one_in(4) || limit == never ? never : limit + pick_.up_to(60s);
    model_.canary_age[at] = canary_age;
    for (auto& c : model_.conns) {
        if (c.stage != stage::idle || c.origin != at || c.canary || limit == never) continue;
        if (c.idle_since + limit >= c.limit_at) continue;
        c.limit_at = c.idle_since + limit;
        c.limit_reason = close_reason::learnt;
    }
    event({pool_call::learnt}, [&] { pool_.learnt(o, limit, canary_age, now_); });
}

// Calls that crossed with an action: about what is gone, or in the wrong state. None may have an effect.
inline void pool_world::stray() {
    conn_id id{pick_.below(1U << 30)};
    if (!gone_.empty() && !pick_.one_in(4)) id = gone_[pick_.below(gone_.size())];
    if (model_.find(id) != nullptr) return;
    event({.kind = pool_call::cancel}, [&] {
        switch (pick_.below(6)) {
            case 0: return pool_.opened(id, now_);
            case 1: return pool_.open_failed(id, errc::connect_timeout, {}, now_);
            case 2: return pool_.released(id, {.keep = true}, now_);
            case 3: return pool_.refused(id, request_id{last_request_}, now_);
            case 4: return pool_.replay(id, request_id{last_request_}, {}, close_reason::stale_in_use, now_);
            default: return pool_.peer_closed(id, close_reason::server_closed, now_);
        }
    });
    rule(actions_.empty(), "calls about what is gone do nothing");
    if (gone_.size() >= 16) gone_.erase(gone_.begin(), gone_.begin() + 8);
}

inline void pool_world::time_passes() {
    const nanoseconds t = pick_.one_in(8) ? pick_.up_to(100s) : pick_.up_to(2s);
    now_.mono += t, now_.boot += t;
    if (pick_.one_in(20)) now_.boot += pick_.up_to(200s);
    if (pick_.one_in(3)) tick();
}

inline void pool_world::forget() {
    const nanoseconds age = pick_.up_to(80s);
    std::vector<origin_id> forgotten;
    pool_.forget_unused(age, now_, forgotten);
    for (const origin_id id : forgotten) {
        const auto at = std::find(origins_.begin(), origins_.end(), id);
        rule(at != origins_.end(), "an origin is forgotten once");
        const auto index = static_cast<std::size_t>(at - origins_.begin());
        rule(model_.count(index) == 0 && model_.waiting(index) == 0, "an origin in use is not forgotten");
        *at = origin_id::none;
        model_.canary_age[index] = never;
    }
    compare();
}

inline void pool_world::step() {
    switch (pick_.below(64)) {
        case 0: return stray();
        case 1: return forget();
        case 23: return learn();
        case 2:
            if (!pick_.one_in(8)) return tick();
            for (const auto& c : model_.conns) {
                if (c.stage == stage::idle) model_.in_use[c.origin].reset();
            }
            return event({pool_call::close_idle}, [&] { pool_.close_idle(now_); });
        case 3: {
            if (model_.shut) return;
            const origin_id o = origin(pick_.below(origins_.size()));
            if (pick_.one_in(3)) return event({pool_call::warm}, [&] { (void)pool_.dial_ahead(o, now_); });
            const std::size_t n = pick_.below(4);
            return event({pool_call::warm}, [&] {
                const std::size_t dialled = pool_.warm(o, n, now_);
                rule(dialled <= n, "no more is warmed up than asked for");
            });
        }
        case 4:
            if (!pick_.one_in(60)) return time_passes();
            model_.shut = true;
            return event({pool_call::shutdown}, [&] { pool_.shutdown(now_); });
        case 5:
        case 6:
        case 7:
        case 8:
        case 9: return time_passes();
        case 10:
        case 11:
        case 12: return cancel();
        case 13:
        case 14: return open(false);
        case 15:
        case 16:
        case 17: return come_back(true);
        case 18:
        case 19:
        case 20: return come_back(false);
        case 21:
        case 22: {
            // Of any connection: only those that idle may take notice.
            const pool_model::conn* c = any(pick_.one_in(4) ? stage::active : stage::idle);
            if (c == nullptr) return;
            const conn_id id = c->id;
            if (c->stage == stage::idle && !c->canary) model_.in_use[c->origin].reset();
            return event({.kind = pool_call::peer_closed, .conn = id},
                         [&] { pool_.peer_closed(id, close_reason::server_closed, now_); });
        }
        default: break;
    }
    switch (pick_.below(3)) {
        case 0: return acquire();
        case 1: return open(true);
        default: return release(random_verdict());
    }
}

inline void pool_world::drain() {
    if (pick_.one_in(3) && !model_.shut) {
        model_.shut = true;
        event({pool_call::shutdown}, [&] { pool_.shutdown(now_); });
    }
    const std::size_t most = 4 * (model_.reqs.size() + model_.conns.size()) + 16;
    for (std::size_t round = 0; !model_.reqs.empty(); ++round) {
        rule(round < most, "every request ends when everybody answers");
        while (any(stage::dialling) != nullptr && !model_.reqs.empty()) open(true);
        release({.keep = true});
    }
    while (any(stage::dialling) != nullptr) open(false);
    now_.mono += 24h, now_.boot += 24h;
    tick();
    rule(model_.conns.empty(), "every connection closes in the end");
    rule(pool_.next_deadline(now_) == never, "and nothing is due any more");
    rule(model_.opened == model_.closed, "opened = closed");
    std::vector<origin_id> forgotten;
    pool_.forget_unused(0ns, now_, forgotten);
    const auto known = std::count_if(origins_.begin(), origins_.end(), [](origin_id o) { return o != origin_id::none; });
    rule(forgotten.size() == static_cast<std::size_t>(known), "every origin is forgotten in the end");
    pool_.check_invariants();
}

}  // namespace hearth::pool
