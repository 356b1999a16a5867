// Reports in, one snapshot out; and the snapshot as JSON.
#include "monitor/snapshot.hpp"
#include "monitor/snapshot_json.hpp"

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

namespace hearth::detail {
namespace {

using namespace std::chrono_literals;
using boost::json::object;
using boost::json::serialize;

watch_report report_of(const std::vector<std::string>& origins, std::uint64_t requests) {
    watch_report r;
    for (const std::string& name : origins) {
        r.stats.origins[name].count.requests = requests;
        r.stats.count.requests += requests;
    }
    return r;
}

object to_json(const snapshot& s, std::size_t max_origins = 100) {
    return boost::json::parse(snapshot_json(s, max_origins).with_recent()).as_object();
}

TEST(monitor_snapshot, names_are_made_distinct) {
    gathering g(10);
    (void)g.add("a", 1);
    (void)g.add("a", 2);
    (void)g.add("a-2", 1);
    const snapshot s = g.look();
    ASSERT_EQ(s.agents.size(), 3U);
    EXPECT_EQ(s.agents[1].name, "a-2");
    EXPECT_EQ(s.agents[1].loops, 2U);
    EXPECT_EQ(s.agents[2].name, "a-2-2");
}

TEST(monitor_snapshot, an_agents_end_leaves_its_counts) {
    gathering g(2);
    const auto a = g.add("a", 2);
    watch_report r = report_of({"x", "y", "z"}, 10);
    r.stats.pending = r.stats.origins["x"].pending = 4;
    r.stats.origins["z"].count.requests = 1;
    g.take(a[0], r);
    g.take(a[1], report_of({"x"}, 5));
    EXPECT_EQ(g.look().stats.pending, 4U);
    g.end(a[0]);
    g.end(a[0]);
    snapshot s = g.look();
    EXPECT_TRUE(s.agents[0].alive);
    EXPECT_EQ(s.stats.pending, 0U);
    EXPECT_EQ(s.stats.count.requests, 35U);
    EXPECT_EQ(s.stats.origins.at("x").count.requests, 15U);
    EXPECT_EQ(s.stats.origins.at("x").pending, 0U);
    // Of origins that nobody uses any more, no more than max_origins are kept.
    EXPECT_FALSE(s.stats.origins.contains("z"));
    g.end(a[1]);
    g.take(a[1], report_of({"x"}, 500));
    s = g.look();
    EXPECT_FALSE(s.agents[0].alive);
    EXPECT_EQ(s.stats.count.requests, 35U);
}

TEST(monitor_snapshot, agents_may_come_and_go_for_ever) {
    gathering g(10);
    for (int i = 0; i < 1'000; ++i) {
        const auto id = g.add("a", 1).front();
        g.take(id, report_of({"origin-" + std::to_string(i)}, 1));
        g.end(id);
    }
    const snapshot s = g.look();
    EXPECT_EQ(s.stats.count.requests, 1'000U);
    EXPECT_EQ(s.stats.origins.size(), 10U);
    EXPECT_EQ(s.agents.size(), 32U);
}

TEST(monitor_snapshot, events_are_told_in_order_and_once) {
    gathering g(10);
    const auto ids = g.add("a", 2);
    const auto at = [](std::uint64_t n, std::chrono::seconds when) {
        return log_event{.sequence = n, .time = std::chrono::system_clock::time_point(when)};
    };
    watch_report r;
    r.events = {at(4, 10s), at(5, 30s)};
    g.take(ids[0], r);
    r.events = {at(1, 20s)};
    g.take(ids[1], r);
    snapshot s = g.look();
    ASSERT_EQ(s.news.size(), 3U);
    EXPECT_EQ(s.news[1].event.sequence, 1U);
    EXPECT_EQ(s.news[0].sequence, 1U);
    EXPECT_EQ(s.news[2].sequence, 3U);
    EXPECT_EQ(s.events_lost, 0U);
    EXPECT_EQ(g.last_event(ids[0]), 5U);
    r.events.clear();
    for (std::uint64_t n = 8; n < 208; ++n) r.events.push_back(at(n, 40s));
    g.take(ids[0], r);
    s = g.look();
    EXPECT_EQ(s.news.size(), 200U);
    EXPECT_EQ(s.recent.size(), 100U);
    EXPECT_EQ(s.events_lost, 2U);
    EXPECT_EQ(g.look().news.size(), 0U);
}

TEST(monitor_json, all_of_it) {
    gathering g(10);
    const auto id = g.add("cli\"ent", 1).front();
    watch_report r;
    r.stats.count.requests = 12;
    r.stats.count.closed[static_cast<std::size_t>(close_reason::learnt)] = 2;
    r.stats.budget_size = 3;
    r.stats.latency.tls.record(10ms);
    r.stats.latency.total.record(60us);
    origin_stats& o = r.stats.origins["https://a"];
    o = {.in_use = 1, .free = 3, .learnt = {.timeout = 65s, .closes = 4, .limit = 61'600ms}, .count = r.stats.count};
    r.connections["https://a"] = {
        {.number = 7, .state = connection_view::state::in_use, .in_state = 12ms, .age = 2s, .requests = 9},
        {.number = 8,
         .state = connection_view::state::idle,
         .in_state = 1500ms,
         .limit = 61'600ms,
         .age = 2s,
         .requests = 1}};
    r.events.push_back(
        {.kind = log_event::kind::replayed, .sequence = 1, .origin = "https://a", .idle = 250ms, .detail = "a\n\"b\""});
    g.take(id, r);
    snapshot s = g.look();
    s.sequence = 3;
    s.interval = 1s;
    const object json = to_json(s);
    EXPECT_EQ(serialize(json.at("agents")), R"([{"name":"cli\"ent","loops":1,"alive":true}])");
    EXPECT_EQ(json.at("sequence").as_int64(), 3);
    const object& totals = json.at("totals").as_object();
    EXPECT_EQ(totals.at("budget_size").as_int64(), 3);
    EXPECT_EQ(serialize(totals.at("count").at("closed")), R"({"learnt":2})");
    EXPECT_EQ(serialize(totals.at("count").at("replays_by_evidence")), "{}");
    EXPECT_EQ(serialize(totals.at("caught")),
              R"({"left":2,"watched":0,"looked":0,"matched":0,"replayed":0,"silent":0,"total":2})");
    EXPECT_EQ(totals.at("latency").at("tls").at("count").as_int64(), 1);
    EXPECT_NEAR(totals.at("latency").at("tls").at("sum_s").to_number<double>(), 0.01, 1e-9);
    const object& histogram = totals.at("latency_histogram").as_object();
    EXPECT_EQ(histogram.at("total").as_array().size(), histogram.at("bounds_s").as_array().size() + 1);
    EXPECT_NEAR(histogram.at("bounds_s").at(1).to_number<double>(), 0.0001, 1e-12);
    EXPECT_EQ(histogram.at("total").at(1).as_int64(), 1) << "over the first bound, within the second";
    const object& origin = json.at("origins").at(0).as_object();
    EXPECT_EQ(origin.at("name").as_string(), "https://a");
    EXPECT_NEAR(origin.at("learnt").at("limit_s").to_number<double>(), 61.6, 1e-9);
    EXPECT_EQ(origin.at("learnt").at("closes").as_int64(), 4);
    ASSERT_EQ(origin.at("connections").as_array().size(), 2U);
    const auto& idle = origin.at("connections").at(1).as_array();
    EXPECT_EQ(idle.at(0).as_int64(), 8);
    EXPECT_EQ(idle.at(1).as_string(), "idle");
    EXPECT_NEAR(idle.at(2).to_number<double>(), 1.5, 1e-9);
    EXPECT_NEAR(idle.at(3).to_number<double>(), 61.6, 1e-9);
    EXPECT_EQ(origin.at("connections_left_out").as_int64(), 2);
    const object& event = json.at("events").at(0).as_object();
    EXPECT_EQ(event.at("event").as_string(), "replayed");
    EXPECT_EQ(event.at("detail").as_string(), "a\n\"b\"");
    EXPECT_EQ(event.at("agent").as_string(), "cli\"ent");
    EXPECT_EQ(event.at("sequence").as_int64(), 1);
}

TEST(monitor_json, the_busiest_come_first_and_the_rest_is_summed) {
    gathering g(10'000);
    const auto id = g.add("a", 1).front();
    watch_report r;
    for (int i = 0; i < 1'000; ++i) {
        origin_stats& o = r.stats.origins["http://o" + std::to_string(i)];
        o.count.requests = static_cast<std::uint64_t>(i);
        o.free = 2;
    }
    r.stats.origins["http://o5"].pending = 1;
    g.take(id, r);
    const object json = to_json(g.look(), 10);
    const auto& origins = json.at("origins").as_array();
    ASSERT_EQ(origins.size(), 10U);
    EXPECT_EQ(origins.at(0).at("name").as_string(), "http://o5");
    EXPECT_EQ(origins.at(1).at("name").as_string(), "http://o999");
    EXPECT_TRUE(origins.at(1).at("learnt").is_null());
    const object& rest = json.at("origins_left_out").as_object();
    EXPECT_EQ(rest.at("origins").as_int64(), 990);
    EXPECT_EQ(rest.at("free").as_int64(), 1'980);
    EXPECT_EQ(rest.at("requests").as_int64(), 990 * 991 / 2 - 5);
}

}  // namespace
}  // namespace hearth::detail
