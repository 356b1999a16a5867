// An agent learns when its servers close what idles, and leaves before that.
#include "agent/asked.hpp"
#include "support/run.hpp"

#include <hearth/agent.hpp>
#include <hearth/testing/faulty_origin.hpp>

#include <gtest/gtest.h>

namespace {

using namespace hearth::test;
using hearth::agent;
using hearth::close_reason;

std::uint64_t closed(const agent& a, close_reason why) { return a.stats().count.closed[static_cast<std::size_t>(why)]; }

/// Lets the origin close idle connections, one after the other, until it has closed so many.
awaitable<void> be_closed(agent& a, const std::string& url, std::uint64_t times) {
    for (std::uint64_t i = closed(a, close_reason::server_closed) + 1; i <= times; ++i) {
        hearth::response r = co_await a.get(url);
        co_await r.discard();
        co_await until([&] { return closed(a, close_reason::server_closed) == i; });
    }
}

TEST(agent_learning, after_three_closes_it_leaves_first) {
    hearth::testing::faulty_origin origin({.idle_timeout = 1'500ms});
    run([&]() -> awaitable<void> {
        const auto executor = co_await asio::this_coro::executor;
        agent a(executor);
        const std::string url = origin.url() + "/";
        co_await be_closed(a, url, 3);
        co_await pause(300ms);  // more closes of the same cause could have come
        hearth::response r = co_await a.get(url);
        co_await r.discard();
        const hearth::learnt_timeout learnt = a.stats().origins.at(origin.url()).learnt;
        EXPECT_EQ(learnt.closes, 3U);
        EXPECT_GE(learnt.timeout, 1'400ms);
        EXPECT_LT(learnt.limit, learnt.timeout - 200ms);
        EXPECT_NE(learnt.in_words().find("learnt from 3 closes"), std::string::npos) << learnt.in_words();
        const hearth::log_event told = only(co_await events_of(a, hearth::log_event::kind::learnt));
        EXPECT_EQ(told.origin, origin.url());
        EXPECT_EQ(told.detail, learnt.in_words());
        co_await pause(learnt.limit + 20ms);
        const std::uint64_t opened = a.stats().count.opened;
        hearth::response next = co_await a.post(url, "x");
        EXPECT_FALSE(next.reused()) << "the server would have closed it soon";
        co_await next.discard();
        EXPECT_EQ(a.stats().count.opened, opened + 1);
    });
}

TEST(agent_learning, a_learnt_limit_is_the_safe_age_of_what_must_not_be_repeated) {
    hearth::testing::faulty_origin origin({.idle_timeout = 2'000ms});
    run([&]() -> awaitable<void> {
        const auto executor = co_await asio::this_coro::executor;
        agent a(executor, {.safe_age = 0ms});
        const std::string url = origin.url() + "/";
        co_await be_closed(a, url, 3);
        co_await pause(300ms);
        co_await (co_await a.get(url)).discard();
        hearth::response r = co_await a.post(url, "x");
        EXPECT_TRUE(r.reused()) << "safe_age is for servers of which nothing is known";
    });
}

TEST(agent_learning, can_be_switched_off) {
    hearth::testing::faulty_origin origin({.idle_timeout = 1'100ms});
    run([&]() -> awaitable<void> {
        const auto executor = co_await asio::this_coro::executor;
        agent a(executor, {.learn_idle_timeout = false});
        const std::string url = origin.url() + "/";
        co_await be_closed(a, url, 3);
        co_await pause(300ms);
        co_await be_closed(a, url, 4);
        EXPECT_EQ(a.stats().origins.at(origin.url()).learnt.closes, 0U);
        EXPECT_EQ(closed(a, close_reason::learnt), 0U);
    });
}

}  // namespace
