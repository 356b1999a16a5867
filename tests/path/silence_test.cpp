// Connections that a box on the way has forgotten, on a path of 20 ms (docs/behaviours: 44).
#include "path/path_test.hpp"
#include "support/run.hpp"

#include <hearth/agent.hpp>
#include <hearth/testing/faulty_origin.hpp>

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>

#include <atomic>
#include <iostream>
#include <optional>
#include <string>

namespace {

using namespace hearth::test;
using hearth::agent;
using hearth::errc;
using hearth::evidence;
using hearth::testing::faulty_origin;

struct path_silence : path_test {
    void SetUp() override {
        path_test::SetUp();
        if (!path) return;
        origin.emplace(hearth::testing::faulty_origin_options{.address = delayed_path::server_address, .idle_timeout = 0ms});
        url = delayed_path::through(origin->url());
    }
    std::optional<faulty_origin> origin;
    std::string url;
};

std::chrono::milliseconds since(std::chrono::steady_clock::time_point t) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - t);
}

TEST_F(path_silence, a_get_is_answered_in_a_second) {
    run([&]() -> awaitable<void> {
        agent a(co_await asio::this_coro::executor);
        co_await (co_await a.get(url)).discard();
        path->forget();
        const auto begun = std::chrono::steady_clock::now();
        hearth::response r = co_await a.get(url);
        const auto took = since(begun);
        std::cout << "answered after " << took.count() << " ms\n";
        EXPECT_EQ(r.attempts(), 2U);
        EXPECT_LT(took, 5s) << "0.6 s where the machine is not busy";
        co_await r.discard();
        const hearth::counters& count = a.stats().count;
        EXPECT_EQ(count.replays_by_evidence[static_cast<std::size_t>(evidence::silent)], 1U);
        EXPECT_EQ(count.opened, 2U);
    });
}

TEST_F(path_silence, many_gets_are_answered_with_a_connection_each) {
    run([&]() -> awaitable<void> {
        const auto executor = co_await asio::this_coro::executor;
        constexpr std::size_t many = 20;
        for (const std::size_t most : {many, 2 * many}) {  // without room for another connection, and with it
            agent a(executor, {.max_sockets = most});
            for (std::size_t round = 0; round < 2; ++round) {
                std::size_t answered = 0;
                for (std::size_t i = 0; i < many; ++i) {
                    a.get(url + "/slow/20", [&](hearth::error_code ec, const hearth::response& r) {
                        EXPECT_FALSE(ec) << r.failure()->message();
                        ++answered;
                    });
                }
                co_await until([&] { return answered == many && a.stats().in_use == 0; });
                EXPECT_LE(a.stats().count.opened, (round + 1) * many);
                path->forget();
            }
        }
    });
}

TEST_F(path_silence, an_acknowledgement_that_comes_late_keeps_the_old_connection) {
    std::atomic<bool> deaf{false};
    run([&]() -> awaitable<void> {
        const auto executor = co_await asio::this_coro::executor;
        agent a(executor);
        int dials = 0;
        // When a second connection is dialled, the first one is heard again; its acknowledgement is there first.
        path->lose_if([&](const segment& s) {
            if (s.syn && !s.ack && ++dials == 2) deaf = false;
            return deaf && s.payload > 0;
        });
        co_await (co_await a.get(url)).discard();
        deaf = true;
        hearth::response r = co_await a.get(url);
        co_await r.discard();
        // The next retransmission brings the acknowledgement, the dial takes a round trip: either may win.
        EXPECT_LE(a.stats().count.replays, 1U);
        co_await until([&] { return a.stats().free >= 1 && a.stats().connecting == 0; });
        EXPECT_EQ(a.stats().free + a.stats().count.replays, 2U) << "the one that was not needed idles";
        path->lose_if({});
    });
}

TEST_F(path_silence, a_post_fails_when_its_time_is_up) {
    run([&]() -> awaitable<void> {
        agent a(co_await asio::this_coro::executor);
        co_await (co_await a.get(url)).discard();
        path->forget();
        const auto begun = std::chrono::steady_clock::now();
        const hearth::failure f = co_await failure_of(a.send({"POST", url, {}, {}, {.unacknowledged_timeout = 1'500ms}}));
        EXPECT_GE(since(begun), 1s);
        EXPECT_EQ(f.code, errc::unacknowledged_timeout);
        EXPECT_EQ(f.evidence, evidence::silent);
        std::cout << f.message() << '\n';
        EXPECT_NE(f.message().find("not replayed because POST may yet arrive"), std::string::npos) << f.message();
        EXPECT_EQ(a.stats().count.opened, 1U);
    });
    EXPECT_EQ(origin->report().requests, 1U);
}

TEST_F(path_silence, probes_find_it_while_it_idles) {
    run([&]() -> awaitable<void> {
        const auto executor = co_await asio::this_coro::executor;
        agent a(executor, {.keep_alive_msecs = 1s, .unacknowledged_timeout = 3s});
        co_await (co_await a.get(url)).discard();
        path->forget();
        co_await until([&] { return a.stats().free == 0; });
        EXPECT_EQ(a.stats().count.closed[static_cast<std::size_t>(hearth::close_reason::server_closed)], 1U);
    });
}

}  // namespace
