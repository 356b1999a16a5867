// Against the real HAProxy, in front of nginx.
#include "support/haproxy.hpp"
#include "integration/callers.hpp"
#include "support/nginx.hpp"

#include <gtest/gtest.h>

#include <string>

namespace {

using namespace hearth::test;
using hearth::agent;
using hearth::close_reason;
using hearth::evidence;

struct haproxy_test : real_servers {
    void SetUp() override {
        HEARTH_NEED_SERVER(nginx);
        HEARTH_NEED_SERVER(haproxy);
    }
};

TEST_F(haproxy_test, idle_gaps_around_its_http_keep_alive_timeout) {
    nginx server({.keep_books = true});
    const haproxy balancer({.backend = server.port(), .keep_alive_timeout = "1s"});
    outcomes all;
    run([&] { return call_with_gaps(balancer.url(), {.seed = 11}, {}, all); });
    server.stop();
    expect_promise_kept(all, server.executed());
}

TEST_F(haproxy_test, idle_gaps_mended_by_evidence_alone) {
    nginx server({.keep_books = true});
    const haproxy balancer({.backend = server.port(), .keep_alive_timeout = "1s"});
    outcomes all;
    run([&] { return call_with_gaps(balancer.url(), {.seed = 12}, by_evidence_alone(), all); });
    server.stop();
    expect_promise_kept(all, server.executed());
    EXPECT_GT(all.replayed_after(evidence::closed_before), 0U);
}

// A connection that has carried nothing yet is told 408 when timeout http-request has passed.
TEST_F(haproxy_test, its_408_on_a_connection_warmed_up_is_a_close) {
    nginx server({.keep_books = true});
    const haproxy balancer({.backend = server.port(), .request_timeout = "300ms"});
    outcomes all;
    run([&]() -> awaitable<void> {
        const auto executor = co_await asio::this_coro::executor;
        agent a(executor, {.max_sockets = 20});
        std::minstd_rand random(13);
        EXPECT_EQ(a.warm(balancer.url(), 20), 20U);
        const auto unsolicited = [&] { return a.stats().count.closed[static_cast<std::size_t>(close_reason::unsolicited)]; };
        co_await until([&] { return unsolicited() == 20; });
        EXPECT_EQ(a.stats().free, 0U);
        co_await send_any(a, balancer.url(), "after", random, all);
        all.add(a.stats());
    });
    server.stop();
    expect_promise_kept(all, server.executed());
    EXPECT_EQ(all.failed(), 0U);
}

// Warms a connection up and sends its first request about when the 408 comes. A POST that had already arrived may be
// answered by it.
awaitable<void> meet_408(std::string url, hearth::agent_options options, int number, outcomes& all) {
    const auto executor = co_await asio::this_coro::executor;
    std::minstd_rand random(static_cast<unsigned>(number) + 14'000);
    options.max_sockets = 1;
    agent a(executor, options);
    for (int i = 0; i < 5; ++i) {
        a.warm(url, 1);
        co_await until([&] { return a.stats().connecting == 0; });
        co_await pause(std::chrono::microseconds(280'000 + random() % 60'000));
        const std::string id = "meet-" + std::to_string(number) + "-" + std::to_string(i);
        co_await send_any(a, url, id, random, all);
        a.close_idle();
    }
    all.add(a.stats());
}

TEST_F(haproxy_test, its_408_meets_requests) {
    nginx server({.keep_books = true});
    const haproxy balancer({.backend = server.port(), .request_timeout = "300ms"});
    for (const bool watched : {true, false}) {
        outcomes all;
        run([&]() -> awaitable<void> {
            const auto executor = co_await asio::this_coro::executor;
            int working = 50;
            for (int i = 0; i < 50; ++i) {
                auto options = watched ? hearth::agent_options{} : by_evidence_alone();
                asio::co_spawn(executor, meet_408(balancer.url(), options, i + (watched ? 0 : 50), all),
                               [&](const std::exception_ptr& e) {
                                   EXPECT_NO_THROW(if (e) std::rethrow_exception(e));
                                   --working;
                               });
            }
            co_await until([&] { return working == 0; });
        });
        expect_promise_kept(all, server.executed(), books_are::wanting);
        EXPECT_TRUE(watched || all.count.replays > 0);
    }
}

TEST_F(haproxy_test, reloaded_under_load) {
    nginx server({.keep_books = true});
    haproxy balancer({.backend = server.port()});
    outcomes all;
    run([&] { return call_disturbed(balancer.url(), 50s, 5, all, [&] { balancer.reload(); }); });
    server.stop();
    expect_promise_kept(all, server.executed());
}

}  // namespace
