// What must hold between two events, whatever happened.
#include "pool/pool.hpp"

#include <cstdio>
#include <cstdlib>

namespace hearth::pool {
namespace {

void must(bool holds, const char* what) {
    if (holds) return;
    std::fprintf(stderr, "hearth: the pool contradicts itself: %s\n", what);
    std::abort();
}

}  // namespace

void machine::check_invariants() const {
    check_connections();
    check_waiters();
    std::size_t conns = 0, idle = 0, dials = 0, waiters = 0, takers = 0, uncovered = 0, wanting = 0, unused = 0, live = 0;
    for (slot at = 0; at < origins_.end(); ++at) {
        if (!origins_.used(at)) continue;
        check_origin(at);
        const origin& o = origins_[at];
        ++live;
        conns += o.conns;
        idle += o.idle.size();
        dials += o.line.dials();
        waiters += o.line.size();
        takers += o.line.takers_.size();
        uncovered += o.uncovered;
        wanting += o.wanting != nil ? 1 : 0;
        unused += o.unused ? 1 : 0;
    }
    must(live == origins_.size(), "origins are counted right");
    must(conns == total() && total() <= limits_.total, "connections add up to no more than max_total_sockets");
    must(idle == idle_.size() && dials == connecting_, "idle connections and dials add up");
    must(waiters == waiters_.size() && waiters == waiting_.size(), "waiters add up");
    must(takers <= waiters && uncovered == uncovered_, "waiters without a dial add up");
    must(opened_ == closed_ + total() - connecting_, "opened = closed + idle + active");
    must(wanting == wanting_.size(), "origins that want a dial add up");
    must(wanting == 0 || (total() == limits_.total && idle == 0), "nobody wants a dial while there is a slot");
    must(unused == unused_.size(), "unused origins add up");
    nanoseconds latest{0};
    for (slot at = unused_.head(); at != nil; at = origins_[at].in_unused.next) {
        must(origins_[at].unused_since >= latest, "origins stand in the order in which they became unused");
        latest = origins_[at].unused_since;
    }
    must(!shut_ || idle == 0, "nothing idles after shutdown");
}

void machine::check_connections() const {
    std::size_t live = 0, armed = 0, connecting = 0, canaries = 0;
    for (slot at = 0; at < conns_.end(); ++at) {
        if (!conns_.used(at)) continue;
        const connection& conn = conns_[at];
        ++live;
        connecting += conn.state == state::connecting ? 1 : 0;
        canaries += conn.canary ? 1U : 0U;
        must((conn.state == state::idle) >= conn.canary, "a canary idles");
        must(conns_.find(conn.id) == at && origins_.used(conn.origin), "a connection has an id and an origin");
        must((conn.state == state::active) <= (conn.request != request_id::none), "an active connection has a request");
        must(conn.state != state::active || waiting_.find(conn.request) == nil, "a granted request does not wait");
        must((conn.state == state::connecting) <= !conn.used, "a dial was not used");
        must(conn.state != state::idle || conn.expiry != nil, "an idle connection will expire");
        must(conn.state != state::idle || conn.armed_for <= conn.expires_at, "and not late");
        if (conn.expiry == nil) continue;
        ++armed;
        const auto& entry = expiries_.at(conn.expiry);
        must(entry.item == at && entry.key == conn.armed_for, "the heap of expiries knows its connections");
        must(expiries_.top().key <= entry.key, "and which is first");
    }
    must(live == conns_.size() && armed == expiries_.size(), "connections are counted right");
    must(connecting == connecting_, "dials are counted right");
    must(canaries == canaries_ && canaries <= canaries_max, "canaries are counted right");
    std::size_t idle = 0;
    nanoseconds latest{0};
    for (slot at = idle_.head(); at != nil; at = conns_[at].in_coldness.next, ++idle) {
        must(conns_[at].state == state::idle, "what idles is idle");
        must(conns_[at].idle_since >= latest, "idle connections stand in the order of their coldness");
        latest = conns_[at].idle_since;
    }
    must(idle == idle_.size(), "idle connections are linked");
}

void machine::check_waiters() const {
    std::size_t live = 0, timed = 0;
    for (slot at = 0; at < waiters_.end(); ++at) {
        if (!waiters_.used(at)) continue;
        const waiter& w = waiters_[at];
        ++live;
        must(waiting_.find(w.id) == at, "a waiter is found by its id");
        must(!shut_ || w.begun, "after shutdown only what was begun waits");
        must((w.wants.pending_deadline != never) == (w.deadline != nil), "a waiter with a deadline has a place in the heap");
        if (w.deadline == nil) continue;
        ++timed;
        const auto& entry = deadlines_.at(w.deadline);
        must(entry.item == at && entry.key == w.wants.pending_deadline, "the heap of deadlines knows its waiters");
        must(deadlines_.top().key <= entry.key, "and which is first");
    }
    must(live == waiters_.size() && timed == deadlines_.size(), "waiters are counted right");
}

void machine::check_origin(slot at) const {
    const origin& o = origins_[at];
    must(origins_.find(o.id) == at, "an origin has an id");
    must(o.conns <= limits_.sockets, "an origin has at most max_sockets connections");
    must(o.idle.size() <= limits_.free, "at most max_free_sockets of them are idle");
    must(o.idle.size() + o.line.dials() <= o.conns, "no more are idle or connecting than there are");

    nanoseconds warmest_age = never;  // of those that may be granted
    nanoseconds latest{0};
    std::size_t idle = 0, canaries = 0;
    for (slot c = o.idle.head(); c != nil; c = conns_[c].in_idle.next, ++idle) {
        must(conns_[c].origin == at && conns_[c].state == state::idle, "an origin's idle connections are its own");
        must(conns_[c].idle_since >= latest, "they stand in the order of their coldness");
        latest = conns_[c].idle_since;
        canaries += conns_[c].canary ? 1U : 0U;
        if (now_.boot < conns_[c].expires_at && !conns_[c].canary) warmest_age = now_.boot - conns_[c].idle_since;
    }
    must(idle == o.idle.size(), "an origin's idle connections are linked");
    must(canaries == (o.has_canary ? 1U : 0U), "at most one of them is a canary");

    std::size_t position = 0;
    slot taker = o.line.oldest_taker();
    slot uncovered = nil;
    std::int64_t last = first_place_ - 1;
    for (slot w = o.line.oldest(); w != nil; w = waiters_[w].in_line.next, ++position) {
        const waiter& who = waiters_[w];
        must(who.origin == at, "an origin's waiters are its own");
        must(who.place > last, "waiters stand in line, oldest first");
        last = who.place;
        if (position == o.line.dials()) uncovered = w;
        if (who.wants.fresh) continue;
        must(taker == w, "those who take used connections stand in the same order");
        taker = who.in_takers.next;
        must(warmest_age == never || who.wants.max_idle_age < warmest_age, "nobody waits while an idle connection suits");
    }
    must(position == o.line.size() && taker == nil, "an origin's waiters are linked");
    must(uncovered == o.line.first_uncovered(), "n dials cover the n oldest waiters");
    must(o.uncovered == o.line.uncovered(), "the waiters without a dial are counted");

    const bool wants = o.uncovered > 0 && may_begin_dial(o) && (o.conns < limits_.sockets || !o.idle.empty());
    must(wants == (o.wanting != nil), "an origin wants a dial when a waiter has none and one is allowed");
    if (wants) {
        const auto& entry = wanting_.at(o.wanting);
        must(entry.item == at && entry.key == waiters_[uncovered].place, "and queues by the place of that waiter");
        must(wanting_.top().key <= entry.key, "and the oldest goes first");
    }
    must(o.unused == (o.conns == 0 && o.line.empty()), "an origin without connection or request is unused");
}

}  // namespace hearth::pool
