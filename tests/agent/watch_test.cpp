// Agents and clients watched from other threads: under load, while they end, when they have gone.
#include "agent/asked.hpp"
#include "support/run.hpp"
#include "support/scripted_server.hpp"

#include <hearth/agent.hpp>
#include <hearth/client.hpp>
#include <hearth/testing/faulty_origin.hpp>

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <atomic>
#include <future>
#include <memory>
#include <optional>
#include <thread>

namespace {

using namespace hearth::test;
using hearth::agent;
using hearth::detail::watch_query;
using hearth::detail::watch_report;
using hearth::detail::watched;
using hearth::testing::faulty_origin;
using state = enum hearth::detail::connection_view::state;

/// Asks and waits; nothing when it has ended.
std::optional<watch_report> wait_for(watched& one, const watch_query& q = {}) {
    auto told = std::make_shared<std::promise<watch_report>>();
    auto report = told->get_future();
    if (!one.ask(q, [told = std::move(told)](watch_report r) { told->set_value(std::move(r)); })) return {};
    try {
        return report.get();
    } catch (const std::future_error&) {
        return {};  // it ended before it answered, and dropped what it was to call
    }
}

TEST(agent_watch, shows_each_connection) {
    const faulty_origin origin({.idle_timeout = 0ms});
    scripted_server slow([](peer& p) {
        p.read_head();
        p.hold();
    });
    run([&]() -> awaitable<void> {
        const auto executor = co_await asio::this_coro::executor;
        agent a(executor, {.keep_alive_timeout = 30s});
        for (int i = 0; i < 2; ++i) co_await (co_await a.get(origin.url())).discard();
        a.get(slow.url(), [](hearth::error_code, const hearth::response&) {});
        co_await until([&] { return slow.requests() == 1; });
        co_await pause(1ms);
        const watch_report told = co_await asked(a);
        EXPECT_EQ(told.stats.free, 1U);
        EXPECT_EQ(told.stats.in_use, 1U);
        EXPECT_EQ(told.connections.size(), 2U);
        const auto idle = only(told.connections.at(origin.url()));
        EXPECT_EQ(idle.number, 1U);
        EXPECT_EQ(idle.state, state::idle);
        EXPECT_EQ(idle.requests, 2U);
        EXPECT_EQ(idle.limit, 30s);
        EXPECT_GE(idle.in_state, 1ms);
        EXPECT_GT(idle.age, idle.in_state);
        const auto busy = only(told.connections.at(slow.url("")));
        EXPECT_EQ(busy.state, state::in_use);
        EXPECT_EQ(busy.requests, 1U);
        EXPECT_EQ(busy.limit, 0s);
        EXPECT_TRUE((co_await asked(a, {.connections_max = 0})).connections.empty());
        a.destroy();
    });
}

TEST(agent_watch, tells_each_event_once_to_who_remembers_the_last) {
    run([]() -> awaitable<void> {
        const auto executor = co_await asio::this_coro::executor;
        agent a(executor, {.retry = {.max_retries = 0}});
        (void)co_await failure_of(a.get("http://127.0.0.1:1/"));
        (void)co_await failure_of(a.get("http://127.0.0.1:1/"));
        const auto all = (co_await asked(a)).events;
        EXPECT_EQ(all.size(), 2U);
        EXPECT_EQ(all.front().sequence, 1U);
        EXPECT_EQ(only((co_await asked(a, {.events_after = 1})).events).sequence, 2U);
        EXPECT_TRUE((co_await asked(a, {.events_after = 2})).events.empty());
    });
}

// An agent under load on a thread of its own.
class busy_agent {
public:
    busy_agent() : agent_(std::in_place, context_) {
        watched_ = hearth::detail::watch_agent(*agent_);
        for (int i = 0; i < 4; ++i) asio::co_spawn(context_, load(), asio::detached);
        thread_ = std::thread([this] { context_.run(); });
    }
    ~busy_agent() { end(); }
    busy_agent(const busy_agent&) = delete;
    busy_agent& operator=(const busy_agent&) = delete;

    [[nodiscard]] const std::shared_ptr<watched>& seen() const { return watched_; }
    void end() {
        if (!thread_.joinable()) return;
        asio::post(context_, [this] { agent_->destroy(); });
        thread_.join();
    }

private:
    awaitable<void> load() {
        try {
            for (;;) {
                hearth::response r = co_await agent_->get(origin_.url());
                co_await r.discard();
            }
        } catch (const hearth::error& e) {
            EXPECT_EQ(e.info().code, hearth::errc::agent_closed) << e.what();
        }
    }

    faulty_origin origin_{{.idle_timeout = 0ms}};
    asio::io_context context_{1};
    std::optional<agent> agent_;
    std::shared_ptr<watched> watched_;
    std::thread thread_;
};

TEST(agent_watch, from_another_thread_under_load) {
    busy_agent busy;
    std::uint64_t before = 0;
    for (int i = 0; i < 100; ++i) {
        const auto told = wait_for(*busy.seen());
        ASSERT_TRUE(told);
        EXPECT_GE(told->stats.count.requests, before);
        EXPECT_LE(told->stats.in_use + told->stats.connecting, 4U);
        before = told->stats.count.requests;
    }
    EXPECT_GT(before, 0U);
}

// Whoever asks meanwhile gets an answer, or learns that there is none; afterwards the context has gone as well.
TEST(agent_watch, while_the_agent_ends) {
    for (int round = 0; round < 10; ++round) {
        auto busy = std::make_unique<busy_agent>();
        const auto seen = busy->seen();
        std::atomic<int> answers = 0;
        std::thread viewer([&] {
            while (wait_for(*seen)) ++answers;
        });
        while (answers == 0) std::this_thread::yield();
        busy.reset();
        viewer.join();
        EXPECT_FALSE(seen->ask({}, [](const watch_report&) { FAIL() << "there is nobody to answer"; }));
    }
}

TEST(agent_watch, what_was_asked_of_an_agent_that_ends_first_is_dropped) {
    const auto held = std::make_shared<int>(0);
    std::shared_ptr<watched> seen;
    {
        asio::io_context context;
        agent a(context);
        seen = hearth::detail::watch_agent(a);
        EXPECT_TRUE(seen->ask({}, [held](const watch_report&) { ++*held; }));
        EXPECT_EQ(held.use_count(), 2);
        a.destroy();
        EXPECT_FALSE(seen->ask({}, [held](const watch_report&) { ++*held; }));
        context.run();
        EXPECT_EQ(held.use_count(), 1);
        // The same where the context never runs again.
        agent b(context);
        EXPECT_TRUE(hearth::detail::watch_agent(b)->ask({}, [held](const watch_report&) { ++*held; }));
    }
    EXPECT_EQ(held.use_count(), 1);
    EXPECT_EQ(*held, 0);
    EXPECT_FALSE(seen->ask({}, [](const watch_report&) {}));
}

TEST(client_watch, each_of_its_loops) {
    const faulty_origin origin({.idle_timeout = 0ms});
    std::vector<std::shared_ptr<watched>> all;
    {
        hearth::client client({.agent = {.max_sockets = 4}, .threads = 2, .spread_origins = true});
        all = hearth::detail::watch_client(client);
        ASSERT_EQ(all.size(), 2U);
        std::atomic<bool> stop = false;
        std::vector<std::thread> callers;
        for (int i = 0; i < 3; ++i) {
            callers.emplace_back([&] {
                while (!stop) client.get(origin.url()).discard();
            });
        }
        std::uint64_t requests = 0;
        for (int i = 0; i < 50; ++i) {
            hearth::stats sum;
            for (const auto& one : all) {
                const auto told = wait_for(*one);
                ASSERT_TRUE(told);
                sum += told->stats;
            }
            EXPECT_GE(sum.count.requests, requests);
            requests = sum.count.requests;
        }
        stop = true;
        for (auto& caller : callers) caller.join();
        hearth::stats sum;
        for (const auto& one : all) sum += wait_for(*one).value().stats;
        EXPECT_EQ(sum.count.requests, client.stats().count.requests);
        EXPECT_EQ(sum.latency.total.count(), sum.count.responses);
        client.destroy();
        for (const auto& one : all) {
            EXPECT_FALSE(wait_for(*one)) << "its agents have ended";
            EXPECT_FALSE(one->ask({}, [](const watch_report&) {})) << "and that is known now";
        }
    }
    for (const auto& one : all) EXPECT_FALSE(one->ask({}, [](const watch_report&) {}));
}

TEST(client_watch, while_it_ends) {
    const faulty_origin origin({.idle_timeout = 0ms});
    for (int round = 0; round < 10; ++round) {
        std::optional<hearth::client> client(std::in_place);
        client->get(origin.url()).discard();
        const auto seen = hearth::detail::watch_client(*client).front();
        std::atomic<int> answers = 0;
        std::thread viewer([&] {
            while (wait_for(*seen)) ++answers;
        });
        while (answers == 0) std::this_thread::yield();
        client.reset();
        viewer.join();
    }
}

}  // namespace
