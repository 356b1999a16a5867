// Every timeout, of the agent and of one request.
#include "support/run.hpp"
#include "support/scripted_server.hpp"

#include <hearth/agent.hpp>

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

namespace {

using namespace hearth::test;
using hearth::agent;
using hearth::agent_options;
using hearth::errc;
using hearth::phase;
using hearth::request_options;

const scripted_server::script silent = [](peer& p) {
    p.read_head();
    p.wait_closed();
};
const scripted_server::script half = [](peer& p) {
    p.read_head();
    p.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
    p.wait_closed();
};

struct row {
    const char* name;
    scripted_server::script server;
    agent_options general;
    request_options own;
    errc code;
    hearth::phase where;
};

TEST(agent_timeouts, each_fails_its_call_with_its_name_and_phase) {
    const std::vector<row> rows{
        {"headers", silent, {.headers_timeout = 20ms}, {}, errc::headers_timeout, phase::headers},
        {"headers, of the request", silent, {}, {.headers_timeout = 20ms}, errc::headers_timeout, phase::headers},
        {"body", half, {.body_timeout = 20ms}, {}, errc::body_timeout, phase::body},
        {"body, of the request", half, {}, {.body_timeout = 20ms}, errc::body_timeout, phase::body},
        {"socket, head", silent, {.timeout = 20ms}, {}, errc::socket_timeout, phase::headers},
        {"socket, body", half, {}, {.timeout = 20ms}, errc::socket_timeout, phase::body},
        {"deadline, head", silent, {.deadline = 20ms}, {}, errc::deadline_exceeded, phase::headers},
        {"deadline, body", half, {}, {.deadline = 20ms}, errc::deadline_exceeded, phase::body},
    };
    for (const row& each : rows) {
        scripted_server server(each.server);
        run([&]() -> awaitable<void> {
            agent_options options = each.general;
            options.retry.max_retries = 0;
            const auto executor = co_await asio::this_coro::executor;
            agent a(executor, options);
            try {
                hearth::response r = co_await a.send({"GET", server.url(), {}, {}, each.own});
                (void)co_await r.text();
                ADD_FAILURE() << each.name;
            } catch (const hearth::error& e) {
                EXPECT_EQ(e.info().code, each.code) << each.name << ": " << e.what();
                EXPECT_EQ(e.info().phase, each.where) << each.name << ": " << e.what();
                EXPECT_EQ(e.code(), std::errc::timed_out) << each.name;
            }
            EXPECT_EQ(a.stats().in_use, 0U) << each.name;
            EXPECT_EQ(a.stats().free, 0U) << each.name;
        });
        server.wait_for_ended(1);
    }
}

TEST(agent_timeouts, connect_covers_the_handshake) {
    scripted_server server([](peer& p) { p.wait_closed(); });
    run([&]() -> awaitable<void> {
        const auto executor = co_await asio::this_coro::executor;
        agent a(executor, {.connect_timeout = 20ms, .retry = {.max_retries = 0}});
        const hearth::failure f = co_await failure_of(a.get("https" + server.url().substr(4)));
        EXPECT_EQ(f.code, errc::connect_timeout) << f.message();
        EXPECT_EQ(f.phase, phase::tls);
    });
}

TEST(agent_timeouts, deadline_holds_while_pending_and_while_waiting_to_retry) {
    scripted_server server(silent);
    run([&]() -> awaitable<void> {
        const auto executor = co_await asio::this_coro::executor;
        agent a(executor, {.max_sockets = 1});
        a.get(server.url(), [](hearth::error_code, const hearth::response&) {});
        co_await until([&] { return a.stats().in_use == 1; });
        const hearth::failure f = co_await failure_of(a.send({"GET", server.url(), {}, {}, {.deadline = 20ms}}));
        EXPECT_EQ(f.code, errc::deadline_exceeded);
        EXPECT_EQ(f.phase, phase::pending);
        a.destroy();
    });
    run([&]() -> awaitable<void> {
        const auto executor = co_await asio::this_coro::executor;
        agent a(executor, {.retry = {.max_retries = 100, .base_delay = 5ms, .max_delay = 5ms}});
        const auto began = std::chrono::steady_clock::now();
        (void)co_await failure_of(a.send({"GET", "http://127.0.0.1:1/", {}, {}, {.deadline = 100ms}}));
        EXPECT_LT(std::chrono::steady_clock::now() - began, 5s);
    });
}

TEST(agent_timeouts, body_timeout_stands_still_while_nobody_reads) {
    scripted_server server([](peer& p) {
        p.read_head();
        p.send("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhalf");
        p.read_head();  // until the client has gone, or sends the second
        p.wait_closed();
    });
    run([&]() -> awaitable<void> {
        const auto executor = co_await asio::this_coro::executor;
        agent a(executor, {.body_timeout = 30ms});
        hearth::response r = co_await a.get(server.url());
        co_await pause(100ms);
        EXPECT_EQ(r.failure(), nullptr);
        EXPECT_EQ((co_await failure_of(r.text())).code, errc::body_timeout);
    });
}

TEST(agent_timeouts, a_late_response_never_answers_another_request) {  // 48
    scripted_server server(std::vector<scripted_server::script>{[](peer& p) {
                                                                    p.read_head();
                                                                    p.wait_closed();
                                                                    p.send(ok_response("late"));
                                                                },
                                                                [](peer& p) {
                                                                    p.read_head();
                                                                    p.respond("in time");
                                                                    p.wait_closed();
                                                                }});
    run([&]() -> awaitable<void> {
        const auto executor = co_await asio::this_coro::executor;
        agent a(executor, {.max_sockets = 1, .retry = {.max_retries = 0}});
        (void)co_await failure_of(a.send({"GET", server.url(), {}, {}, {.headers_timeout = 10ms}}));
        EXPECT_EQ(co_await (co_await a.get(server.url())).text(), "in time");
    });
}

}  // namespace
