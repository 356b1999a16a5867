// docs/behaviours.md, "Shutdown and accounting".
#include "behaviours.hpp"
#include "clock.hpp"
#include "values/sanitizers.hpp"

#include <hearth/testing/faulty_origin.hpp>

#include <gtest/gtest.h>

#include <unistd.h>

#include <malloc.h>

namespace {

using namespace hearth::test;
using hearth::agent;

// Sanitizers slow everything down, and run() gives a test 60 s.
constexpr int origins = hearth::values::address_sanitizer || hearth::values::thread_sanitizer ? 2'000 : 10'000;

// Where every URL's host is on this unix socket.
hearth::agent_options on(const std::string& path) {
    return {.max_total_sockets = 100, .keep_alive_timeout = 100ms, .socket_path = path};
}

// Origins are forgotten now and then, when the agent is awake anyway.
awaitable<void> wait_until_all_but_one_are_forgotten(agent& a) {
    pass(200ms);
    co_await until([&] { return a.stats().free == 0; });
    sleep_through(2min);
    pass(10s);
    co_await (co_await a.get("http://another.test/")).discard();
    pass(200ms);
    co_await until([&] { return a.stats().origins.size() == 1; });
}

// undici #4424.
TEST(behaviours, b57_long_unused_origins_are_freed_and_their_counts_kept) {
    const std::string path = testing::TempDir() + "hearth_b57_" + std::to_string(::getpid());
    const hearth::testing::faulty_origin origin({.socket_path = path});
    run([&]() -> awaitable<void> {
        const auto executor = co_await asio::this_coro::executor;
        agent a(executor, on(path));
        for (int i = 0; i < 100; ++i) co_await (co_await a.get("http://o" + std::to_string(i) + ".test/")).discard();
        EXPECT_EQ(a.stats().origins.size(), 100U);
        co_await wait_until_all_but_one_are_forgotten(a);
        const hearth::stats s = a.stats();
        EXPECT_EQ(s.count.requests, 101U);
        EXPECT_EQ(s.count.responses, 101U);
        EXPECT_EQ(s.count.opened, 101U);
        EXPECT_EQ(s.count.closed_total() + s.free, 101U);
        EXPECT_EQ(s.in_use + s.connecting, 0U);
    });
}

// As above, at a scale at which it would show.
TEST(behaviours, b58_ten_thousand_origins_visited_once_leave_no_memory_behind) {
    const std::string path = testing::TempDir() + "hearth_b58_" + std::to_string(::getpid());
    const hearth::testing::faulty_origin origin({.socket_path = path});
    run([&]() -> awaitable<void> {
        const auto executor = co_await asio::this_coro::executor;
        agent a(executor, on(path));
        const auto visit = [&](int generation) -> awaitable<std::size_t> {
            for (int i = 0; i < origins; ++i) {
                const std::string name = "o" + std::to_string(i) + ".generation" + std::to_string(generation) + ".test";
                co_await (co_await a.get("http://" + name + "/")).discard();
            }
            EXPECT_GT(a.stats().origins.size(), 1'000U);
            co_await wait_until_all_but_one_are_forgotten(a);
            co_return ::mallinfo2().uordblks;
        };
        const std::size_t once = co_await visit(1);
        const std::size_t twice = co_await visit(2);
        // The tables have their size by then. 0 under sanitizers, whose allocator keeps its own books.
        EXPECT_LT(twice, once + 1'000'000) << "100 bytes an origin";
    });
}

}  // namespace
