// What evidence is worth, and what else one stale or silent connection tells.
#include "agent/core.hpp"

#include <algorithm>

namespace hearth::detail {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;

namespace {

// A request is let be for so long; the kernel's first retransmission takes longer than most answers.
constexpr nanoseconds silence_after = 400ms;
constexpr nanoseconds silence_interval = 100ms;

}  // namespace

bool agent_core::may_replay(const call& who, evidence what) const {
    return policy::decide(what, facts_of(who, who.reused, false)).action == policy::replay_action::replay;
}

bool agent_core::needs_proof(const call& who) const {
    const policy::replay_facts facts = facts_of(who, who.reused, false);
    return policy::decide(evidence::unacknowledged, facts).action == policy::replay_action::fail &&
           policy::decide(evidence::closed_before, facts).action != policy::replay_action::fail;
}

// What closed one connection, a restart say, has often closed all of them.
void agent_core::look_at_idle(hearth::detail::origin& o) {
    std::vector<pool::conn_id> idle;
    pool_.idle_of(o.id, idle);
    for (const pool::conn_id id : idle) {
        if (connection* c = connections_.find(id)) c->look_now();
    }
}

bool agent_core::dial_ahead(hearth::detail::origin& o) {
    // One that is away is dialled by those who wait for it.
    if (downtimes_.contains(static_cast<std::uint64_t>(o.id))) return true;
    if (!pool_.dial_ahead(o.id, now_)) return false;
    relief_wanted_ = true;
    return true;
}

void agent_core::dial_ahead_of_proof(hearth::detail::origin& o) {
    if (pool_.of(o.id).connecting == 0) (void)dial_ahead(o);
}

// The one that has been silent longest.
void agent_core::relieve_one(const hearth::detail::origin& o) {
    if (!relief_wanted_) return;
    for (auto at = unanswered_.begin(); at != unanswered_.end();) {
        connection& c = *at++;  // it may be unlinked
        if (&c.origin() == &o && c.relieve()) return;
    }
    relief_wanted_ = std::ranges::any_of(unanswered_, [](const connection& c) { return c.wants_relief(); });
}

void agent_core::watch_silence(connection& c) {
    unanswered_.push_back(c);
    if (silence_.due() == net::timer::never) silence_.set(now_.mono + silence_after);
}

void agent_core::on_silence_due() {
    const step in_step(*this);
    for (auto at = unanswered_.begin(); at != unanswered_.end();) {
        connection& c = *at;
        if (now_.mono - c.active()->written_since < silence_after) break;
        ++at;  // what follows may unlink it
        if (!c.watch_silence()) c.silence_hook::unlink();
    }
    if (unanswered_.empty()) return silence_.clear();
    silence_.set(std::max(now_.mono + silence_interval, unanswered_.front().active()->written_since + silence_after));
}

}  // namespace hearth::detail
