// Closing and destroying, at any moment (docs/behaviours: 56).
#include "support/run.hpp"
#include "support/scripted_server.hpp"

#include <hearth/agent.hpp>
#include <hearth/testing/faulty_origin.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>

namespace {

using namespace hearth::test;
using hearth::agent;
using hearth::errc;

TEST(agent_lifetime, close_lets_what_is_in_flight_finish) {
    hearth::testing::faulty_origin origin({.work = 30ms});
    run([&]() -> awaitable<void> {
        const auto executor = co_await asio::this_coro::executor;
        agent a(executor, {.max_sockets = 1});
        std::optional<hearth::error_code> first;
        std::optional<hearth::error_code> second;
        a.get(origin.url(), [&](hearth::error_code ec, const hearth::response&) { first = ec; });
        a.get(origin.url(), [&](hearth::error_code ec, const hearth::response&) { second = ec; });
        co_await until([&] { return a.stats().in_use == 1; });
        co_await a.close();
        EXPECT_EQ(*first, hearth::error_code());
        EXPECT_EQ(*second, errc::agent_closed);
        EXPECT_EQ((co_await failure_of(a.get(origin.url()))).code, errc::agent_closed);
        EXPECT_EQ(a.stats().in_use + a.stats().free + a.stats().connecting, 0U);
        co_await a.close();
    });
}

TEST(agent_lifetime, destroy_fails_everything_at_once) {
    scripted_server server([](peer& p) {
        p.read_head();
        p.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
        p.wait_closed();
    });
    run([&]() -> awaitable<void> {
        const auto executor = co_await asio::this_coro::executor;
        std::optional<agent> a(std::in_place, executor,
                               hearth::agent_options{.max_sockets = 2, .retry = {.base_delay = 60s, .max_delay = 60s}});
        int failed = 0;
        hearth::response reading = co_await a->get(server.url());
        reading.text([&](hearth::error_code ec, const std::string&) { failed += ec == errc::agent_closed; });
        hearth::response unread = co_await a->get(server.url());
        const auto note = [&](hearth::error_code ec, const hearth::response&) { failed += ec == errc::agent_closed; };
        a->get(server.url(), note);           // waits for a connection
        a->get("http://127.0.0.1:1/", note);  // will wait to retry
        // Is being looked up, or has been found unknown meanwhile.
        a->get("http://no-such-name.invalid", [&](hearth::error_code ec, const hearth::response&) { failed += ec ? 1 : 0; });
        co_await until([&] { return a->stats().retrying >= 1; });
        a.reset();
        co_await until([&] { return failed == 4; });
        EXPECT_EQ((co_await failure_of(unread.text())).code, errc::agent_closed);
    });
    server.wait_for_ended(2);
}

TEST(agent_lifetime, it_may_be_destroyed_in_a_handler) {
    const hearth::testing::faulty_origin origin;
    run([&]() -> awaitable<void> {
        auto a = std::make_unique<agent>(co_await asio::this_coro::executor);
        int answered = 0;
        for (int i = 0; i < 5; ++i) {
            a->get(origin.url(), [&](hearth::error_code, hearth::response r) {
                ++answered;
                a.reset();
                r = {};
            });
        }
        co_await until([&] { return answered == 5; });
    });
}

TEST(agent_lifetime, it_may_be_called_in_a_handler) {
    const hearth::testing::faulty_origin origin;
    run([&]() -> awaitable<void> {
        agent a(co_await asio::this_coro::executor);
        int left = 100;
        std::function<void()> next = [&] {
            a.get(origin.url(), [&](hearth::error_code ec, const hearth::response&) {
                EXPECT_FALSE(ec);
                if (--left > 0) next();
            });
        };
        next();
        co_await until([&] { return left == 0; });
        EXPECT_EQ(a.stats().count.opened, 1U);
    });
}

TEST(agent_lifetime, handlers_never_run_inside_the_call_that_starts_them) {
    run([]() -> awaitable<void> {
        agent a(co_await asio::this_coro::executor);
        bool inside = true;
        bool called = false;
        a.get("not a url", [&](hearth::error_code, const hearth::response&) {
            EXPECT_FALSE(inside);
            called = true;
        });
        inside = false;
        co_await until([&] { return called; });
    });
}

TEST(agent_lifetime, a_handlers_exception_comes_out_of_run_and_harms_nobody_else) {
    const hearth::testing::faulty_origin origin;
    asio::io_context context;
    agent a(context);
    int answered = 0;
    for (int i = 0; i < 3; ++i) {
        a.get(origin.url(), [&, i](hearth::error_code, const hearth::response&) {
            if (++answered == 3) a.destroy();
            if (i == 1) throw std::runtime_error("the caller's own");
        });
    }
    int thrown = 0;
    for (;;) {
        try {
            context.run();
            break;
        } catch (const std::runtime_error& e) {
            EXPECT_STREQ(e.what(), "the caller's own");
            ++thrown;
        }
    }
    EXPECT_EQ(thrown, 1);
    EXPECT_EQ(answered, 3);
}

TEST(agent_lifetime, a_context_that_never_runs_again_leaks_nothing) {
    scripted_server server([](peer& p) { p.wait_closed(); });
    asio::io_context context;
    agent a(context);
    for (int i = 0; i < 3; ++i) {
        a.get(server.url(), [keep = std::make_shared<int>(i)](hearth::error_code, const hearth::response&) {});
    }
    context.run_for(10ms);
    // LeakSanitizer looks at what is left.
}

TEST(agent_lifetime, many_agents_and_thousands_of_requests) {
    const hearth::testing::faulty_origin origin;
    run([&]() -> awaitable<void> {
        std::vector<std::unique_ptr<agent>> agents;
        int answered = 0;
        for (int i = 0; i < 50; ++i) {
            const auto executor = co_await asio::this_coro::executor;
            agents.push_back(std::make_unique<agent>(executor, hearth::agent_options{.max_sockets = 2}));
            for (int k = 0; k < 40; ++k) {
                agents.back()->get(origin.url(), [&](hearth::error_code ec, const hearth::response&) {
                    EXPECT_FALSE(ec);
                    ++answered;
                });
            }
        }
        co_await until([&] { return answered == 2000; });
    });
}

TEST(agent_lifetime, hooks_tell_what_happens_in_order) {
    const hearth::testing::faulty_origin origin;
    std::string story;
    run([&]() -> awaitable<void> {
        hearth::agent_options options;
        options.events.on_connection = [&](const hearth::connection_event& e) {
            constexpr std::string_view names[] = {"connecting", "opened", "reused", "idle", "closed"};
            story += std::string(names[static_cast<std::size_t>(e.kind)]) + ' ';
            EXPECT_EQ(e.origin, origin.url());
        };
        options.events.on_request = [&](const hearth::request_event& e) {
            constexpr std::string_view names[] = {"started", "replayed", "retrying", "responded", "failed"};
            story += std::string(names[static_cast<std::size_t>(e.kind)]) + ' ';
            EXPECT_EQ(e.method, "GET");
        };
        const auto executor = co_await asio::this_coro::executor;
        agent a(executor, options);
        for (int i = 0; i < 2; ++i) co_await (co_await a.get(origin.url())).discard();
        a.close_idle();
        co_await pause(1ms);
    });
    EXPECT_EQ(story, "started connecting opened responded idle started reused responded idle closed ");
}

}  // namespace
