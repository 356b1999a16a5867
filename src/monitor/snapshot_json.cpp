#include "monitor/snapshot_json.hpp"

#include "monitor/json_writer.hpp"
#include "values/log_fields.hpp"
#include "values/stats_members.hpp"
#include "values/text.hpp"

#include <hearth/version.hpp>

#include <algorithm>
#include <array>
#include <span>
#include <utility>

namespace hearth::detail {

namespace {

using std::chrono::nanoseconds;
using named_origin = std::pair<const std::string, origin_stats>;

std::int64_t to_ms(std::chrono::system_clock::time_point t) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(t.time_since_epoch()).count();
}

/// Counts by an enumeration's names, without those that are 0.
template <class Enum, std::size_t N>
void write_counts(json_writer& w, std::string_view key, const std::array<std::uint64_t, N>& counts) {
    w.begin_object(key);
    for (std::size_t i = 0; i < N; ++i) {
        if (counts[i] != 0) w.member(to_string(static_cast<Enum>(i)), counts[i]);
    }
    w.end_object();
}

void write_count(json_writer& w, const counters& c) {
    w.begin_object("count");
    for (const auto& [name, member] : values::counter_members) w.member(name, c.*member);
    write_counts<close_reason>(w, "closed", c.closed);
    write_counts<phase>(w, "failures_by_phase", c.failures_by_phase);
    write_counts<evidence>(w, "replays_by_evidence", c.replays_by_evidence);
    w.end_object();
}

void write_caught(json_writer& w, const counters& c) {
    const stale_caught caught(c);
    w.begin_object("caught");
    for (const auto& [name, member] : values::caught_members) w.member(name, caught.*member);
    w.member("total", caught.total());
    w.end_object();
}

void write_histogram(json_writer& w, std::string_view key, const duration_histogram& h) {
    w.begin_object(key);
    w.member("count", h.count());
    w.member("sum_s", h.sum());
    w.member("p50_s", h.quantile(0.5));
    w.member("p90_s", h.quantile(0.9));
    w.member("p99_s", h.quantile(0.99));
    w.end_object();
}

void write_latency(json_writer& w, const latencies& l) {
    w.begin_object("latency");
    for (const auto& [name, member] : values::latency_members) write_histogram(w, name, l.*member);
    w.end_object();
}

/// Whoever compares two snapshots learns from these what took how long in between; the quantiles above are since the start.
void write_buckets(json_writer& w, const duration_histogram& total) {
    w.begin_object("latency_histogram");
    w.begin_array("bounds_s");
    for (const nanoseconds b : duration_histogram::bounds) w.element(b);
    w.end_array();
    w.begin_array("total");
    for (const std::uint64_t n : total.buckets()) w.element(n);
    w.end_array();
    w.end_object();
}

template <class Gauges>
void write_gauges(json_writer& w, const Gauges& g) {
    w.member("pending", g.pending);
    w.member("in_use", g.in_use);
    w.member("free", g.free);
    w.member("connecting", g.connecting);
}

void write_learnt(json_writer& w, const learnt_timeout& l) {
    if (l.timeout == nanoseconds(0)) return w.null_member("learnt");
    w.begin_object("learnt");
    w.member("timeout_s", l.timeout);
    w.member("closes", l.closes);
    w.member("limit_s", l.limit);
    w.end_object();
}

std::string_view name_of(enum connection_view::state s) {
    switch (s) {
        case connection_view::state::connecting: return "connecting";
        case connection_view::state::in_use: return "in_use";
        case connection_view::state::idle: return "idle";
        case connection_view::state::canary: return "canary";
    }
    return "idle";
}

void write_connections(json_writer& w, const origin_stats& o, std::span<const connection_view> views) {
    w.begin_array("connections");
    for (const connection_view& c : views) {
        w.begin_array();
        w.element(c.number);
        w.element(name_of(c.state));
        w.element(c.in_state);
        w.element(c.limit);
        w.element(c.age);
        w.element(c.requests);
        w.end_array();
    }
    w.end_array();
    const std::size_t all = o.in_use + o.free + o.connecting;
    w.member("connections_left_out", all > views.size() ? all - views.size() : 0);
}

void write_origin(json_writer& w, const named_origin& named, std::span<const connection_view> views) {
    const auto& [name, o] = named;
    w.begin_object();
    w.member("name", std::string_view(name));
    write_gauges(w, o);
    write_count(w, o.count);
    write_caught(w, o.count);
    write_learnt(w, o.learnt);
    write_latency(w, o.latency);
    write_connections(w, o, views);
    w.end_object();
}

void write_totals(json_writer& w, const stats& s) {
    w.begin_object("totals");
    write_gauges(w, s);
    w.member("retrying", s.retrying);
    w.member("budget_taken", s.budget_taken);
    w.member("budget_size", s.budget_size);
    write_count(w, s.count);
    write_caught(w, s.count);
    write_latency(w, s.latency);
    write_buckets(w, s.latency.total);
    w.end_object();
}

void write_left_out(json_writer& w, std::span<const named_origin* const> rest) {
    origin_stats sum;
    for (const named_origin* o : rest) sum += o->second;
    w.begin_object("origins_left_out");
    w.member("origins", rest.size());
    write_gauges(w, sum);
    w.member("requests", sum.count.requests);
    w.member("stale_seen", sum.count.stale_seen);
    w.member("caught_total", stale_caught(sum.count).total());
    w.end_object();
}

/// The busiest first.
std::vector<const named_origin*> in_order(const stats& s) {
    std::vector<const named_origin*> all;
    all.reserve(s.origins.size());
    for (const named_origin& o : s.origins) all.push_back(&o);
    const auto busy = [](const origin_stats& o) { return o.in_use + o.pending + o.connecting; };
    std::ranges::stable_sort(all, [&](const named_origin* a, const named_origin* b) {
        if (busy(a->second) != busy(b->second)) return busy(a->second) > busy(b->second);
        return a->second.count.requests > b->second.count.requests;
    });
    return all;
}

std::string events_json(const std::vector<told_event>& events, std::uint64_t lost) {
    json_writer w;
    const auto write = [&w](std::string_view name, const auto& value) { w.member(name, value); };
    w.begin_array();
    for (const told_event& t : events) {
        w.begin_object();
        w.member("agent", std::string_view(t.agent));
        w.member("sequence", t.sequence);
        w.member("time_ms", to_ms(t.event.time));
        values::visit_fields(t.event, write, write, write);
        w.end_object();
    }
    w.end_array();
    return values::concat(",\"events\":", w.take(), ",\"events_lost\":", lost, "}");
}

}  // namespace

snapshot_json::snapshot_json(const snapshot& s, std::size_t max_origins) : snapshot_(s) {
    json_writer w;
    w.reserve(2'048 * (1 + std::min(s.stats.origins.size(), max_origins)));
    w.begin_object();
    w.member("version", version());
    w.member("time_ms", to_ms(s.time));
    w.member("started_ms", to_ms(s.started));
    w.member("interval_s", nanoseconds(s.interval));
    w.member("sequence", s.sequence);
    w.begin_array("agents");
    for (const agent_view& a : s.agents) {
        w.begin_object();
        w.member("name", std::string_view(a.name));
        w.member("loops", a.loops);
        w.member("alive", a.alive);
        w.end_object();
    }
    w.end_array();
    write_totals(w, s.stats);
    const auto origins = in_order(s.stats);
    const std::size_t shown = std::min(origins.size(), max_origins);
    w.begin_array("origins");
    for (const named_origin* o : std::span(origins).first(shown)) {
        const auto views = s.connections.find(o->first);
        write_origin(w, *o, views == s.connections.end() ? std::span<const connection_view>() : views->second);
    }
    w.end_array();
    write_left_out(w, std::span(origins).subspan(shown));
    shared_ = w.take();
}

std::string snapshot_json::with_news() const { return shared_ + events_json(snapshot_.news, snapshot_.events_lost); }
std::string snapshot_json::with_recent() const { return shared_ + events_json(snapshot_.recent, 0); }

}  // namespace hearth::detail
