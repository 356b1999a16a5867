// What an agent tells of itself: snapshots and hooks.
#include "agent/core.hpp"

#include <utility>

namespace hearth::detail {

namespace {

enum connection_view::state state_of(const pool::connection_view& one) {
    using state = enum connection_view::state;
    if (one.canary) return state::canary;
    switch (one.state) {
        case pool::state::connecting: return state::connecting;
        case pool::state::active: return state::in_use;
        case pool::state::idle: break;
    }
    return state::idle;
}

}  // namespace

stats agent_core::snapshot() {
    const step in_step(*this);
    // What a handler has just set going counts, the closing of connections for one.
    if (handing_over_) run_actions();
    stats s;
    const auto all = pool_.totals();
    s.pending = all.pending;
    s.in_use = all.in_use;
    s.free = all.free;
    s.connecting = all.connecting;
    std::size_t waiting = 0;
    for (const auto& [id, d] : downtimes_) waiting += waiting_for(pool::origin_id{id});
    s.pending += waiting;
    s.retrying = retrying_ - waiting;
    s.budget_taken = budget_.taken();
    s.budget_size = policy::retry_budget::size(all.in_use + all.pending, options_.retry);
    origins_.snapshot(s, [this](const origin& o, origin_stats& into) {
        const auto now = pool_.of(o.id);
        into.pending = now.pending + waiting_for(o.id);
        into.in_use = now.in_use;
        into.free = now.free;
        into.connecting = now.connecting;
        tell_learnt(o, into);
    });
    return s;
}

watch_report agent_core::report(const watch_query& q) {
    const step in_step(*this);
    watch_report told;
    told.stats = snapshot();
    view_connections(q, told);
    told.events = log_.after(q.events_after);
    return told;
}

void agent_core::view_connections(const watch_query& q, watch_report& into) {
    std::vector<pool::connection_view> seen;
    pool_.view({.all = q.connections_max, .an_origin = q.connections_an_origin_max}, now_, seen);
    for (const pool::connection_view& one : seen) {
        const connection* const c = connections_.find(one.id);
        if (c == nullptr) continue;
        into.connections[c->origin().name].push_back({.number = c->number(),
                                                      .state = state_of(one),
                                                      .in_state = one.in_state,
                                                      .limit = one.limit,
                                                      .age = one.age,
                                                      .requests = c->exchanges()});
    }
}

// What the pool has just been asked for is for `o`.
void agent_core::count_avoided(origin& o) {
    o.count.risk_avoided += pool_.passed_by() - std::exchange(passed_by_, pool_.passed_by());
}

const std::shared_ptr<watch_door>& agent_core::door() {
    if (!door_) {
        door_ = std::make_shared<watch_door>(*this, executor_);
        if (destroyed_) door_->close();
    }
    return door_;
}

// Hooks run between steps. Until then the origin, which the event's name is a view into, is kept.
void agent_core::tell_connection(enum connection_event::kind kind, const connection& c, close_reason reason,
                                 nanoseconds idle) {
    if (!options_.events.on_connection) return;
    events_.emplace_back([this, o = c.shared_origin(), id = c.number(), kind, reason, idle] {
        options_.events.on_connection({.kind = kind, .connection = id, .origin = o->name, .reason = reason, .idle = idle});
    });
}

void agent_core::tell_request(enum request_event::kind kind, const call& who,
                              const std::function<void(request_event&)>& fill) {
    if (!options_.events.on_request) return;
    request_event e{.kind = kind, .request = static_cast<std::uint64_t>(who.number)};
    if (fill) fill(e);
    failure_ptr why;
    if (e.why != nullptr) why = std::make_shared<failure>(*e.why);
    events_.emplace_back([this, o = who.origin, method = who.request.method, e, why]() mutable {
        e.origin = o->name;
        e.method = method;
        e.why = why.get();
        options_.events.on_request(e);
    });
}

}  // namespace hearth::detail
