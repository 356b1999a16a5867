// docs/behaviours.md, "Going stale": what ends a connection while it idles.
#include "behaviours.hpp"
#include "clock.hpp"

#include "support/nginx.hpp"
#include "support/secure_peer.hpp"

#include <gtest/gtest.h>

#include <future>

namespace {

using namespace hearth::test;
using hearth::agent;
using hearth::close_reason;

// Node's http-agent-keepalive and error-on-idle, against the real nginx.
TEST(behaviours, b27_nginx_closes_an_idle_connection_and_the_next_request_succeeds) {
    const nginx server({.keepalive_timeout = "1s"});
    run([&]() -> awaitable<void> {
        agent a(co_await asio::this_coro::executor);
        co_await (co_await a.get(server.url())).discard();
        co_await until([&] { return a.stats().free == 0; });
        EXPECT_EQ(closed(a, close_reason::server_closed), 1U);
        hearth::response r = co_await a.post(server.url(), "");
        EXPECT_EQ(r.attempts(), 1U);
        EXPECT_FALSE(r.reused());
        EXPECT_EQ(a.stats().count.failed, 0U);
    });
}

// The ways in which TLS connections end, tidy and not.
TEST(behaviours, b29_the_pool_empties_when_a_tls_server_closes) {
    struct row {
        const char* how;
        std::function<void(secure_peer&)> end;
    };
    const std::vector<row> rows{{"close_notify, then FIN",
                                 [](secure_peer& s) {
                                     s.send_close_notify();
                                     s.half_close();
                                 }},
                                {"close_notify alone", [](secure_peer& s) { s.send_close_notify(); }},
                                {"FIN alone", [](secure_peer& s) { s.half_close(); }},
                                {"RST", [](secure_peer& s) { s.reset(); }}};
    for (const row& each : rows) {
        const secure_identity id;
        std::promise<void> idle;
        scripted_server server([&](peer& p) {
            secure_peer s(p, id);
            s.read_head();
            s.respond("x");
            if (p.number() > 0) return;
            idle.get_future().wait();
            each.end(s);
            if (std::string(each.how) != "RST") s.wait_closed();
        });
        run([&]() -> awaitable<void> {
            const auto executor = co_await asio::this_coro::executor;
            agent a(executor, {.tls = {.ca = certificates().authority.certificate()}});
            const std::string url = "https" + server.url().substr(4);
            co_await (co_await a.get(url)).discard();
            EXPECT_EQ(a.stats().free, 1U);
            idle.set_value();
            co_await until([&] { return a.stats().free == 0; });
            EXPECT_EQ(closed(a, close_reason::server_closed), 1U) << each.how;
            hearth::response r = co_await a.post(url, "");
            EXPECT_EQ(r.attempts(), 1U) << each.how;
            EXPECT_EQ(a.stats().count.failed, 0U);
        });
        EXPECT_EQ(server.complaints(), "") << each.how;
    }
}

// RFC 8446, 4.6: readable, and yet nothing to read.
TEST(behaviours, b30_tickets_and_key_updates_do_not_spoil_an_idle_connection) {
    for (const bool noticed : {true, false}) {
        const secure_identity id;
        std::promise<void> idle;
        std::promise<void> sent;
        scripted_server server([&](peer& p) {
            secure_peer s(p, id);
            s.read_head();
            s.respond("first");
            idle.get_future().wait();
            s.send_ticket();
            s.send_key_update();
            s.send_ticket();
            // The client answers a key update once it has read it: while it idles, or with its next request.
            if (noticed) s.wait_readable();
            sent.set_value();
            s.read_head();
            s.respond("second");
            s.wait_closed();
        });
        run([&]() -> awaitable<void> {
            const auto executor = co_await asio::this_coro::executor;
            agent a(executor, {.tls = {.ca = certificates().authority.certificate()}});
            const std::string url = "https" + server.url().substr(4);
            co_await (co_await a.get(url)).discard();
            idle.set_value();
            auto all_sent = sent.get_future();
            if (noticed) {
                co_await until([&] { return all_sent.wait_for(0s) == std::future_status::ready; });
            } else {
                all_sent.wait();  // the loop is held up: the request comes first
            }
            hearth::response r = co_await a.get(url);
            EXPECT_EQ(co_await r.text(), "second");
            EXPECT_TRUE(r.reused());
            EXPECT_EQ(r.attempts(), 1U);
        });
        EXPECT_EQ(server.complaints(), "");
    }
}

// The hint is in seconds, and the threshold is taken off it.
TEST(behaviours, b33_a_hint_retires_a_connection_before_the_server_does) {
    for (const std::string hint : {"timeout=5", "max=100, timeout=5", "Timeout=5", "TIMEOUT = \"5\" ; max=100"}) {
        scripted_server server(answer_all("x", "Keep-Alive: " + hint + "\r\n"));
        run([&]() -> awaitable<void> {
            agent a(co_await asio::this_coro::executor);
            co_await (co_await a.get(server.url())).discard();
            sleep_through(1s);
            EXPECT_EQ(a.stats().free, 1U);
            co_await (co_await a.get(server.url())).discard();
            EXPECT_EQ(a.stats().count.opened, 1U) << hint;
            sleep_through(4s);  // one second short of what the server told
            co_await (co_await a.get(server.url())).discard();
            EXPECT_EQ(a.stats().count.opened, 2U) << hint;
            EXPECT_EQ(closed(a, close_reason::hint), 1U) << hint;
            pass(4s);  // and by itself, without a request
            co_await until([&] { return a.stats().free == 0; });
            EXPECT_EQ(closed(a, close_reason::hint), 2U) << hint;
        });
    }
    scripted_server server(answer_all("x", "Keep-Alive: timeout=1\r\n"));
    run([&]() -> awaitable<void> {
        agent a(co_await asio::this_coro::executor);
        for (int i = 0; i < 2; ++i) co_await (co_await a.get(server.url())).discard();
        EXPECT_EQ(closed(a, close_reason::hint), 2U) << "nothing is left of one second";
    });
}

// RFC 2068, 19.7.1.1, as Apache counts (what is left) and as others do (the total). Which of the two it is shows in the
// second response; a connection may retire one request early for that.
TEST(behaviours, b34_max_is_honoured_without_a_failed_try) {
    for (const bool counts_down : {true, false}) {
        scripted_server server([&](peer& p) {
            for (int left = 3; left > 0 && !p.read_head().empty(); --left) {
                const int max = counts_down ? left - 1 : 3;
                p.send(ok_response("x", "Keep-Alive: timeout=60, max=" + std::to_string(max) + "\r\n"));
            }
            EXPECT_EQ(p.read_head(), "") << "one request too many";
        });
        run([&]() -> awaitable<void> {
            agent a(co_await asio::this_coro::executor);
            for (int i = 0; i < 9; ++i) {
                hearth::response r = co_await a.post(server.url(), "");
                EXPECT_EQ(r.attempts(), 1U);
            }
            EXPECT_GE(a.stats().count.opened, 3U);
            EXPECT_LE(a.stats().count.opened, counts_down ? 5U : 3U);
            EXPECT_EQ(closed(a, close_reason::requests) + a.stats().free, a.stats().count.opened);
        });
    }
}

// What is not a number of seconds or requests says nothing.
TEST(behaviours, b35_garbage_hints_are_ignored) {
    for (const std::string hint :
         {"timeout=-5", "timeout=99999999999999999999", "timeout=NaN", "timeout=abc", "timeout=", "timeout", "=5", ",;,",
          "max=-1", "max=banana", "timeout=5x", "timeout=0x5", "maximum=0", "x-timeout=0", "timeout=1e1"}) {
        scripted_server server(answer_all("x", "Keep-Alive: " + hint + "\r\n"));
        run([&]() -> awaitable<void> {
            agent a(co_await asio::this_coro::executor);
            for (int i = 0; i < 2; ++i) {
                co_await (co_await a.get(server.url())).discard();
                sleep_through(10s);
            }
            EXPECT_EQ(a.stats().count.opened, 1U) << hint;
        });
    }
}

// Timers share the loop with everything else.
TEST(behaviours, b36_no_connection_is_handed_out_past_its_idle_time_although_the_timer_is_late) {
    scripted_server server(answer_all());
    run([&]() -> awaitable<void> {
        const auto executor = co_await asio::this_coro::executor;
        agent a(executor, {.keep_alive_timeout = 10s});
        for (const std::string method : {"GET", "PUT", "POST"}) {
            co_await (co_await a.get(server.url())).discard();
            EXPECT_EQ(a.stats().free, 1U);
            pass(11s);  // the loop was busy: its timer has not run
            hearth::response r = co_await a.send({method, server.url()});
            EXPECT_FALSE(r.reused()) << method;
            co_await r.discard();
        }
        EXPECT_EQ(closed(a, close_reason::idle), 3U);
        EXPECT_EQ(a.stats().count.opened, 4U);
    });
}

// TCP knows nothing of the hours slept; the server's timer went on.
TEST(behaviours, b37_a_machine_that_slept_expires_its_idle_connections) {
    scripted_server server(answer_all());
    run([&]() -> awaitable<void> {
        agent a(co_await asio::this_coro::executor);
        co_await (co_await a.get(server.url())).discard();
        sleep_through(8h);
        hearth::response r = co_await a.post(server.url(), "");
        EXPECT_FALSE(r.reused());
        EXPECT_EQ(r.attempts(), 1U);
        EXPECT_EQ(closed(a, close_reason::idle), 1U);
    });
}

}  // namespace
