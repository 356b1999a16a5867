// A server that restarts refuses connections for a moment, or breaks them. Those who want it wait together, and it is tried
// once for all.
#include "agent/core.hpp"

#include <algorithm>
#include <utility>

namespace hearth::detail {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;

namespace {

constexpr nanoseconds first_interval = 20ms;
constexpr nanoseconds longest_interval = 1s;

const retry_options& retry_of(const call& who, const agent_options& general) {
    return who.request.options.retry ? *who.request.options.retry : general.retry;
}

bool is_waiting(const std::weak_ptr<call>& weak) {
    const auto who = weak.lock();
    return who && who->stage == stage::retrying;
}

}  // namespace

// False when it is none of that, or has lasted too long for this call.
bool agent_core::wait_for_return(call& who, const exchange_failure& f) {
    if (!who.origin->was_up || closing_ || destroyed_ || !policy::is_refusal(f.code, f.cause)) return false;
    return join_downtime(who, f, false) != nullptr;
}

// A server that is killed breaks the connections that it has not accepted yet, and those that it has, all at once: more than
// the budget allows to retry. It counts as a retry, but they go on only when one of them has shown that the server is back.
bool agent_core::wait_after_loss(call& who, const exchange_failure& f, std::string& verdict) {
    if (who.origin->count.responses == 0 || !policy::is_loss(f.code, f.cause)) return false;
    const downtime* const d = join_downtime(who, f, true);
    if (d == nullptr) return false;
    ++who.retries;
    ++who.origin->count.retries;
    who.last_failure = make_failure(who, f, std::move(verdict));
    note_retrying(who, *who.last_failure, d->interval);
    tell_request(request_event::kind::retrying, who, [&](request_event& e) {
        e.delay = d->interval;
        e.why = who.last_failure.get();
    });
    return true;
}

downtime* agent_core::join_downtime(call& who, const exchange_failure& f, bool by_loss) {
    origin& o = *who.origin;
    const retry_options& r = retry_of(who, options_);
    if (r.max_retries == 0 || r.max_downtime.count() == 0) return nullptr;
    if (who.refused_since == pool::never) who.refused_since = now_.mono;
    if (now_.mono - who.refused_since >= r.max_downtime) return nullptr;
    const auto [at, is_new] = downtimes_.try_emplace(static_cast<std::uint64_t>(o.id));
    downtime& d = at->second;
    d.refusal = f;
    d.by_loss = by_loss;
    d.is_trying = false;
    if (is_new) {
        note_down(o, f);
        d.interval = first_interval;
        d.probe = std::make_unique<net::timer>(timers_, [this, weak = o.weak_from_this()] {
            if (const auto alive = weak.lock()) probe(*alive);
        });
        d.probe->set(now_.mono + d.interval);
    }
    if (d.waiting.size() >= options_.max_pending) return nullptr;
    await_return(d, who);
    if (is_new) hold_all(o);
    return &d;
}

// Those who wait in the pool would each be dialled for.
void agent_core::hold_all(origin& o) {
    auto pending = calls_.those([&o](const call& who) { return who.stage == stage::pending && who.origin.get() == &o; });
    std::ranges::sort(pending, {}, &call::number);
    for (const auto& who : pending) {
        if (hold(*who)) pool_.cancel(who->id, now_);
    }
}

// A request that comes while its origin is away joins those who wait.
bool agent_core::hold(call& who) {
    if (downtimes_.empty()) return false;
    const auto at = downtimes_.find(static_cast<std::uint64_t>(who.origin->id));
    const retry_options& r = retry_of(who, options_);
    if (at == downtimes_.end() || r.max_retries == 0 || r.max_downtime.count() == 0) return false;
    if (pool_.of(who.origin->id).free > 0 || at->second.waiting.size() >= options_.max_pending) return false;
    if (who.refused_since == pool::never) who.refused_since = now_.mono;
    if (now_.mono - who.refused_since >= r.max_downtime) return false;
    await_return(at->second, who);
    return true;
}

void agent_core::await_return(downtime& d, call& who) {
    who.stage = stage::retrying;
    ++retrying_;
    // Those who have waited longest are tried first.
    if (who.refused_since < now_.mono) {
        d.waiting.push_front(who.weak_from_this());
    } else {
        d.waiting.push_back(who.weak_from_this());
    }
    who.timer.emplace(timers_, [this, weak = who.weak_from_this()] {
        const auto me = weak.lock();
        if (!me) return;
        if (me->deadline <= now_.mono) return fail_now(*me, errc::deadline_exceeded);
        const step in_step(*this);
        const auto at = downtimes_.find(static_cast<std::uint64_t>(me->origin->id));
        exchange_failure f =
            at == downtimes_.end() ? exchange_failure{.code = errc::connection_refused} : at->second.refusal;
        fail(*me, std::move(f), "retry.max_downtime has passed");
    });
    who.timer->set(std::min(who.deadline, who.refused_since + retry_of(who, options_).max_downtime));
}

void agent_core::probe(origin& o) {
    const step in_step(*this);
    const auto at = downtimes_.find(static_cast<std::uint64_t>(o.id));
    if (at == downtimes_.end()) return;
    downtime& d = at->second;
    std::erase_if(d.waiting, [](const std::weak_ptr<call>& weak) { return !is_waiting(weak); });
    const auto gauges = pool_.of(o.id);
    const bool is_tried = gauges.connecting > 0;
    if (d.waiting.empty() && !is_tried) {
        downtimes_.erase(at);
        return;
    }
    // Whose connection has not broken for so long is being served, even if slowly.
    if (d.by_loss && d.is_trying && gauges.in_use > 0) return is_back(o);
    d.interval = std::min(d.interval * 2, longest_interval);
    d.probe->set(now_.mono + d.interval);
    if (is_tried) return;
    const auto who = d.waiting.front().lock();
    d.waiting.pop_front();
    d.is_trying = true;
    start_again(*who);
}

void agent_core::is_back(origin& o) {
    const auto at = downtimes_.find(static_cast<std::uint64_t>(o.id));
    if (at == downtimes_.end()) return;
    const auto waiting = std::move(at->second.waiting);
    note_back(o);
    downtimes_.erase(at);
    for (const auto& weak : waiting) {
        const auto who = weak.lock();
        if (!who || who->stage != stage::retrying) continue;
        who->refused_since = pool::never;  // waiting for a connection, while the server is up, is no downtime
        start_again(*who);
    }
}

// A connection is there. Where they broke, that is not enough.
void agent_core::opened_again(origin& o) {
    const auto at = downtimes_.find(static_cast<std::uint64_t>(o.id));
    if (at != downtimes_.end() && !at->second.by_loss) is_back(o);
}

// Where it refuses, an old connection's answer says nothing about new ones.
void agent_core::answered_again(origin& o) {
    const auto at = downtimes_.find(static_cast<std::uint64_t>(o.id));
    if (at != downtimes_.end() && at->second.by_loss) is_back(o);
}

std::size_t agent_core::waiting_for(pool::origin_id id) const {
    const auto at = downtimes_.find(static_cast<std::uint64_t>(id));
    if (at == downtimes_.end()) return 0;
    return static_cast<std::size_t>(std::ranges::count_if(at->second.waiting, is_waiting));
}

// Under a new id: the pool has done with the old one. With its origin too, perhaps, which nothing used meanwhile.
void agent_core::start_again(call& who) {
    --retrying_;
    who.timer.reset();  // it waits for the pool from now on, not for the server
    if (origins_.of(who.origin->id) == nullptr) who.origin = intern_again(*who.origin);
    who.id = calls_.add(calls_.take(who.id));
    acquire(who);
}

}  // namespace hearth::detail
