// Against the real nginx.
#include "support/nginx.hpp"
#include "integration/callers.hpp"
#include "support/certificates.hpp"

#include <gtest/gtest.h>

#include <sstream>
#include <string>

namespace {

using namespace hearth::test;
using hearth::agent;
using hearth::evidence;

struct nginx_test : real_servers {
    void SetUp() override { HEARTH_NEED_SERVER(nginx); }
};

// Connections accepted so far, by the server's own books.
awaitable<unsigned long> accepted(agent& a, const nginx& server) {
    const std::string status = co_await (co_await a.get(server.url("/status"))).text();
    unsigned long n = 0;
    std::istringstream(status.substr(status.find("requests") + 8)) >> n;
    co_return n;
}

TEST_F(nginx_test, a_hundred_thousand_requests_over_fifty_connections_open_fifty) {
    const nginx server;
    constexpr int requests = 100'000 / slowness;
    const std::size_t descriptors = open_descriptors();
    run([&]() -> awaitable<void> {
        const auto ex = co_await asio::this_coro::executor;
        agent observer(ex);
        const unsigned long before = co_await accepted(observer, server);
        agent a(ex, {.max_sockets = 50});
        int left = requests;
        int working = 50;
        for (int i = 0; i < 50; ++i) {
            asio::co_spawn(
                ex,
                [&]() -> awaitable<void> {
                    while (left-- > 0) {
                        const std::string id = std::to_string(left);
                        hearth::response r = co_await a.send({"GET", server.url(), {{"x-request-id", id}}});
                        EXPECT_EQ(co_await r.text(), id);
                    }
                },
                [&](const std::exception_ptr& e) {
                    EXPECT_FALSE(e);
                    --working;
                });
        }
        co_await until([&] { return working == 0; });
        const hearth::stats s = a.stats();
        EXPECT_EQ(s.count.opened, 50U);
        EXPECT_EQ(s.count.responses, static_cast<std::uint64_t>(requests));
        EXPECT_EQ(s.count.failed, 0U);
        EXPECT_EQ(co_await accepted(observer, server) - before, 50U);
    });
    EXPECT_EQ(open_descriptors(), descriptors);
}

TEST_F(nginx_test, idle_gaps_around_its_keepalive_timeout) {
    nginx server({.keepalive_timeout = "1s", .keep_books = true});
    outcomes all;
    run([&] { return call_with_gaps(server.url(), {.seed = 1}, {}, all); });
    server.stop();
    expect_promise_kept(all, server.executed());
}

TEST_F(nginx_test, idle_gaps_mended_by_evidence_alone) {
    nginx server({.keepalive_timeout = "1s", .keep_books = true});
    outcomes all;
    run([&] { return call_with_gaps(server.url(), {.seed = 2}, by_evidence_alone(), all); });
    server.stop();
    expect_promise_kept(all, server.executed());
    EXPECT_GT(all.replayed_after(evidence::closed_before), 0U);
}

TEST_F(nginx_test, idle_gaps_under_tls) {
    const auto& made = certificates();
    nginx server(
        {.keepalive_timeout = "1s", .keep_books = true, .certificate = made.server.certificate, .key = made.server.key});
    outcomes all;
    run([&]() -> awaitable<void> {
        hearth::agent_options options{.tls = {.ca = made.authority.certificate()}};
        gap_plan plan{.name = "watched", .callers = 50, .seed = 3};
        co_await call_with_gaps(server.url(), plan, options, all);
        options.learn_idle_timeout = options.watch_idle = options.check_before_use = false;
        plan.name = "unwatched";
        co_await call_with_gaps(server.url(), plan, options, all);
    });
    server.stop();
    expect_promise_kept(all, server.executed());
    EXPECT_GT(all.count.replays, 0U);
}

TEST_F(nginx_test, a_thousand_requests_over_one_tls_connection) {
    const auto& made = certificates();
    const nginx server({.certificate = made.server.certificate, .key = made.server.key});
    run([&]() -> awaitable<void> {
        const auto executor = co_await asio::this_coro::executor;
        agent a(executor, {.tls = {.ca = made.authority.certificate()}});
        for (int i = 0; i < 1000 / slowness; ++i) {
            const std::string id = std::to_string(i);
            hearth::response r = co_await a.send({"GET", server.url(), {{"x-request-id", id}}});
            EXPECT_EQ(co_await r.text(), id);
        }
        EXPECT_EQ(a.stats().count.opened, 1U);
    });
}

TEST_F(nginx_test, five_requests_a_connection_and_reloads_under_load) {
    nginx server({.keepalive_requests = 5, .workers = 2, .keep_books = true});
    outcomes all;
    run([&] { return call_disturbed(server.url(), default_patience, 10, all, [&] { server.reload(); }); });
    server.stop();
    expect_promise_kept(all, server.executed());
    EXPECT_GE(all.count.opened, all.requests.size() / 5);
}

TEST_F(nginx_test, reloads_close_idle_connections) {
    nginx server({.workers = 2, .keep_books = true});
    outcomes all;
    run([&] { return call_disturbed(server.url(), default_patience, 10, all, [&] { server.reload(); }); });
    server.stop();
    expect_promise_kept(all, server.executed());
}

TEST_F(nginx_test, killed_and_started_under_load) {
    nginx server({.workers = 2, .keep_books = true});
    outcomes all;
    run([&] { return call_through_restarts(server.url(), 10, all, [&] { server.kill_and_start(); }); });
    server.stop();
    expect_promise_kept(all, server.executed(), books_are::wanting);
}

}  // namespace
