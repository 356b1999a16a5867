// Connections that the server has closed (docs/behaviours: 27, 28, 31, 32, 39, 42, 43, 45).
#include "support/run.hpp"
#include "support/scripted_server.hpp"

#include <hearth/agent.hpp>
#include <hearth/testing/faulty_origin.hpp>

#include <gtest/gtest.h>

#include <future>
#include <string>

namespace {

using namespace hearth::test;
using hearth::agent;
using hearth::close_reason;
using hearth::errc;

std::uint64_t closed(const agent& a, close_reason r) { return a.stats().count.closed[static_cast<std::size_t>(r)]; }

TEST(agent_stale, the_pool_empties_when_the_server_closes) {  // 27, 28
    for (const bool reset : {false, true}) {
        hearth::testing::faulty_origin origin({.idle_timeout = 0ms, .reset_on_idle = reset});
        run([&]() -> awaitable<void> {
            agent a(co_await asio::this_coro::executor);
            co_await (co_await a.get(origin.url())).discard();
            EXPECT_EQ(a.stats().free, 1U);
            co_await until([&] { return origin.close_idle() == 1 || origin.open_connections() == 0; });
            co_await until([&] { return a.stats().free == 0; });
            EXPECT_EQ(closed(a, close_reason::server_closed), 1U);
            hearth::response r = co_await a.get(origin.url());
            EXPECT_EQ(co_await r.text(), "hello from the origin\n");
            EXPECT_EQ(r.attempts(), 1U);
        });
    }
}

// The loop is busy while the server closes, so that only the look before use can notice.
TEST(agent_stale, the_look_before_use_finds_what_the_watch_had_no_time_for) {
    for (const std::string method : {"GET", "POST"}) {
        hearth::testing::faulty_origin origin({.idle_timeout = 0ms});
        run([&]() -> awaitable<void> {
            agent a(co_await asio::this_coro::executor);
            co_await (co_await a.get(origin.url())).discard();
            co_await pause(2ms);  // older than what is trusted unseen
            while (origin.close_idle() == 0 && origin.open_connections() > 0) {
            }
            hearth::response r = co_await a.send({method, origin.url()});
            EXPECT_EQ(r.status(), 200);
            EXPECT_EQ(r.attempts(), 1U);
            EXPECT_EQ(closed(a, close_reason::stale_at_use), 1U);
            EXPECT_EQ(a.stats().count.replays, 0U);
        });
        EXPECT_EQ(origin.report().executed_twice, 0U);
    }
}

TEST(agent_stale, unsolicited_bytes_never_answer_a_request) {  // 31, 32
    for (const std::string junk : {"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
                                   "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison"}) {
        std::promise<void> idle;
        scripted_server server(std::vector<scripted_server::script>{[&](peer& p) {
                                                                        p.read_head();
                                                                        p.respond("first");
                                                                        idle.get_future().wait();
                                                                        p.send(junk);
                                                                        p.wait_closed();
                                                                    },
                                                                    [&](peer& p) {
                                                                        p.read_head();
                                                                        p.respond("second");
                                                                        p.wait_closed();
                                                                    }});
        run([&]() -> awaitable<void> {
            agent a(co_await asio::this_coro::executor);
            EXPECT_EQ(co_await (co_await a.get(server.url())).text(), "first");
            idle.set_value();
            co_await until([&] { return a.stats().free == 0; });
            EXPECT_EQ(closed(a, close_reason::unsolicited), 1U);
            EXPECT_EQ(co_await (co_await a.get(server.url())).text(), "second");
        });
    }
}

scripted_server::script answer_then(std::function<void(peer&)> end) {
    return [end = std::move(end)](peer& p) {
        p.read_head();
        p.respond("first");
        p.read_head();
        end(p);
    };
}
const scripted_server::script answer_all = [](peer& p) {
    while (!p.read_head().empty()) p.respond("again");
};

TEST(agent_stale, a_get_that_the_server_received_and_dropped_is_replayed_once) {  // 42
    for (const bool reset : {false, true}) {
        scripted_server server(std::vector{answer_then([&](peer& p) { reset ? p.reset() : p.close(); }), answer_all});
        run([&]() -> awaitable<void> {
            agent a(co_await asio::this_coro::executor);
            co_await (co_await a.get(server.url())).discard();
            hearth::response r = co_await a.get(server.url());
            EXPECT_EQ(co_await r.text(), "again");
            EXPECT_EQ(r.attempts(), 2U);
            EXPECT_FALSE(r.reused());
            EXPECT_EQ(a.stats().count.replays, 1U);
            EXPECT_EQ(closed(a, close_reason::stale_in_use), 1U);
        });
        EXPECT_EQ(server.connections(), 2);
    }
}

TEST(agent_stale, a_post_that_the_server_received_is_not_sent_again) {  // 42
    scripted_server server(std::vector{answer_then([](peer& p) { p.close(); }), answer_all});
    run([&]() -> awaitable<void> {
        agent a(co_await asio::this_coro::executor);
        co_await (co_await a.get(server.url())).discard();
        const hearth::failure f = co_await failure_of(a.post(server.url(), ""));
        EXPECT_EQ(f.code, errc::connection_closed);
        EXPECT_TRUE(f.reused);
        EXPECT_EQ(f.attempts, 1U);
        EXPECT_NE(f.message().find("not replayed because POST may have been executed"), std::string::npos) << f.message();
    });
    EXPECT_EQ(server.connections(), 1);
}

TEST(agent_stale, an_idempotency_key_makes_a_post_replayable) {
    scripted_server server(std::vector{answer_then([](peer& p) { p.close(); }), answer_all});
    run([&]() -> awaitable<void> {
        agent a(co_await asio::this_coro::executor);
        co_await (co_await a.get(server.url())).discard();
        hearth::response r = co_await a.send({"POST", server.url(), {{"Idempotency-Key", "7"}}});
        EXPECT_EQ(co_await r.text(), "again");
        EXPECT_EQ(r.attempts(), 2U);
    });
}

TEST(agent_stale, what_must_not_be_replayed_is_not) {  // 45
    struct row {
        hearth::request_options options;
        hearth::body body;
        std::string words;
    };
    const std::vector<row> rows{
        {{.idempotent = false}, {}, "not replayed"},
        {{.never_replay = true}, {}, "not replayed"},
        {{.replay = hearth::replay_options{.enabled = false}}, {}, "not replayed"},
        {{},
         hearth::body::generator([n = 0](std::span<char> into) mutable { return n++ == 0 ? (into[0] = 'x', 1U) : 0U; }),
         "body"}};
    for (const row& each : rows) {
        scripted_server server(std::vector{answer_then([](peer& p) { p.close(); }), answer_all});
        run([&]() -> awaitable<void> {
            const auto executor = co_await asio::this_coro::executor;
            agent a(executor, {.retry = {.max_retries = 0}});
            co_await (co_await a.get(server.url())).discard();
            const hearth::failure f = co_await failure_of(a.send({"PUT", server.url(), {}, each.body, each.options}));
            EXPECT_NE(f.verdict.find(each.words), std::string::npos) << f.message();
        });
        EXPECT_EQ(server.connections(), 1);
    }
}

TEST(agent_stale, a_fresh_connection_that_dies_is_not_replayed_for_ever) {  // 43
    scripted_server server([](peer& p) { p.read_head(); });
    run([&]() -> awaitable<void> {
        const auto executor = co_await asio::this_coro::executor;
        agent a(executor, {.retry = {.max_retries = 3, .base_delay = 1ms}});
        const hearth::failure f = co_await failure_of(a.get(server.url()));
        EXPECT_EQ(f.code, errc::connection_closed);
        EXPECT_EQ(f.attempts, 4U);
        EXPECT_EQ(a.stats().count.replays, 0U);
        EXPECT_EQ(a.stats().count.retries, 3U);
    });
    EXPECT_EQ(server.connections(), 4);
}

TEST(agent_stale, a_burst_after_a_restart_succeeds_without_a_storm_of_dials) {  // 39
    hearth::testing::faulty_origin origin({.idle_timeout = 0ms});
    run([&]() -> awaitable<void> {
        const auto executor = co_await asio::this_coro::executor;
        agent a(executor, {.max_sockets = 20});
        for (int round = 0; round < 3; ++round) {
            int answered = 0;
            for (int i = 0; i < 20; ++i) {
                a.get(origin.url(), [&](hearth::error_code ec, hearth::response r) {
                    EXPECT_FALSE(ec) << (r.failure() != nullptr ? r.failure()->message() : std::string());
                    ++answered;
                });
            }
            co_await until([&] { return answered == 20 && a.stats().in_use == 0; });
            if (round < 2) origin.restart(0ms);  // the loop is held up: all of it comes as a surprise
        }
        EXPECT_EQ(a.stats().count.failed, 0U);
        EXPECT_LE(a.stats().count.opened, 60U);
    });
}

}  // namespace
