// Limits and the queue, as seen through the agent (docs/behaviours: 6 to 13, 38).
#include "support/run.hpp"
#include "support/scripted_server.hpp"

#include <hearth/agent.hpp>
#include <hearth/testing/faulty_origin.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace {

using namespace hearth::test;
using hearth::agent;
using hearth::close_reason;
using hearth::errc;

const scripted_server::script answer_all = [](peer& p) {
    while (!p.read_head().empty()) p.respond("x");
};

TEST(agent_limits, max_sockets_holds_for_a_crowd) {  // 6
    hearth::testing::faulty_origin origin({.work = 2ms});
    run([&]() -> awaitable<void> {
        const auto executor = co_await asio::this_coro::executor;
        agent a(executor, {.max_sockets = 3});
        int answered = 0;
        std::size_t most = 0;
        for (int i = 0; i < 30; ++i) {
            a.get(origin.url(), [&](hearth::error_code ec, const hearth::response&) {
                EXPECT_FALSE(ec);
                ++answered;
                const auto s = a.stats();
                most = std::max(most, s.in_use + s.free + s.connecting);
            });
        }
        EXPECT_EQ(a.stats().pending, 30U);
        EXPECT_EQ(a.stats().connecting, 3U);
        co_await until([&] { return answered == 30; });
        EXPECT_EQ(most, 3U);
        EXPECT_EQ(a.stats().count.opened, 3U);
    });
}

TEST(agent_limits, max_total_sockets_takes_an_idle_connection_of_another_origin) {  // 7
    scripted_server one(answer_all);
    scripted_server two(answer_all);
    run([&]() -> awaitable<void> {
        const auto executor = co_await asio::this_coro::executor;
        agent a(executor, {.max_total_sockets = 1});
        for (int i = 0; i < 2; ++i) {
            co_await (co_await a.get(one.url())).discard();
            co_await (co_await a.get(two.url())).discard();
        }
        EXPECT_EQ(a.stats().count.opened, 4U);
        EXPECT_EQ(a.stats().count.closed[static_cast<std::size_t>(close_reason::make_room)], 3U);
    });
}

TEST(agent_limits, max_free_sockets_closes_the_rest) {  // 8
    scripted_server server(answer_all);
    run([&]() -> awaitable<void> {
        const auto executor = co_await asio::this_coro::executor;
        agent a(executor, {.max_free_sockets = 2});
        int answered = 0;
        for (int i = 0; i < 5; ++i) a.get(server.url(), [&](hearth::error_code, const hearth::response&) { ++answered; });
        co_await until([&] { return answered == 5 && a.stats().in_use == 0; });
        EXPECT_LE(a.stats().free, 2U);
    });
}

TEST(agent_limits, scheduling) {  // 9
    for (const auto order : {hearth::scheduling::lifo, hearth::scheduling::fifo}) {
        scripted_server server(answer_all);
        run([&]() -> awaitable<void> {
            const auto executor = co_await asio::this_coro::executor;
            agent a(executor, {.scheduling = order});
            a.warm(server.url(), 2);
            co_await until([&] { return a.stats().free == 2; });
            std::vector<std::uint64_t> used;
            for (int i = 0; i < 4; ++i) {
                hearth::response r = co_await a.get(server.url());
                co_await r.discard();
                used.push_back(r.connection());
            }
            if (order == hearth::scheduling::lifo) {
                EXPECT_EQ(std::count(used.begin(), used.end(), used[0]), 4);
            } else {
                EXPECT_NE(used[0], used[1]);
                EXPECT_EQ(used[0], used[2]);
                EXPECT_EQ(used[1], used[3]);
            }
        });
    }
}

TEST(agent_limits, max_pending_fails_one_more_at_once) {
    scripted_server server([](peer& p) {
        p.read_head();
        p.wait_closed();
    });
    run([&]() -> awaitable<void> {
        const auto executor = co_await asio::this_coro::executor;
        agent a(executor, {.max_sockets = 1, .max_pending = 1});
        for (int i = 0; i < 2; ++i) a.get(server.url(), [](hearth::error_code, const hearth::response&) {});
        co_await until([&] { return a.stats().in_use == 1; });
        const hearth::failure f = co_await failure_of(a.get(server.url()));
        EXPECT_EQ(f.code, errc::too_many_pending);
        EXPECT_NE(f.message().find("max_pending is 1"), std::string::npos) << f.message();
        a.destroy();
    });
}

TEST(agent_limits, pending_timeout) {  // 13
    scripted_server server([](peer& p) {
        p.read_head();
        p.wait_closed();
    });
    run([&]() -> awaitable<void> {
        const auto executor = co_await asio::this_coro::executor;
        agent a(executor, {.max_sockets = 1});
        a.get(server.url(), [](hearth::error_code, const hearth::response&) {});
        co_await until([&] { return a.stats().in_use == 1; });
        const hearth::failure f = co_await failure_of(a.send({"GET", server.url(), {}, {}, {.pending_timeout = 20ms}}));
        EXPECT_EQ(f.code, errc::pending_timeout);
        EXPECT_EQ(f.code, std::errc::timed_out);
        EXPECT_EQ(a.stats().pending, 0U);
        a.destroy();
    });
}

TEST(agent_limits, max_connection_age_closes_at_the_next_release) {  // 38
    scripted_server server(answer_all);
    run([&]() -> awaitable<void> {
        const auto executor = co_await asio::this_coro::executor;
        agent a(executor, {.max_connection_age = 30ms});
        co_await (co_await a.get(server.url())).discard();
        co_await until([&] { return a.stats().free == 0; });
        EXPECT_EQ(a.stats().count.closed[static_cast<std::size_t>(close_reason::age)], 1U);
    });
}

TEST(agent_limits, min_free_sockets_are_kept_warm) {
    scripted_server server(answer_all);
    run([&]() -> awaitable<void> {
        const auto executor = co_await asio::this_coro::executor;
        agent a(executor, {.min_free_sockets = 2});
        co_await (co_await a.get(server.url())).discard();
        co_await until([&] { return a.stats().free >= 2; });
    });
}

TEST(agent_limits, a_fresh_connection_on_request) {
    scripted_server server(answer_all);
    run([&]() -> awaitable<void> {
        agent a(co_await asio::this_coro::executor);
        co_await (co_await a.get(server.url())).discard();
        hearth::response r = co_await a.send({"GET", server.url(), {}, {}, {.fresh_connection = true}});
        EXPECT_FALSE(r.reused());
        EXPECT_EQ(a.stats().count.opened, 2U);
    });
}

TEST(agent_limits, every_thing_adds_up_after_a_mixed_run) {  // 57
    hearth::testing::faulty_origin origin({.idle_timeout = 5ms});
    run([&]() -> awaitable<void> {
        const auto executor = co_await asio::this_coro::executor;
        agent a(executor, {.max_sockets = 8, .max_free_sockets = 3});
        int answered = 0;
        for (int round = 0; round < 20; ++round) {
            for (int i = 0; i < 10; ++i) {
                const std::string path = i == 0 ? "/close" : i == 1 ? "/chunked/50000" : i == 2 ? "/status/404" : "/";
                a.get(origin.url() + path, [&](hearth::error_code ec, hearth::response r) {
                    ++answered;
                    EXPECT_FALSE(ec) << (r.failure() != nullptr ? r.failure()->message() : "");
                });
            }
            co_await pause(3ms);
        }
        co_await until([&] { return answered == 200 && a.stats().in_use == 0; });
        const hearth::stats s = a.stats();
        EXPECT_EQ(s.count.requests, 200U);
        EXPECT_EQ(s.count.responses, 200U);
        EXPECT_EQ(s.count.opened, s.count.closed_total() + s.free + s.in_use);
        EXPECT_EQ(s.pending, 0U);
        co_await a.close();
        EXPECT_EQ(a.stats().count.opened, a.stats().count.closed_total());
    });
}

}  // namespace
