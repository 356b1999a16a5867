// Which connections are used again (docs/behaviours: 1 to 5, 14, 16, 23).
#include "support/run.hpp"
#include "support/scripted_server.hpp"

#include <hearth/agent.hpp>
#include <hearth/testing/faulty_origin.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace {

using namespace hearth::test;
using hearth::agent;
using hearth::close_reason;

std::uint64_t closed(const agent& a, close_reason r) { return a.stats().count.closed[static_cast<std::size_t>(r)]; }

TEST(agent_reuse, ten_requests_one_after_the_other_use_one_connection) {  // 1
    const hearth::testing::faulty_origin origin;
    run([&]() -> awaitable<void> {
        agent a(co_await asio::this_coro::executor);
        for (int i = 0; i < 10; ++i) {
            hearth::response r = co_await a.get(origin.url());
            EXPECT_EQ(r.status(), 200);
            EXPECT_EQ(co_await r.text(), "hello from the origin\n");
            EXPECT_EQ(r.reused(), i > 0);
            EXPECT_EQ(r.attempts(), 1U);
        }
        EXPECT_EQ(a.stats().count.opened, 1U);
        EXPECT_EQ(a.stats().count.reused, 9U);
        EXPECT_EQ(a.stats().free, 1U);
    });
    EXPECT_EQ(origin.report().connections, 1U);
}

TEST(agent_reuse, connection_close_in_the_response_ends_the_connection) {  // 2, 4
    for (const std::string field :
         {"Connection: close\r\n", "connection: foo, CLOSE\r\n", "Connection: keep-alive\r\nConnection: Close\r\n"}) {
        scripted_server server([&](peer& p) {
            p.read_head();
            p.send(ok_response("x", field));
            p.wait_closed();
        });
        run([&]() -> awaitable<void> {
            agent a(co_await asio::this_coro::executor);
            for (int i = 0; i < 3; ++i) {
                hearth::response r = co_await a.get(server.url());
                EXPECT_EQ(co_await r.text(), "x");
            }
            EXPECT_EQ(a.stats().free, 0U);
            EXPECT_EQ(closed(a, close_reason::response), 3U);
        });
        EXPECT_EQ(server.connections(), 3) << field;
    }
}

TEST(agent_reuse, connection_close_in_the_request_ends_the_connection) {  // 3
    const hearth::testing::faulty_origin origin;
    run([&]() -> awaitable<void> {
        agent a(co_await asio::this_coro::executor);
        hearth::response r = co_await a.send({"GET", origin.url(), {{"Connection", "close"}}});
        EXPECT_EQ(co_await r.text(), "hello from the origin\n");
        EXPECT_EQ(a.stats().free, 0U);
    });
}

TEST(agent_reuse, http_10_stays_open_only_with_keep_alive) {  // 5
    struct row {
        std::string head;
        std::size_t free;
    };
    const std::vector<row> rows{{"HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\n", 0},
                                {"HTTP/1.0 200 OK\r\nContent-Length: 1\r\nConnection: Keep-Alive\r\n\r\n", 1},
                                {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n", 1}};
    for (const row& each : rows) {
        scripted_server server([&](peer& p) {
            p.read_head();
            p.send(each.head + "x");
            p.wait_closed();
        });
        run([&]() -> awaitable<void> {
            agent a(co_await asio::this_coro::executor);
            hearth::response r = co_await a.get(server.url());
            EXPECT_EQ(co_await r.text(), "x");
            EXPECT_EQ(a.stats().free, each.free) << each.head;
        });
    }
}

TEST(agent_reuse, one_origin_however_it_is_written) {  // 14
    const hearth::testing::faulty_origin origin;
    const std::string port = std::to_string(origin.port());
    run([&]() -> awaitable<void> {
        agent a(co_await asio::this_coro::executor);
        for (const std::string& url :
             {"http://127.0.0.1:" + port, "HTTP://127.0.0.1:" + port + "/", "http://user:pw@127.0.0.1:" + port + "/?q#f"})
            co_await (co_await a.get(url)).discard();
        EXPECT_EQ(a.stats().origins.size(), 1U);
        EXPECT_EQ(a.stats().count.opened, 1U);
    });
}

TEST(agent_reuse, bytes_after_the_response_end_the_connection) {  // 20, 23
    struct row {
        std::string method, answer;
    };
    const std::vector<row> rows{{"GET", ok_response("x") + "junk"},
                                {"HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody"},
                                {"GET", "HTTP/1.1 204 No Content\r\n\r\nextra"}};
    for (const row& each : rows) {
        scripted_server server([&](peer& p) {
            p.read_head();
            p.send(each.answer);
            p.wait_closed();
        });
        run([&]() -> awaitable<void> {
            agent a(co_await asio::this_coro::executor);
            for (int i = 0; i < 2; ++i) co_await (co_await a.send({each.method, server.url()})).discard();
            EXPECT_EQ(a.stats().free, 0U);
            EXPECT_EQ(a.stats().count.failed, 0U);
        });
        EXPECT_EQ(server.connections(), 2) << each.answer;
    }
}

TEST(agent_reuse, keep_alive_off_closes_after_each_response) {
    const hearth::testing::faulty_origin origin;
    run([&]() -> awaitable<void> {
        const auto executor = co_await asio::this_coro::executor;
        agent a(executor, {.keep_alive = false});
        for (int i = 0; i < 3; ++i) co_await (co_await a.get(origin.url())).discard();
        EXPECT_EQ(a.stats().count.opened, 3U);
        EXPECT_EQ(a.stats().free, 0U);
    });
}

TEST(agent_reuse, idle_connections_end_after_keep_alive_timeout) {
    const hearth::testing::faulty_origin origin;
    run([&]() -> awaitable<void> {
        const auto executor = co_await asio::this_coro::executor;
        agent a(executor, {.keep_alive_timeout = 30ms});
        co_await (co_await a.get(origin.url())).discard();
        co_await until([&] { return a.stats().free == 0; });
        EXPECT_EQ(closed(a, close_reason::idle), 1U);
    });
}

TEST(agent_reuse, a_hint_ends_connections_before_the_server_does) {  // 33, 34, 35
    struct row {
        std::string field;
        std::size_t free;
        close_reason reason;
    };
    const std::vector<row> rows{{"Keep-Alive: timeout=1\r\n", 0, close_reason::hint},
                                {"Keep-Alive: timeout=60, max=1\r\n", 0, close_reason::requests},
                                {"keep-alive: MAX=100, Timeout=5\r\n", 1, close_reason::hint},
                                {"Keep-Alive: timeout=-5, max=banana\r\n", 1, close_reason::hint},
                                {"Keep-Alive: timeout=99999999999999999999\r\n", 1, close_reason::hint}};
    for (const row& each : rows) {
        scripted_server server([&](peer& p) {
            while (!p.read_head().empty()) p.send(ok_response("x", each.field));
        });
        run([&]() -> awaitable<void> {
            agent a(co_await asio::this_coro::executor);
            co_await (co_await a.get(server.url())).discard();
            EXPECT_EQ(a.stats().free, each.free) << each.field;
            if (each.free == 0) {
                EXPECT_EQ(closed(a, each.reason), 1U) << each.field;
            }
        });
    }
}

TEST(agent_reuse, max_requests_per_connection) {
    const hearth::testing::faulty_origin origin;
    run([&]() -> awaitable<void> {
        const auto executor = co_await asio::this_coro::executor;
        agent a(executor, {.max_requests_per_connection = 2});
        for (int i = 0; i < 5; ++i) co_await (co_await a.get(origin.url())).discard();
        EXPECT_EQ(a.stats().count.opened, 3U);
        EXPECT_EQ(closed(a, close_reason::requests), 2U);
    });
}

TEST(agent_reuse, warm_opens_and_close_idle_closes) {
    const hearth::testing::faulty_origin origin;
    run([&]() -> awaitable<void> {
        agent a(co_await asio::this_coro::executor);
        EXPECT_EQ(a.warm(origin.url(), 3), 3U);
        co_await until([&] { return a.stats().free == 3; });
        co_await (co_await a.get(origin.url())).discard();
        EXPECT_EQ(a.stats().count.opened, 3U);
        a.close_idle();
        EXPECT_EQ(a.stats().free, 0U);
        EXPECT_EQ(a.stats().count.closed_total(), 3U);
        EXPECT_THROW(a.warm("not a url", 1), hearth::error);
    });
}

}  // namespace
