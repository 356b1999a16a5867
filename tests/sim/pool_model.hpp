// What a pool may do, told naively: plain vectors, searched from end to end. Each action is held against it as it comes.
#pragma once

#include "pool/pool.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <unordered_set>
#include <vector>

namespace hearth::pool {

/// Thrown when the pool did what it must not.
struct broken_rule : std::logic_error {
    using std::logic_error::logic_error;
};

inline void rule(bool kept, const char* what) {
    if (!kept) throw broken_rule(what);
}

enum class pool_call {
    acquire,
    cancel,
    opened,
    open_failed,
    refused,
    released,
    replay,
    peer_closed,
    warm,
    learnt,
    tick,
    close_idle,
    shutdown,
};

/// The event whose actions are being looked at.
struct pool_event {
    pool_call kind = pool_call::tick;
    request_id request = request_id::none;
    conn_id conn = conn_id::none;
    hearth::pool::verdict verdict{};
};

class pool_model {
public:
    enum class stage { dialling, undecided, active, idle };  // undecided: opened or released by this very event

    struct conn {
        conn_id id;
        std::size_t origin;
        request_id request;  // dialled for, or active
        enum stage stage = stage::dialling;
        bool used = false, canary = false;
        nanoseconds opened_at{0}, idle_since{0}, limit_at{never};
        close_reason limit_reason = close_reason::idle;
        std::uint64_t left = std::numeric_limits<std::uint64_t>::max();
        std::uint64_t idle_order = 0;
    };
    struct req {
        request_id id;
        std::size_t origin;
        needs what;
        std::int64_t place = 0;
        bool begun = false, replayed = false, waits = true;
    };

    // When an origin was last acquired from; none when a dial failed or an idle connection was lost since.
    using last_use = std::optional<nanoseconds>;

    pool_model(const agent_options& o, std::size_t origins)
        : options(o),
          max_free(o.keep_alive ? o.max_free_sockets.value_or(o.max_sockets) : 0),
          in_use(origins),
          canary_age(origins, never) {}

    agent_options options;
    std::size_t max_free;
    std::vector<conn> conns;
    std::vector<req> reqs;
    std::vector<last_use> in_use;
    std::vector<nanoseconds> canary_age;
    bool shut = false;
    std::uint64_t opened = 0, closed = 0, granted = 0, failed = 0, rooms_made = 0, reused = 0;

    void begin(const pool_event& e, instant at) {
        now = at, what = e, room_made = false, served = false;
        failed_dial_for = request_id::none;
    }
    void enter(request_id id, std::size_t origin, const needs& n, bool begun, bool replayed) {
        reqs.push_back({id, origin, n, begun ? --first_place : ++last_place, begun, replayed, true});
    }
    void apply(const action& a, std::size_t origin);
    void end();

    conn* find(conn_id id) {
        const auto at = std::find_if(conns.begin(), conns.end(), [&](const conn& c) { return c.id == id; });
        return at == conns.end() ? nullptr : &*at;
    }
    req* find(request_id id) {
        const auto at = std::find_if(reqs.begin(), reqs.end(), [&](const req& r) { return r.id == id; });
        return at == reqs.end() ? nullptr : &*at;
    }
    void remove(const conn* c) { swap_out(conns, c); }
    void remove(const req* r) { swap_out(reqs, r); }

    std::size_t count(std::size_t origin) const {
        return tally(conns, [&](const conn& c) { return c.origin == origin; });
    }
    std::size_t count(std::size_t origin, stage s) const {
        return tally(conns, [&](const conn& c) { return c.origin == origin && c.stage == s; });
    }
    std::size_t waiting(std::size_t origin) const {
        return tally(reqs, [&](const req& r) { return r.origin == origin && r.waits; });
    }
    request_id failed_dial_for = request_id::none;  // set by an open_failed event

private:
    template <class T>
    static void swap_out(std::vector<T>& from, const T* x) {
        from[static_cast<std::size_t>(x - from.data())] = from.back();
        from.pop_back();
    }
    template <class T, class Is>
    static std::size_t tally(const std::vector<T>& in, Is is) {
        return static_cast<std::size_t>(std::count_if(in.begin(), in.end(), is));
    }
    // The first of those that `is` holds for, in the order that `before` makes.
    template <class T, class Is, class Before>
    static const T* best(const std::vector<T>& in, Is is, Before before) {
        const T* found = nullptr;
        for (const T& x : in) {
            if (is(x) && (found == nullptr || before(x, *found))) found = &x;
        }
        return found;
    }
    static bool older(const req& a, const req& b) { return a.place < b.place; }
    static bool colder(const conn& a, const conn& b) { return a.idle_order < b.idle_order; }
    static bool warmer(const conn& a, const conn& b) { return a.idle_order > b.idle_order; }

    // The waiter of `origin` with as many older ones as there are dials: the first that no dial works for.
    const req* first_uncovered(std::size_t origin) const {
        std::vector<const req*> line;
        for (const req& r : reqs) {
            if (r.origin == origin && r.waits) line.push_back(&r);
        }
        std::sort(line.begin(), line.end(), [](const req* a, const req* b) { return older(*a, *b); });
        const std::size_t dials = count(origin, stage::dialling);
        return dials < line.size() ? line[dials] : nullptr;
    }
    bool may_begin_dial(std::size_t origin) const { return count(origin, stage::dialling) < options.max_connecting; }
    // The most urgent of them all, of those whose origin may have one more connection.
    const req* most_urgent() const {
        const req* first = nullptr;
        for (const req& r : reqs) {
            if (!r.waits) continue;
            const req* u = first_uncovered(r.origin);
            if (u == nullptr || !may_begin_dial(u->origin)) continue;
            if (count(u->origin) >= options.max_sockets && count(u->origin, stage::idle) == 0) continue;
            if (first == nullptr || older(*u, *first)) first = u;
        }
        return first;
    }
    bool may_be_past_age(const conn& c) const {
        const nanoseconds age = options.max_connection_age;
        return age.count() > 0 && now.boot - c.opened_at >= age - age / 10;
    }
    bool must_be_past_age(const conn& c) const {
        const nanoseconds age = options.max_connection_age;
        return age.count() > 0 && now.boot - c.opened_at >= age;
    }
    void becomes_idle(conn& c);
    [[nodiscard]] bool may_become_canary(const conn& c) const;
    [[nodiscard]] bool becomes_canary(const conn& c) const;
    void decided() {
        for (conn& c : conns) {
            if (c.stage == stage::undecided) becomes_idle(c);
        }
    }

    void on_open(const action& a, std::size_t origin);
    void on_grant(const action& a);
    void on_close(const action& a);
    void on_fail(const action& a);
    bool may_close(const conn& c, close_reason reason) const;

    instant now{};
    pool_event what;
    bool room_made = false;  // the action before was a close to make room: a dial must follow
    bool served = false;     // the event's own request or connection was dealt with
    std::int64_t first_place = 0, last_place = 0;
    std::uint64_t idle_order = 0;
    std::unordered_set<std::uint64_t> ids;
};

}  // namespace hearth::pool

#include "pool_model_rules.hpp"
