// What Prometheus is told: no count ever goes down, and the sums over origins are the totals.
#include "monitor/metrics.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <iterator>
#include <map>
#include <random>
#include <sstream>
#include <string>
#include <utility>

namespace hearth::detail {
namespace {

using text_series = std::map<std::string, double>;

text_series parse(const std::string& text) {
    text_series all;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) {
        if (line.starts_with('#')) continue;
        const std::size_t space = line.rfind(' ');
        EXPECT_TRUE(all.emplace(line.substr(0, space), std::stod(line.substr(space + 1))).second) << "twice: " << line;
    }
    return all;
}

text_series told(metric_series& series, const hearth::stats& s) {
    snapshot now;
    now.stats = s;
    series.update(now, 0);
    return parse(prometheus_text(series));
}

/// Counts one call to the origin, as an agent does.
void count(hearth::stats& s, const std::string& origin, std::uint64_t calls = 1) {
    for (counters* c : {&s.count, &s.origins[origin].count}) {
        c->requests += calls;
        c->closed[static_cast<std::size_t>(close_reason::hint)] += calls;
    }
    for (latencies* l : {&s.latency, &s.origins[origin].latency}) {
        for (std::uint64_t i = 0; i < calls; ++i) l->total.record(std::chrono::milliseconds(3));
    }
}

TEST(monitor_metrics, every_count_has_its_place) {
    counters c;
    latencies l;
    std::uint64_t n = 0;
    for (auto* p : {&c.requests, &c.responses, &c.failed, &c.canceled, &c.opened, &c.reused, &c.replays, &c.retries,
                    &c.budget_refusals, &c.risk_avoided, &c.stale_seen})
        *p = ++n;
    for (auto& v : c.closed) v = ++n;
    for (auto& v : c.failures_by_phase) v = ++n;
    for (auto& v : c.replays_by_evidence) v = ++n;
    // One that is added to counters and not here would be told to nobody.
    EXPECT_EQ(sizeof(counters), n * sizeof(std::uint64_t));
    EXPECT_EQ(sizeof(latencies), tally::histogram_count * sizeof(duration_histogram));
    const counters back = tally(c, l).count();
    EXPECT_EQ(back.stale_seen, 11U);
    EXPECT_EQ(back.closed, c.closed);
    EXPECT_EQ(back.failures_by_phase, c.failures_by_phase);
    EXPECT_EQ(back.replays_by_evidence, c.replays_by_evidence);
}

TEST(monitor_metrics, names_and_values) {
    metric_series series(10);
    snapshot s;
    origin_stats& o = s.stats.origins["https://a"];
    o.pending = 1;
    o.in_use = 2;
    o.free = 3;
    o.connecting = 4;
    o.learnt = {.timeout = std::chrono::seconds(65), .closes = 4};
    o.count.requests = 5;
    o.count.stale_seen = 6;
    o.count.closed[static_cast<std::size_t>(close_reason::stale_at_use)] = 7;
    o.count.failures_by_phase[static_cast<std::size_t>(phase::connect)] = 8;
    o.count.replays_by_evidence[static_cast<std::size_t>(evidence::closed_before)] = 9;
    o.latency.total.record(std::chrono::milliseconds(1));
    o.latency.total.record(std::chrono::seconds(200));
    s.stats.count = o.count;
    s.stats.latency = o.latency;
    s.agents.push_back({.name = "a", .budget_taken = 1, .budget_size = 3});
    s.agents.push_back({.name = "ended", .alive = false});
    series.update(s, 2);
    const text_series all = parse(prometheus_text(series));
    const auto value = [&](const char* name) { return all.contains(name) ? all.at(name) : -1; };
    EXPECT_EQ(value(R"(hearth_pending_requests{origin="https://a"})"), 1);
    EXPECT_EQ(value(R"(hearth_connections{origin="https://a",state="in_use"})"), 2);
    EXPECT_EQ(value(R"(hearth_connections{origin="https://a",state="free"})"), 3);
    EXPECT_EQ(value(R"(hearth_connections{origin="https://a",state="connecting"})"), 4);
    EXPECT_EQ(value(R"(hearth_learnt_idle_timeout_seconds{origin="https://a"})"), 65);
    EXPECT_EQ(value(R"(hearth_requests_total{origin="https://a"})"), 5);
    EXPECT_EQ(value(R"(hearth_stale_seen_total{origin="https://a"})"), 6);
    EXPECT_EQ(value(R"(hearth_connections_closed_total{origin="https://a",reason="stale_at_use"})"), 7);
    EXPECT_EQ(value(R"(hearth_stale_caught_total{origin="https://a",line="looked"})"), 7);
    EXPECT_EQ(value(R"(hearth_failures_total{origin="https://a",phase="connect"})"), 8);
    EXPECT_EQ(value(R"(hearth_replays_total{origin="https://a",evidence="closed_before"})"), 9);
    EXPECT_EQ(value(R"(hearth_request_seconds_bucket{origin="https://a",le="0.001"})"), 1);
    EXPECT_EQ(value(R"(hearth_request_seconds_bucket{origin="https://a",le="100"})"), 1);
    EXPECT_EQ(value(R"(hearth_request_seconds_bucket{origin="https://a",le="+Inf"})"), 2);
    EXPECT_EQ(value(R"(hearth_request_seconds_count{origin="https://a"})"), 2);
    EXPECT_NEAR(value(R"(hearth_request_seconds_sum{origin="https://a"})"), 200.001, 1e-6);
    EXPECT_EQ(value(R"(hearth_retry_budget_taken{agent="a"})"), 1);
    EXPECT_EQ(value(R"(hearth_retry_budget_size{agent="a"})"), 3);
    EXPECT_FALSE(all.contains(R"(hearth_retry_budget_size{agent="ended"})"));
    EXPECT_EQ(value("hearth_monitor_viewers"), 2);
    EXPECT_FALSE(all.contains(R"(hearth_requests_total{origin="other"})"));
}

TEST(monitor_metrics, an_origin_has_its_own_series_or_counts_under_other) {
    metric_series series(2);
    hearth::stats s;
    count(s, "http://large", 100);
    count(s, "http://middle", 50);
    count(s, "http://small", 1);
    s.pending = 7;
    s.origins["http://large"].pending = 4;
    text_series all = told(series, s);
    EXPECT_EQ(all.at(R"(hearth_requests_total{origin="http://large"})"), 100);
    EXPECT_EQ(all.at(R"(hearth_requests_total{origin="other"})"), 1);
    EXPECT_EQ(all.at(R"(hearth_request_seconds_count{origin="other"})"), 1);
    EXPECT_EQ(all.at(R"(hearth_pending_requests{origin="other"})"), 3);
    EXPECT_FALSE(all.contains(R"(hearth_requests_total{origin="http://small"})"));
    // It keeps its series however busy another one gets.
    count(s, "http://small", 1'000);
    EXPECT_EQ(told(series, s).at(R"(hearth_requests_total{origin="other"})"), 1'001);
    // One is forgotten: the next takes its place, and what it counted under "other" stays there.
    s.origins.erase("http://middle");
    all = told(series, s);
    EXPECT_FALSE(all.contains(R"(hearth_requests_total{origin="http://middle"})"));
    EXPECT_EQ(all.at(R"(hearth_requests_total{origin="other"})"), 1'001);
    EXPECT_EQ(all.at(R"(hearth_requests_total{origin="http://small"})"), 0);
    count(s, "http://small", 5);
    all = told(series, s);
    EXPECT_EQ(all.at(R"(hearth_requests_total{origin="http://small"})"), 5);
    EXPECT_EQ(all.at(R"(hearth_requests_total{origin="other"})"), 1'001);
}

TEST(monitor_metrics, an_origin_that_an_agent_forgot_goes_on_from_where_it_was) {
    metric_series series(10);
    hearth::stats s;
    count(s, "http://a", 100);
    EXPECT_EQ(told(series, s).at(R"(hearth_requests_total{origin="http://a"})"), 100);
    s.origins["http://a"] = {};
    count(s, "http://a", 1);
    EXPECT_EQ(told(series, s).at(R"(hearth_requests_total{origin="http://a"})"), 100);
    count(s, "http://a", 3);
    const text_series all = told(series, s);
    EXPECT_EQ(all.at(R"(hearth_requests_total{origin="http://a"})"), 103);
    EXPECT_EQ(all.at(R"(hearth_request_seconds_count{origin="http://a"})"), 103);
    // Between two looks it counted once; whose that was can no longer be told.
    EXPECT_EQ(all.at(R"(hearth_requests_total{origin="other"})"), 1);
}

/// A family's values by origin; a histogram's are its counts.
std::map<std::string, double> by_origin(metric_series& series, const hearth::stats& s, const std::string& family) {
    snapshot now;
    now.stats = s;
    series.update(now, 0);
    std::map<std::string, double> all;
    for (const auto& f : series.Collect()) {
        if (f.name != family) continue;
        for (const auto& m : f.metric)
            all[m.label.front().value] = m.counter.value + static_cast<double>(m.histogram.sample_count);
    }
    return all;
}

// Random worlds of origins that come, count, are forgotten (by all agents, or by one) and come back.
TEST(monitor_metrics, no_count_goes_down) {
    for (unsigned seed = 1; seed <= 10; ++seed) {
        std::mt19937 random(seed);
        const auto draw = [&](std::size_t n) { return static_cast<unsigned>(random() % n); };
        const std::string family = seed % 2 == 0 ? "hearth_requests_total" : "hearth_request_seconds";
        metric_series series(1 + draw(5));
        hearth::stats s;
        std::map<std::string, double> before;
        for (int step = 0; step < 60; ++step) {
            for (unsigned i = draw(6); i > 0; --i) count(s, "http://o" + std::to_string(draw(12)), draw(20));
            if (draw(4) == 0 && !s.origins.empty()) s.origins.erase(std::next(s.origins.begin(), draw(s.origins.size())));
            if (draw(4) == 0 && !s.origins.empty()) std::next(s.origins.begin(), draw(s.origins.size()))->second = {};
            auto now = by_origin(series, s, family);
            EXPECT_LE(now.size(), 6U) << seed;
            double sum = 0;
            for (const auto& [origin, value] : now) {
                sum += value;
                EXPECT_GE(value, before[origin]) << origin << ", step " << step << ", seed " << seed;
            }
            EXPECT_GE(now["other"], before["other"]) << "step " << step << ", seed " << seed;
            EXPECT_LE(sum, static_cast<double>(s.count.requests)) << "step " << step << ", seed " << seed;
            before = std::move(now);
        }
    }
}

}  // namespace
}  // namespace hearth::detail
