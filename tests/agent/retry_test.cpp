// Retry by policy (docs/behaviours: 49, 50, 51).
#include "support/run.hpp"
#include "support/scripted_server.hpp"

#include <hearth/agent.hpp>
#include <hearth/testing/faulty_origin.hpp>

#include <gtest/gtest.h>

#include <optional>
#include <string>

namespace {

using namespace hearth::test;
using hearth::agent;
using hearth::errc;

TEST(agent_retry, refused_then_there) {  // 49
    std::optional<hearth::testing::faulty_origin> origin(std::in_place);
    const std::string url = origin->url();
    const std::uint16_t port = origin->port();
    origin.reset();
    run([&]() -> awaitable<void> {
        int retries = 0;
        const auto executor = co_await asio::this_coro::executor;
        agent a(executor, {.retry = {.max_retries = 50, .base_delay = 10ms, .max_delay = 20ms},
                           .events = {.on_request = [&](const hearth::request_event& e) {
                               if (e.kind != hearth::request_event::kind::retrying) return;
                               EXPECT_EQ(e.why->code, errc::connection_refused);
                               if (++retries == 3) origin.emplace(hearth::testing::faulty_origin_options{.port = port});
                           }}});
        hearth::response r = co_await a.post(url, "even a POST: nothing was sent");
        EXPECT_EQ(r.status(), 200);
        EXPECT_GE(r.attempts(), 4U);
        EXPECT_EQ(a.stats().count.retries, r.attempts() - 1);
    });
}

TEST(agent_retry, not_beyond_max_retries) {
    run([]() -> awaitable<void> {
        const auto executor = co_await asio::this_coro::executor;
        agent a(executor, {.retry = {.max_retries = 2, .base_delay = 1ms}});
        const hearth::failure f = co_await failure_of(a.get("http://127.0.0.1:1/"));
        EXPECT_EQ(f.code, errc::connection_refused);
        EXPECT_EQ(f.code, std::errc::connection_refused);
        EXPECT_EQ(f.phase, hearth::phase::connect);
        EXPECT_EQ(f.attempts, 3U);
    });
}

TEST(agent_retry, statuses_only_when_turned_on_and_idempotent) {  // 50
    scripted_server server([](peer& p) {
        for (int i = 0; !p.read_head().empty(); ++i) {
            if (i < 2) {
                p.send("HTTP/1.1 503 Service Unavailable\r\nRetry-After: 0\r\nContent-Length: 4\r\n\r\nbusy");
            } else {
                p.respond("fine");
            }
        }
    });
    run([&]() -> awaitable<void> {
        const auto ex = co_await asio::this_coro::executor;
        agent off(ex, {});
        EXPECT_EQ((co_await off.get(server.url())).status(), 503);
        agent on(ex, {.retry = {.max_retries = 5, .base_delay = 1ms, .on_status = true}});
        EXPECT_EQ((co_await on.post(server.url(), "")).status(), 503);
    });
    scripted_server again([](peer& p) {
        for (int i = 0; !p.read_head().empty(); ++i)
            p.send(i < 2 ? "HTTP/1.1 503 Busy\r\nRetry-After: 0\r\nContent-Length: 4\r\n\r\nbusy" : ok_response("fine"));
    });
    run([&]() -> awaitable<void> {
        const auto executor = co_await asio::this_coro::executor;
        agent on(executor, {.retry = {.max_retries = 5, .base_delay = 1ms, .on_status = true}});
        hearth::response r = co_await on.get(again.url());
        EXPECT_EQ(co_await r.text(), "fine");
        EXPECT_EQ(r.attempts(), 3U);
        EXPECT_EQ(on.stats().count.opened, 1U);  // the refusals' bodies were read
    });
}

TEST(agent_retry, an_absurd_retry_after_is_the_callers_to_decide) {
    scripted_server server([](peer& p) {
        while (!p.read_head().empty()) p.send("HTTP/1.1 503 Busy\r\nRetry-After: 86400\r\nContent-Length: 4\r\n\r\nbusy");
    });
    run([&]() -> awaitable<void> {
        const auto executor = co_await asio::this_coro::executor;
        agent a(executor, {.retry = {.on_status = true}});
        hearth::response r = co_await a.get(server.url());
        EXPECT_EQ(r.status(), 503);
        EXPECT_EQ(r.attempts(), 1U);
        EXPECT_EQ(co_await r.text(), "busy");
    });
}

TEST(agent_retry, the_budget_stops_a_storm) {  // 51
    run([]() -> awaitable<void> {
        const auto executor = co_await asio::this_coro::executor;
        agent a(executor,
                {.retry = {.max_retries = 5, .base_delay = 60s, .max_delay = 60s, .budget_percent = 0, .min_budget = 3}});
        int failed = 0;
        for (int i = 0; i < 20; ++i) {
            a.get("http://127.0.0.1:1/", [&](hearth::error_code ec, hearth::response r) {
                if (ec == errc::agent_closed) return;
                EXPECT_EQ(ec, errc::connection_refused);
                EXPECT_NE(r.failure()->message().find("retry budget"), std::string::npos) << r.failure()->message();
                ++failed;
            });
        }
        co_await until([&] { return failed == 17; });
        EXPECT_EQ(a.stats().retrying, 3U);
        a.destroy();
    });
}

}  // namespace
