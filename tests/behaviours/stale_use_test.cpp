// docs/behaviours.md, "Going stale": what a request meets on a connection that is old, dead or about to be.
#include "behaviours.hpp"
#include "clock.hpp"
#include "names.hpp"

#include "support/certificates.hpp"

#include <hearth/testing/faulty_origin.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <csignal>
#include <future>
#include <list>
#include <system_error>

namespace {

using namespace hearth::test;
using hearth::agent;
using hearth::close_reason;
using hearth::errc;
using hearth::testing::faulty_origin;

// go #23427.
TEST(behaviours, b38_max_connection_age_closes_at_the_next_release_and_lets_a_dns_change_take_effect) {
    std::promise<void> go;
    scripted_server before([&](peer& p) {
        p.read_head();
        p.respond("before");
        p.read_head();
        go.get_future().wait();
        p.respond("before, late");
        p.wait_closed();
    });
    // The same port of another address of this machine.
    std::optional<faulty_origin> after;
    try {
        after.emplace(
            hearth::testing::faulty_origin_options{.address = "127.0.0.2", .port = before.port(), .body = "after"});
    } catch (const std::system_error& e) {
        GTEST_SKIP() << "127.0.0.2 has this port in use: " << e.what();
    }
    move_to("127.0.0.1");
    run([&]() -> awaitable<void> {
        const auto executor = co_await asio::this_coro::executor;
        agent a(executor, {.max_connection_age = 60s, .dns = {.cache_ttl = 0ms}});
        const std::string url = "http://moving.test:" + std::to_string(before.port()) + "/";
        EXPECT_EQ(co_await (co_await a.get(url)).text(), "before");
        move_to("127.0.0.2");
        const auto in_flight = start(a, url);
        co_await until([&] { return before.requests() == 2; });
        sleep_through(61s);
        go.set_value();
        co_await until([&] { return in_flight->done; });
        EXPECT_EQ(co_await in_flight->answer.text(), "before, late") << "what is in flight is not cut off";
        EXPECT_EQ(closed(a, close_reason::age), 1U);
        EXPECT_EQ(co_await (co_await a.get(url)).text(), "after");
    });
}

TEST(behaviours, b38_connections_opened_together_do_not_all_go_together) {
    faulty_origin origin({.idle_timeout = 0ms, .patience = 120s});
    run([&]() -> awaitable<void> {
        const auto executor = co_await asio::this_coro::executor;
        agent a(executor, {.keep_alive_timeout = 1h, .max_connection_age = 1'000s});
        constexpr std::size_t all = 40;
        EXPECT_EQ(a.warm(origin.url(), all), all);
        co_await until([&] { return a.stats().free == all; });
        sleep_through(950s);  // ages are spread over 900 to 1000 s
        std::vector<std::shared_ptr<started>> calls;
        for (std::size_t i = 0; i < all; ++i) calls.push_back(start(a, origin.url()));
        co_await until([&] { return std::ranges::all_of(calls, [](const auto& c) { return c->done; }); });
        EXPECT_GT(closed(a, close_reason::age), 0U);
        EXPECT_LT(closed(a, close_reason::age), all);
    });
}

// All idle connections are dead at once, and not one of them has been noticed.
TEST(behaviours, b39_after_a_restart_every_request_of_a_burst_succeeds_with_one_failed_try_at_most) {
    faulty_origin origin({.idle_timeout = 0ms});
    run([&]() -> awaitable<void> {
        const auto executor = co_await asio::this_coro::executor;
        agent a(executor, {.max_sockets = 20});
        for (int round = 0; round < 5; ++round) {
            const std::uint64_t opened = a.stats().count.opened;
            std::vector<std::shared_ptr<started>> calls;
            for (int i = 0; i < 20; ++i) calls.push_back(start(a, {i % 2 == 0 ? "GET" : "POST", origin.url()}));
            co_await until([&] { return std::ranges::all_of(calls, [](const auto& c) { return c->done; }); });
            for (const auto& c : calls) {
                EXPECT_EQ(c->answer.status(), 200) << (c->failed ? c->failed->message() : "");
                EXPECT_LE(c->answer.attempts(), 2U);
            }
            co_await until([&] { return a.stats().in_use == 0; });
            EXPECT_LE(a.stats().count.opened - opened, 20U) << "no storm of dials";
            origin.restart(0ms);  // the loop is held up: all idle connections are dead at once, unnoticed
        }
    });
}

// tcp(7): TCP_KEEPIDLE, TCP_KEEPINTVL and, where bytes or probes are unacknowledged, TCP_USER_TIMEOUT.
TEST(behaviours, b44_keep_alive_probes_find_a_silently_dropped_connection_while_it_idles) {
    std::promise<void> answered;
    scripted_server server([&](peer& p) {
        p.read_head();
        p.respond("x");
        answered.get_future().wait();
        p.go_deaf();  // as a box on the way that has forgotten the connection
        p.hold();
    });
    run([&]() -> awaitable<void> {
        const auto executor = co_await asio::this_coro::executor;
        agent a(executor, {.keep_alive_msecs = 1s, .unacknowledged_timeout = 1s});
        co_await (co_await a.get(server.url())).discard();
        answered.set_value();
        co_await until([&] { return a.stats().free == 0; });
        EXPECT_EQ(closed(a, close_reason::server_closed), 1U);
    });
}

// Another idle connection is as likely to be dead.
TEST(behaviours, b46_a_replay_takes_no_other_idle_connection) {
    const scripted_server::script drop = [](peer& p) { p.read_head(); };
    scripted_server server(std::vector{drop, drop, answer_all("fresh")});
    run([&]() -> awaitable<void> {
        agent a(co_await asio::this_coro::executor);
        a.warm(server.url(), 2);
        co_await until([&] { return a.stats().free == 2; });
        hearth::response r = co_await a.get(server.url());
        EXPECT_EQ(co_await r.text(), "fresh");
        EXPECT_FALSE(r.reused());
        EXPECT_EQ(r.connection(), 3U);
        EXPECT_EQ(r.attempts(), 2U);
        EXPECT_EQ(a.stats().free, 2U) << "the other, looked at and found alive, and the fresh one";
    });
}

std::atomic<int> pipes_broken{0};

// The signal ends the process, unless something is done about it.
TEST(behaviours, b47_a_write_to_a_dead_socket_raises_no_sigpipe) {
    struct sigaction count {};
    struct sigaction usual {};
    count.sa_handler = [](int) { ++pipes_broken; };
    ::sigaction(SIGPIPE, &count, &usual);
    const auto& made = certificates();
    for (const bool tls : {false, true}) {
        faulty_origin origin({.certificate = tls ? made.server.certificate : std::string(),
                              .key = tls ? made.server.key : std::string(),
                              .idle_timeout = 0ms,
                              .reset_on_idle = true});
        run([&]() -> awaitable<void> {
            const auto executor = co_await asio::this_coro::executor;
            // Blind, so that the write is what finds out.
            agent a(executor, {.check_before_use = false, .watch_idle = false, .tls = {.ca = made.authority.certificate()}});
            for (int i = 0; i < 3; ++i) {
                co_await (co_await a.get(origin.url())).discard();
                while (origin.close_idle() == 0 && origin.open_connections() > 0) {
                }
                hearth::response r = co_await a.put(origin.url(), std::string(1'000'000, 'x'));
                EXPECT_EQ(r.status(), 200);
                EXPECT_EQ(r.attempts(), 2U) << "the write failed";
                co_await r.discard();
            }
        });
    }
    ::sigaction(SIGPIPE, &usual, nullptr);
    EXPECT_EQ(pipes_broken.load(), 0);
}

// cpp-httplib #591.
TEST(behaviours, b48_the_late_response_of_a_timed_out_request_never_answers_another) {
    faulty_origin origin({.idle_timeout = 0ms, .work = 3ms});
    run([&]() -> awaitable<void> {
        const auto executor = co_await asio::this_coro::executor;
        agent a(executor, {.max_sockets = 2, .retry = {.max_retries = 0}});
        std::list<std::pair<std::string, std::shared_ptr<started>>> calls;
        for (int i = 0; i < 200; ++i) {
            const std::string id = "request-" + std::to_string(i) + "-of-b48";
            hearth::request_options options;
            if (i % 2 == 0) options.headers_timeout = 1ms;
            calls.emplace_back(id, start(a, {"GET", origin.url() + "/headers", {{"X-Id", id}}, {}, options}));
        }
        int answered = 0;
        int i = 0;
        for (const auto& each : calls) {
            const auto& [id, c] = each;
            co_await until([&each] { return each.second->done; });
            const bool patient = i++ % 2 == 1;
            EXPECT_TRUE(!patient || !c->failed);
            if (c->failed) continue;
            ++answered;
            const std::string echo = co_await c->answer.text();
            EXPECT_NE(echo.find(id + "\r\n"), std::string::npos) << echo;
        }
        EXPECT_GE(answered, 100);
    });
}

}  // namespace
