// When a monitor asks, whom it waits for, and what viewers get.
#include "monitor/endpoint.hpp"
#include "monitor/fake_agent.hpp"
#include "monitor/peer.hpp"

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace hearth::test {
namespace {

using namespace std::chrono_literals;
using boost::json::object;
using clock = std::chrono::steady_clock;
using detail::endpoint;

endpoint make_endpoint(monitor_options o = {}) {
    o.address = "127.0.0.1:0";
    return endpoint(std::move(o));
}

object stats_of(const endpoint& e) { return boost::json::parse(body_of(ask(e.url(), "/stats.json"))).as_object(); }

/// The next event of a viewer.
object next_event(monitor_peer& p) {
    (void)p.read_until("event: stats\ndata: ");
    return boost::json::parse(p.read_until("\n\n")).as_object();
}

monitor_peer viewer_of(const endpoint& e) {
    monitor_peer p(e.url());
    p.get("/events");
    return p;
}

detail::watch_report report_of(std::uint64_t requests, std::vector<std::uint64_t> events = {}) {
    detail::watch_report r;
    r.stats.count.requests = requests;
    r.stats.in_use = 1;
    r.stats.origins["http://a"] = {.in_use = 1, .count = r.stats.count};
    for (const std::uint64_t n : events) r.events.push_back({.sequence = n, .origin = "http://a"});
    return r;
}

std::int64_t requests_in(const object& o) { return o.at("totals").at("count").at("requests").as_int64(); }

TEST(monitor_watch, nobody_is_asked_while_nobody_looks) {
    auto agent = std::make_shared<fake_agent>();
    endpoint e = make_endpoint({.interval = 100ms});
    e.watch("a", {agent});
    { const monitor_peer idle(e.url()); }
    EXPECT_NE(ask(e.url(), "/").find("200 OK"), std::string::npos);
    std::this_thread::sleep_for(250ms);
    EXPECT_EQ(agent->asked(), 0);
    {
        monitor_peer p = viewer_of(e);
        for (int i = 0; i < 3; ++i) (void)next_event(p);
    }
    // It may take an interval until the viewer's end is seen.
    const auto left = clock::now();
    int asked = -1;
    while (asked != agent->asked() && clock::now() - left < 20s) {
        asked = agent->asked();
        std::this_thread::sleep_for(300ms);
    }
    EXPECT_EQ(agent->asked(), asked);
}

TEST(monitor_watch, at_most_once_an_interval) {
    auto agent = std::make_shared<fake_agent>();
    endpoint e = make_endpoint({.interval = 1min});
    e.watch("a", {agent});
    agent->report(report_of(1));
    for (int i = 0; i < 5; ++i) EXPECT_EQ(requests_in(stats_of(e)), 1);
    (void)ask(e.url(), "/metrics");
    monitor_peer p = viewer_of(e);
    EXPECT_EQ(requests_in(next_event(p)), 1);
    EXPECT_EQ(agent->asked(), 1);
    // A new one is asked for when there is somebody new to ask.
    e.watch("b", {std::make_shared<fake_agent>()});
    EXPECT_EQ(stats_of(e).at("agents").as_array().size(), 2U);
}

TEST(monitor_watch, agents_and_loops_are_summed) {
    endpoint e = make_endpoint();
    auto one = std::make_shared<fake_agent>();
    auto two = std::make_shared<fake_agent>();
    auto three = std::make_shared<fake_agent>();
    one->report(report_of(1));
    two->report(report_of(20));
    three->report(report_of(300));
    e.watch("client", {one, two});
    e.watch("client", {three});
    const object o = stats_of(e);
    EXPECT_EQ(requests_in(o), 321);
    EXPECT_EQ(boost::json::serialize(o.at("agents")),
              R"([{"name":"client","loops":2,"alive":true},{"name":"client-2","loops":1,"alive":true}])");
    ASSERT_EQ(o.at("origins").as_array().size(), 1U);
    EXPECT_EQ(o.at("origins").at(0).at("in_use").as_int64(), 3);
}

TEST(monitor_watch, one_that_does_not_answer_is_shown_as_it_was) {
    endpoint e = make_endpoint({.interval = 100ms});
    auto stuck = std::make_shared<fake_agent>();
    auto well = std::make_shared<fake_agent>();
    stuck->report(report_of(5));
    well->report(report_of(10));
    e.watch("stuck", {stuck});
    e.watch("well", {well});
    EXPECT_EQ(requests_in(stats_of(e)), 15);
    stuck->be_silent();
    well->report(report_of(11));
    std::this_thread::sleep_for(150ms);
    EXPECT_EQ(requests_in(stats_of(e)), 16);
    // It is not asked again, as its answer is still owed.
    well->report(report_of(12));
    std::this_thread::sleep_for(150ms);
    EXPECT_EQ(requests_in(stats_of(e)), 17);
    EXPECT_EQ(stuck->asked(), 2);
}

TEST(monitor_watch, what_ended_agents_counted_stays) {
    endpoint e = make_endpoint({.interval = 100ms});
    auto gone = std::make_shared<fake_agent>();
    auto dropped = std::make_shared<fake_agent>();
    gone->report(report_of(5));
    dropped->report(report_of(7));
    e.watch("gone", {gone});
    e.watch("dropped", {dropped});
    EXPECT_EQ(requests_in(stats_of(e)), 12);
    dropped->be_silent();
    std::this_thread::sleep_for(150ms);
    (void)stats_of(e);
    gone->end();
    dropped->end();
    std::this_thread::sleep_for(150ms);
    const object o = stats_of(e);
    EXPECT_EQ(requests_in(o), 12);
    EXPECT_EQ(o.at("totals").at("in_use").as_int64(), 0);
    EXPECT_FALSE(o.at("agents").at(0).at("alive").as_bool());
    EXPECT_FALSE(o.at("agents").at(1).at("alive").as_bool());
}

TEST(monitor_watch, a_viewer_hears_of_each_event_once) {
    endpoint e = make_endpoint({.interval = 100ms});
    auto agent = std::make_shared<fake_agent>();
    agent->report(report_of(1, {7, 8}));
    e.watch("a", {agent});
    monitor_peer p = viewer_of(e);
    object first = next_event(p);
    EXPECT_EQ(first.at("events").as_array().size(), 2U);
    EXPECT_EQ(first.at("events_lost").as_int64(), 0);
    agent->report(report_of(2, {9, 12}));
    object second = next_event(p);
    while (second.at("events").as_array().empty()) second = next_event(p);
    EXPECT_EQ(second.at("events").as_array().size(), 2U);
    EXPECT_EQ(second.at("events_lost").as_int64(), 2);
    EXPECT_EQ(second.at("events").at(0).at("agent").as_string(), "a");
    EXPECT_EQ(second.at("events").at(0).at("event").as_string(), "failed");
    EXPECT_GT(second.at("events").at(0).at("sequence").as_int64(), first.at("events").at(1).at("sequence").as_int64());
    EXPECT_TRUE(next_event(p).at("events").as_array().empty());
    // Who comes later gets the last ones.
    EXPECT_EQ(stats_of(e).at("events").as_array().size(), 4U);
    EXPECT_EQ(agent->query().events_after, 12U);
}

/// The sequence number of the next frame, however large that is.
std::uint64_t next_sequence(monitor_peer& p) {
    (void)p.read_until("\"sequence\":");
    const std::uint64_t n = std::stoull(p.read_until(","));
    (void)p.read_until("\n\n");
    return n;
}

TEST(monitor_watch, a_viewer_that_does_not_read_misses_frames_and_holds_nobody_up) {
    endpoint e = make_endpoint({.interval = 100ms});
    auto agent = std::make_shared<fake_agent>();
    detail::watch_report large;
    for (int i = 0; i < 2'000; ++i) large.stats.origins["http://origin-" + std::to_string(i)].count.requests = 1;
    agent->report(large);
    e.watch("a", {agent});
    monitor_peer deaf(e.url(), 4'096);
    deaf.get("/events");
    monitor_peer p = viewer_of(e);
    // More than the other's socket can hold.
    std::uint64_t last = 0;
    for (int i = 0; i < 8; ++i) last = next_sequence(p);
    // What that gets first is old; then it skips to what is new, with nothing kept for it in between. Where this test is so
    // slow that it was given up meanwhile, it is closed.
    const auto skips = [&] {
        for (std::uint64_t before = next_sequence(deaf); before < last;) {
            const std::uint64_t next = next_sequence(deaf);
            if (next > before + 1) return true;
            before = next;
        }
        return false;
    };
    try {
        EXPECT_TRUE(skips());
    } catch (const std::runtime_error& closed) {
        EXPECT_NE(std::string(closed.what()).find("it was closed"), std::string::npos);
    }
}

TEST(monitor_watch, viewers_are_counted) {
    endpoint e = make_endpoint({.interval = 100ms, .max_viewers = 2});
    {
        monitor_peer one = viewer_of(e);
        monitor_peer two = viewer_of(e);
        (void)next_event(one);
        (void)next_event(two);
        EXPECT_NE(ask(e.url(), "/metrics").find("hearth_monitor_viewers 2\n"), std::string::npos);
        EXPECT_EQ(ask(e.url(), "/events").substr(0, 12), "HTTP/1.1 503");
    }
    const auto begin = clock::now();
    while (ask(e.url(), "/metrics").find("hearth_monitor_viewers 0\n") == std::string::npos && clock::now() - begin < 20s)
        std::this_thread::sleep_for(20ms);
    EXPECT_LT(clock::now() - begin, 20s);
}

TEST(monitor_watch, a_viewer_that_leaves_gives_up_its_seat_at_once) {
    endpoint e = make_endpoint({.interval = 1min, .max_viewers = 1});
    for (int i = 0; i < 3; ++i) {
        const auto begin = clock::now();
        for (;;) {
            monitor_peer p = viewer_of(e);
            if (p.read_until("\r\n") == "HTTP/1.1 200 OK\r\n") {
                (void)next_event(p);
                break;
            }
            ASSERT_LT(clock::now() - begin, 20s);
            std::this_thread::sleep_for(5ms);
        }
    }
}

/// Its executor takes nothing, the first time.
class failing_agent final : public detail::watched {
public:
    bool ask(const detail::watch_query& q, std::function<void(detail::watch_report)> done) override {
        if (asked_++ == 0) throw std::runtime_error("no room");
        return inner_.ask(q, std::move(done));
    }
    fake_agent& inner() { return inner_; }

private:
    fake_agent inner_;
    int asked_ = 0;
};

TEST(monitor_watch, one_that_cannot_be_asked_is_asked_again) {
    endpoint e = make_endpoint({.interval = 100ms});
    auto fails = std::make_shared<failing_agent>();
    auto well = std::make_shared<fake_agent>();
    fails->inner().report(report_of(5));
    well->report(report_of(10));
    e.watch("fails", {fails});
    e.watch("well", {well});
    monitor_peer p = viewer_of(e);
    object o = next_event(p);
    EXPECT_EQ(requests_in(o), 10);
    const auto begin = clock::now();
    while (requests_in(o) != 15 && clock::now() - begin < 20s) o = next_event(p);
    EXPECT_EQ(requests_in(o), 15);
    EXPECT_EQ(boost::json::serialize(o.at("agents")),
              R"([{"name":"fails","loops":1,"alive":true},{"name":"well","loops":1,"alive":true}])");
}

TEST(monitor_watch, ends_at_once_with_viewers_and_questions_open) {
    auto agent = std::make_shared<fake_agent>();
    agent->be_silent();
    const auto begin = clock::now();
    std::vector<monitor_peer> viewers;
    {
        endpoint e = make_endpoint({.interval = 1min});
        e.watch("a", {agent});
        for (int i = 0; i < 10; ++i) viewers.push_back(viewer_of(e));
        monitor_peer scrape(e.url());
        scrape.get("/metrics");
        while (agent->asked() == 0) std::this_thread::sleep_for(1ms);
    }
    EXPECT_LT(clock::now() - begin, 10s);
    for (monitor_peer& p : viewers) (void)p.read_to_end();
    agent->end();
}

}  // namespace
}  // namespace hearth::test
