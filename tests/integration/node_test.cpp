// Against Node's http server.
#include "integration/callers.hpp"
#include "support/node_server.hpp"

#include <gtest/gtest.h>

#include <string>

namespace {

using namespace hearth::test;
using hearth::agent;
using hearth::close_reason;
using hearth::evidence;

struct node_test : real_servers {
    void SetUp() override { HEARTH_NEED_SERVER(node_server); }
};

TEST_F(node_test, idle_gaps_around_its_keep_alive_timeout) {
    const node_server server({.keep_alive_timeout = 1s, .hint = false});
    outcomes all;
    run([&] { return call_with_gaps(server.url(), {.seed = 31}, {}, all); });
    expect_promise_kept(all, server.executed());
}

TEST_F(node_test, idle_gaps_mended_by_evidence_alone) {
    const node_server server({.keep_alive_timeout = 1s, .hint = false});
    outcomes all;
    run([&] { return call_with_gaps(server.url(), {.seed = 32}, by_evidence_alone(), all); });
    expect_promise_kept(all, server.executed());
    EXPECT_GT(all.replayed_after(evidence::closed_before), 0U);
}

TEST_F(node_test, its_hint_is_heeded_before_it_closes) {
    const node_server server({.keep_alive_timeout = 2s});
    outcomes all;
    run([&] { return call_with_gaps(server.url(), {.requests = 5, .timeout = 1s, .seed = 33}, by_evidence_alone(), all); });
    expect_promise_kept(all, server.executed());
    EXPECT_EQ(all.failed(), 0U);
    EXPECT_EQ(all.count.replays, 0U) << "retired a second before it closes";
    EXPECT_GT(all.count.closed[static_cast<std::size_t>(close_reason::hint)], 0U);
}

TEST_F(node_test, its_hint_without_a_threshold_races) {
    const node_server server({.keep_alive_timeout = 1s});
    outcomes all;
    run([&] { return call_with_gaps(server.url(), {.seed = 34}, {.keep_alive_timeout_threshold = 0ms}, all); });
    expect_promise_kept(all, server.executed());
}

TEST_F(node_test, five_requests_a_socket) {
    const node_server server({.max_requests = 5});
    outcomes all;
    run([&]() -> awaitable<void> {
        const auto executor = co_await asio::this_coro::executor;
        agent a(executor, {.max_sockets = 20});
        co_await call_during(a, server.url(), 20, all, [&] { return until_ended(all, 2'000 / slowness); });
    });
    expect_promise_kept(all, server.executed());
    EXPECT_EQ(all.failed(), 0U);
    EXPECT_GE(all.count.opened, all.requests.size() / 5);
}

// socket.end() on an idle socket closes it half: what comes is executed, though it can no longer be answered.
TEST_F(node_test, requests_that_meet_socket_end_are_executed_at_most_once) {
    const node_server server({.hint = false, .end_after = 500ms});
    outcomes all;
    run([&]() -> awaitable<void> {
        hearth::agent_options options;
        gap_plan plan{.name = "watched", .callers = 50, .timeout = 500ms, .seed = 35};
        co_await call_with_gaps(server.url(), plan, options, all);
        options = by_evidence_alone();
        plan.name = "unwatched";
        co_await call_with_gaps(server.url(), plan, options, all);
    });
    expect_promise_kept(all, server.executed());
    EXPECT_GT(all.failed_after(evidence::half_closed), 0U) << "POSTs that it executed";
}

TEST_F(node_test, closed_and_started_under_load) {
    node_server server({.work = 5ms});
    outcomes all;
    run([&] { return call_through_restarts(server.url(), 5, all, [&] { server.close_and_start(); }); });
    expect_promise_kept(all, server.executed());
}

// Kills it twenty times, each time at some moment of its work, and leaves it away for a moment.
awaitable<void> restart_under_load(node_server& server, agent& a, bool let_it_serve, outcomes& all) {
    co_await call_during(a, server.url(), 40, all, [&]() -> awaitable<void> {
        std::minstd_rand random(37);
        co_await until_each_ended_two(all);
        for (int i = 0; i < 20; ++i) {
            co_await pause(std::chrono::microseconds(random() % 30'000));
            co_await on_another_thread([&] { server.kill(); });
            co_await pause(std::chrono::microseconds(random() % 50'000));
            co_await on_another_thread([&] { server.start(); });
            if (let_it_serve || i % 3 == 0) co_await until_each_ended_two(all);
        }
        co_await until_each_ended_two(all);
    });
}

TEST_F(node_test, killed_and_started_twenty_times_under_load) {
    node_server server({.work = 20ms});
    outcomes all;
    run([&]() -> awaitable<void> {
        const auto executor = co_await asio::this_coro::executor;
        agent a(executor, {.max_sockets = 40, .retry = {.max_downtime = 50s}});
        co_await restart_under_load(server, a, true, all);
    });
    expect_promise_kept(all, server.executed());
}

// All connections are new then, and a request may meet three deaths of the server in a row.
TEST_F(node_test, killed_again_as_soon_as_it_listens) {
    node_server server({.work = 20ms});
    outcomes all;
    run([&]() -> awaitable<void> {
        const auto executor = co_await asio::this_coro::executor;
        agent a(executor, {.max_sockets = 40, .retry = {.max_retries = 10, .max_downtime = 50s}});
        co_await restart_under_load(server, a, false, all);
    });
    expect_promise_kept(all, server.executed());
}

}  // namespace
