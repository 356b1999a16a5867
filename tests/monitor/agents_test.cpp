// The monitor and real agents: what it shows is what they tell, and either may end before the other.
#include "monitor/peer.hpp"
#include "support/run.hpp"

#include <hearth/agent.hpp>
#include <hearth/client.hpp>
#include <hearth/monitor.hpp>
#include <hearth/testing/faulty_origin.hpp>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/json.hpp>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace hearth::test {
namespace {

using boost::json::object;
using testing::faulty_origin;

monitor_options quick() {
    monitor_options o{.address = "127.0.0.1:0"};
    o.interval = 100ms;
    return o;
}

object stats_of(const monitor& m) { return boost::json::parse(body_of(ask(m.url(), "/stats.json"))).as_object(); }

std::int64_t requests_in(const object& o) { return o.at("totals").at("count").at("requests").as_int64(); }

/// Asks until `holds`; the last answer.
object stats_when(const monitor& m, const std::function<bool(const object&)>& holds) {
    const auto begin = std::chrono::steady_clock::now();
    for (;;) {
        object o = stats_of(m);
        if (holds(o) || std::chrono::steady_clock::now() - begin > 20s) return o;
        std::this_thread::sleep_for(10ms);
    }
}

TEST(monitor_agents, a_client_in_one_line) {
    const faulty_origin origin;
    client c(client_options{.threads = 2});
    const monitor m(c, quick());
    for (int i = 0; i < 10; ++i) (void)c.get(origin.url()).text();
    const stats s = c.stats();
    const object o = stats_when(m, [](const object& now) { return requests_in(now) == 10; });
    EXPECT_EQ(requests_in(o), 10);
    EXPECT_EQ(boost::json::serialize(o.at("agents")), R"([{"name":"client","loops":2,"alive":true}])");
    const object& shown = o.at("origins").at(0).as_object();
    EXPECT_EQ(shown.at("name").as_string(), s.origins.begin()->first);
    EXPECT_EQ(shown.at("free").as_int64(), static_cast<std::int64_t>(s.free));
    EXPECT_EQ(shown.at("count").at("reused").as_int64(), static_cast<std::int64_t>(s.count.reused));
    ASSERT_EQ(shown.at("connections").as_array().size(), 1U);
    EXPECT_EQ(shown.at("connections").at(0).at(1).as_string(), "idle");
    EXPECT_EQ(shown.at("connections").at(0).at(5).as_int64(), 10);
    EXPECT_EQ(shown.at("latency").at("total").at("count").as_int64(), 10);
}

TEST(monitor_agents, ipv6) {
    std::optional<monitor> m;
    try {
        m.emplace(monitor_options{.address = "[::1]:0"});
    } catch (const hearth::error& e) {
        GTEST_SKIP() << e.what();
    }
    EXPECT_TRUE(m->url().starts_with("http://[::1]:")) << m->url();
    client c;
    EXPECT_NE(c.get(m->url() + "metrics").text().find("hearth_build_info"), std::string::npos);
}

/// An agent on a thread of its own.
class agent_thread {
public:
    agent_thread() : thread_([this] { context_.run(); }) {}
    ~agent_thread() {
        on_it([this] { agent_.reset(); });
        work_.reset();
        thread_.join();
    }
    agent_thread(const agent_thread&) = delete;
    agent_thread& operator=(const agent_thread&) = delete;

    void show_on(monitor& m) {
        on_it([&] { m.watch(*agent_); });
    }
    void get(const std::string& url) {
        std::promise<void> done;
        asio::co_spawn(
            context_,
            [&]() -> awaitable<void> {
                response r = co_await agent_->get(url);
                (void)co_await r.text();
            },
            [&](const std::exception_ptr& e) {
                if (e) ADD_FAILURE() << "a request failed";
                done.set_value();
            });
        done.get_future().wait();
    }

private:
    template <class F>
    void on_it(F f) {
        std::promise<void> done;
        asio::post(context_, [&] {
            f();
            done.set_value();
        });
        done.get_future().wait();
    }

    asio::io_context context_{1};
    std::optional<asio::executor_work_guard<asio::io_context::executor_type>> work_{context_.get_executor()};
    std::optional<agent> agent_{std::in_place, context_.get_executor(), agent_options{}};
    std::thread thread_;
};

TEST(monitor_agents, it_outlives_what_it_watches) {
    const faulty_origin origin;
    monitor m(quick());
    {
        agent_thread a;
        client c;
        a.show_on(m);
        m.watch(c, "other");
        a.get(origin.url());
        (void)c.get(origin.url()).text();
        EXPECT_EQ(requests_in(stats_when(m, [](const object& o) { return requests_in(o) == 2; })), 2);
    }
    const object o = stats_when(m, [](const object& now) { return !now.at("agents").at(1).at("alive").as_bool(); });
    EXPECT_FALSE(o.at("agents").at(0).at("alive").as_bool());
    EXPECT_EQ(o.at("agents").at(0).at("name").as_string(), "agent");
    EXPECT_FALSE(o.at("agents").at(1).at("alive").as_bool());
    EXPECT_EQ(requests_in(o), 2);
    EXPECT_EQ(o.at("totals").at("free").as_int64(), 0);
}

TEST(monitor_agents, it_may_end_first) {
    const faulty_origin origin;
    agent_thread a;
    client c;
    for (int i = 0; i < 3; ++i) {
        monitor m(c, quick());
        a.show_on(m);
        monitor_peer viewer(m.url());
        viewer.get("/events");
        (void)viewer.read_until("event: stats");
        a.get(origin.url());
    }
    EXPECT_EQ(c.get(origin.url()).text(), "hello from the origin\n");
}

TEST(monitor_agents, starts_and_stops_under_load) {
    const faulty_origin origin;
    client c(client_options{.threads = 2});
    std::atomic<bool> over = false;
    std::atomic<int> answered = 0;
    std::vector<std::thread> callers;
    for (int i = 0; i < 4; ++i) {
        callers.emplace_back([&] {
            while (!over) {
                if (c.get(origin.url()).text() == "hello from the origin\n") ++answered;
            }
        });
    }
    for (int i = 0; i < 20; ++i) {
        const monitor m(c, quick());
        // Some are ended with an answer under way.
        if (i % 2 == 0) (void)stats_of(m);
        monitor_peer left(m.url());
        left.get("/metrics");
    }
    const monitor m(c, quick());
    EXPECT_GE(requests_in(stats_when(m, [](const object& o) { return requests_in(o) > 100; })), 100);
    over = true;
    for (auto& t : callers) t.join();
    EXPECT_EQ(static_cast<std::uint64_t>(answered), c.stats().count.requests);
}

TEST(monitor_agents, a_hundred_of_them) {
    const faulty_origin origin;
    monitor m(quick());
    std::vector<std::unique_ptr<client>> clients;
    for (int i = 0; i < 100; ++i) {
        clients.push_back(std::make_unique<client>());
        m.watch(*clients.back());
        (void)clients.back()->get(origin.url()).text();
    }
    const object o = stats_when(m, [](const object& now) { return requests_in(now) == 100; });
    EXPECT_EQ(requests_in(o), 100);
    EXPECT_EQ(o.at("agents").as_array().size(), 100U);
    EXPECT_EQ(o.at("origins").as_array().size(), 1U);
    EXPECT_EQ(o.at("origins").at(0).at("free").as_int64(), 100);
}

TEST(monitor_agents, credentials_and_queries_are_not_shown) {
    faulty_origin origin;
    client c(agent_options{.retry = {.max_retries = 0}});
    const monitor m(c, quick());
    const std::string at = origin.url().substr(7);
    (void)c.get("http://us3r:pa55word@" + at + "/?key=s3cret").text();
    origin.restart(1h);
    EXPECT_THROW((void)c.get("http://us3r:pa55word@" + at + "/?key=s3cret"), hearth::error);
    const object o = stats_when(m, [](const object& now) { return !now.at("events").as_array().empty(); });
    EXPECT_FALSE(o.at("events").as_array().empty());
    for (const std::string& text : {boost::json::serialize(o), ask(m.url(), "/metrics")}) {
        EXPECT_NE(text.find(at), std::string::npos);
        for (const char* secret : {"us3r", "pa55word", "s3cret"}) {
            EXPECT_EQ(text.find(secret), std::string::npos) << text;
        }
    }
}

}  // namespace
}  // namespace hearth::test
