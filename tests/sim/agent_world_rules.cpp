// What must always hold.
#include "sim/agent_world.hpp"

#include <algorithm>
#include <charconv>

namespace hearth::sim {

using namespace std::chrono_literals;

namespace {

bool proves_unprocessed(evidence e) {
    return e == evidence::not_sent || e == evidence::closed_before || e == evidence::reset_in_flight;
}

}  // namespace

void agent_world::rule(bool kept, std::string_view what, std::string_view detail) {
    if (kept || !broken_.empty()) return;
    broken_ = what;
    if (!detail.empty()) broken_.append(" (").append(detail).append(")");
}

void agent_world::told(const request_event& e) {
    if (e.kind == request_event::kind::started) {
        ids_by_number_.emplace(e.request, submitted_.front());
        submitted_.pop_front();
        return;
    }
    errand& who = *errands_.at(ids_by_number_.at(e.request));
    who.goes_fresh = e.kind == request_event::kind::replayed;
    if (who.goes_fresh) {
        rule(who.repeatable || proves_unprocessed(e.evidence), "what may not be repeated is replayed by proof only");
        if (proves_unprocessed(e.evidence) && !who.repeatable)
            rule(who.delivered == 0, "proof that it was not processed is true", to_string(e.evidence));
    }
}

void agent_world::check_exchange(const exchange_begin& x) {
    constexpr std::string_view field = "x-request-id: ";
    std::uint64_t id = 0;
    const char* from = x.head.data() + x.head.find(field) + field.size();
    std::from_chars(from, x.head.data() + x.head.size(), id);
    errand& e = *errands_.at(id);
    const nanoseconds idle = now() - x.idle_since;
    if (std::exchange(e.goes_fresh, false)) rule(x.is_first, "a replay goes to a fresh connection");
    // The look before use: no request is written to a connection that this machine knows to be dead. One that was in use
    // within the last millisecond is not looked at.
    if (idle >= 1ms) rule(x.on.client.is_quiet(), "no request goes to a connection known to be stale");
    // Safe age. What is learnt may be more.
    if (e.repeatable || options_.learn_idle_timeout) return;
    nanoseconds safe = options_.safe_age;
    for (const origin& o : origins_) {
        if (&o.server->host == &x.on.to()) safe = std::max<nanoseconds>(safe, std::chrono::seconds(o.ways.hint_s) - 1s);
    }
    rule(idle <= safe, "what may not be repeated goes to no connection past its safe age", e.method);
}

void agent_world::check_socket(const host& to) {
    std::size_t total = 0;
    for (const origin& o : origins_) total += o.server->host.client_sockets;
    rule(to.client_sockets <= options_.max_sockets, "max_sockets");
    rule(total <= options_.max_total_sockets, "max_total_sockets");
}

void agent_world::check_turn() {
    if (!pick_.one_in(8)) return;
    const stats s = agent_->stats();
    const std::size_t free_max = options_.keep_alive ? options_.max_free_sockets.value_or(options_.max_sockets) : 0;
    for (const auto& [name, o] : s.origins) rule(o.free <= free_max, "max_free_sockets");
    std::size_t sockets = 0;
    for (const origin& o : origins_) sockets += o.server->host.client_sockets;
    rule(s.in_use + s.free + s.connecting == sockets, "the agent's sockets are those that it tells of");
    // Each origin that is away has a line of its own.
    rule(s.pending <= options_.max_pending * (1 + origins_.size()) + s.connecting, "max_pending");
}

void agent_world::check_failure(const errand& e, const failure& f) {
    const bool by_caller = f.code == errc::canceled || f.code == errc::agent_closed;
    ++(by_caller ? counts_.canceled : counts_.failed);
    if (by_caller) return;
    rule(!polite_, "nothing fails among polite servers", f.message());
    if (proves_unprocessed(f.evidence) && !e.repeatable) rule(e.delivered == 0, "a failure's evidence is true", f.message());
    if (!e.repeatable) ++counts_.refused_by[static_cast<std::size_t>(f.evidence)];
    const bool lost =
        f.code == errc::connection_closed || f.code == errc::connection_reset || f.code == errc::unacknowledged_timeout;
    if (e.repeatable && lost && f.reused && f.evidence != evidence::response_begun) {
        rule(f.verdict.find("it was replayed") != std::string::npos,
             "what may be repeated does not fail for a stale connection", f.message());
    }
}

void agent_world::check_end() {
    rule(winding_up_, "every caller comes to an end");
    for (const auto& [id, e] : errands_) rule(e->ended == 1, "every request ends once", e->method);
    rule(closed_, "close() completes");
    const stats s = agent_->stats();
    rule(s.pending + s.in_use + s.free + s.connecting + s.retrying == 0, "the pool is empty in the end");
    rule(s.count.opened == s.count.closed_total(), "opened = closed");
    rule(s.budget_taken == 0, "no retry holds a place of the budget");
    rule(s.latency.connect.count() == s.count.opened, "every connection is measured once");
    rule(s.latency.first_byte.count() == s.count.responses, "every response is measured once");
    rule(s.latency.queue_wait.count() == s.count.requests, "every call's wait is measured once");
    rule(s.count.stale_seen <= s.count.failed, "who sees a stale connection has failed");
    for (const auto& c : net_.connections()) {
        rule(c->client.stage() == tcp_socket::stage::absent, "no socket leaks");
        rule(c->server.stage() == tcp_socket::stage::absent, "no server's socket is left behind");
    }
    for (const origin& o : origins_) {
        rule(o.server->host.client_sockets == 0, "every socket is closed");
        counts_.restarts += o.server->counts().restarts;
        counts_.faults += o.server->counts().faults + o.server->counts().idle_closes;
    }
    counts_.replays = s.count.replays;
    counts_.replays_by = s.count.replays_by_evidence;
    counts_.retries = s.count.retries;
    counts_.reused = s.count.reused;
    counts_.stale_at_use = s.count.closed[static_cast<std::size_t>(close_reason::stale_at_use)];
    counts_.server_closed = s.count.closed[static_cast<std::size_t>(close_reason::server_closed)];
}

}  // namespace hearth::sim
