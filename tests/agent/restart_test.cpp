// A server that goes away and comes back under load (docs/behaviours: 39).
#include "support/run.hpp"
#include "support/scripted_server.hpp"

#include <hearth/agent.hpp>
#include <hearth/testing/faulty_origin.hpp>

#include <gtest/gtest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <latch>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace {

using namespace hearth::test;
using hearth::agent;
using hearth::errc;
using hearth::testing::faulty_origin;
using hearth::testing::faulty_origin_options;

struct tally {
    int done = 0;
    int answered = 0;
    std::vector<hearth::failure> failures{};
};

// One caller: requests of one method, one after the other.
awaitable<void> call_on(agent& a, std::string url, std::string method, std::string name, int requests, tally& t) {
    for (int i = 0; i < requests; ++i) {
        try {
            const std::string id = name + "-" + std::to_string(i);
            hearth::response r = co_await a.send({method, url, {{"x-request-id", id}}});
            co_await r.discard();
            ++t.answered;
        } catch (const hearth::error& e) {
            t.failures.push_back(e.info());
        }
    }
    ++t.done;
}

TEST(agent_restart, no_get_fails_and_no_post_is_executed_twice) {
    faulty_origin origin({.idle_timeout = 0ms, .restart_every = 150ms, .restart_downtime = 40ms, .work = 20ms});
    tally gets;
    tally posts;
    run([&]() -> awaitable<void> {
        const auto executor = co_await asio::this_coro::executor;
        agent a(executor, {});
        constexpr int callers = 20;
        constexpr int requests = 100;
        for (int i = 0; i < callers; ++i) {
            const std::string n = std::to_string(i);
            asio::co_spawn(executor, call_on(a, origin.url(), "GET", "get-" + n, requests, gets), asio::detached);
            asio::co_spawn(executor, call_on(a, origin.url(), "POST", "post-" + n, requests, posts), asio::detached);
        }
        co_await until([&] { return gets.done == callers && posts.done == callers; });
        EXPECT_EQ(gets.answered, callers * requests);
    });
    for (const auto& f : gets.failures) ADD_FAILURE() << f.message();
    for (const auto& f : posts.failures) {
        EXPECT_NE(f.evidence, hearth::evidence::not_sent) << f.message();
        EXPECT_NE(f.evidence, hearth::evidence::closed_before) << f.message();
    }
    EXPECT_GT(posts.answered, 0);
    EXPECT_GE(origin.report().restarts, 10U);
    EXPECT_EQ(origin.report().executed_twice, 0U);
}

// Dials that failed, by the hooks, which may be called until the context ends.
struct dial_count {
    std::shared_ptr<int> failures = std::make_shared<int>(0);
    int failed() const { return *failures; }
    hearth::event_hooks hooks() const {
        return {.on_connection = [n = failures](const hearth::connection_event& e) {
            if (e.kind == hearth::connection_event::kind::closed && e.reason == hearth::close_reason::open_failed) ++*n;
        }};
    }
};

TEST(agent_restart, waiting_for_it_is_done_once_for_all) {
    std::optional<faulty_origin> origin(std::in_place, faulty_origin_options{.idle_timeout = 0ms});
    const std::string url = origin->url();
    const std::uint16_t port = origin->port();
    run([&]() -> awaitable<void> {
        const auto executor = co_await asio::this_coro::executor;
        dial_count dials;
        agent a(executor, {.max_sockets = 4, .events = dials.hooks()});
        co_await (co_await a.get(url)).discard();
        origin.reset();
        co_await until([&] { return a.stats().free == 0; });
        tally t;
        constexpr int callers = 100;
        for (int i = 0; i < callers; ++i)
            asio::co_spawn(executor, call_on(a, url, "POST", std::to_string(i), 1, t), asio::detached);
        co_await until([&] { return dials.failed() >= 8; });
        EXPECT_EQ(a.stats().pending, std::size_t(callers)) << "none has failed, all are counted";
        const int before = dials.failed();
        const auto away = std::chrono::steady_clock::now();
        co_await pause(500ms);
        // At 20 ms, then twice as long each time: so few however many wait. A late loop makes them fewer.
        EXPECT_LE(dials.failed() - before, 6);
        origin.emplace(faulty_origin_options{.port = port, .idle_timeout = 0ms});
        co_await until([&] { return t.done == callers; });
        EXPECT_LT(std::chrono::steady_clock::now() - away, 10s);
        EXPECT_EQ(t.answered, callers);
        EXPECT_LE(a.stats().count.opened, 1U + 4U) << "no more than it needs";
    });
}

// Answers once and closes; then as many connections come as `come` counts, and are all reset; the others do as `then` says.
std::vector<scripted_server::script> broken_at_once(std::latch& come, int connections, scripted_server::script then) {
    std::vector<scripted_server::script> scripts;
    scripts.emplace_back([](peer& p) {
        p.read_head();
        p.send(ok_response("there", "Connection: close\r\n"));
    });
    for (int i = 0; i < connections; ++i) {
        scripts.emplace_back([&come](peer& p) {
            p.read_head();
            come.arrive_and_wait();
            p.reset();
        });
    }
    scripts.push_back(std::move(then));
    return scripts;
}

// A server that is killed resets what it has not accepted yet, too: all at once, and on new connections.
TEST(agent_restart, more_broken_at_once_than_the_budget_allows_wait_for_it) {
    constexpr int callers = 20;
    std::latch all_have_come(callers);
    scripted_server server(broken_at_once(all_have_come, callers, [](peer& p) {
        while (!p.read_head().empty()) p.respond("back");
    }));
    run([&]() -> awaitable<void> {
        const auto executor = co_await asio::this_coro::executor;
        agent a(executor, {.retry = {.max_downtime = 20s}});
        co_await (co_await a.get(server.url())).discard();
        tally gets;
        for (int i = 0; i < callers; ++i)
            asio::co_spawn(executor, call_on(a, server.url(), "GET", std::to_string(i), 1, gets), asio::detached);
        co_await until([&] { return gets.done == callers; });
        for (const auto& f : gets.failures) ADD_FAILURE() << f.message();
        EXPECT_EQ(a.stats().count.retries, std::uint64_t(callers));
        EXPECT_EQ(a.stats().retrying, 0U);
    });
}

TEST(agent_restart, one_that_goes_on_breaking_connections_is_not_flooded) {
    constexpr int callers = 40;
    std::latch all_have_come(callers);
    scripted_server server(broken_at_once(all_have_come, callers, [](peer& p) {
        p.read_head();
        p.reset();
    }));
    run([&]() -> awaitable<void> {
        const auto executor = co_await asio::this_coro::executor;
        agent a(executor, {.retry = {.base_delay = 1ms, .max_downtime = 400ms}});
        co_await (co_await a.get(server.url())).discard();
        tally gets;
        for (int i = 0; i < callers; ++i)
            asio::co_spawn(executor, call_on(a, server.url(), "GET", std::to_string(i), 1, gets), asio::detached);
        co_await until([&] { return gets.done == callers; });
        EXPECT_EQ(gets.failures.size(), std::size_t(callers));
        for (const auto& f : gets.failures) EXPECT_EQ(f.code, errc::connection_reset) << f.message();
        EXPECT_LE(server.requests(), 1 + 3 * callers) << "max_retries holds for each";
        EXPECT_EQ(a.stats().retrying, 0U);
    });
}

TEST(agent_restart, patience_ends_with_max_downtime_or_the_deadline) {
    std::optional<faulty_origin> origin(std::in_place);
    const std::string url = origin->url();
    run([&]() -> awaitable<void> {
        const auto executor = co_await asio::this_coro::executor;
        agent a(executor, {.retry = {.max_retries = 1, .base_delay = 1ms, .max_downtime = 200ms}});
        co_await (co_await a.get(url)).discard();
        origin.reset();
        co_await until([&] { return a.stats().free == 0; });
        const hearth::failure refused = co_await failure_of(a.get(url));
        EXPECT_EQ(refused.code, errc::connection_refused);
        EXPECT_GE(refused.attempts, 3U);
        const hearth::failure late = co_await failure_of(a.send({"GET", url, {}, {}, {.deadline = 50ms}}));
        EXPECT_EQ(late.code, errc::deadline_exceeded);
        // Those who do not retry do not wait.
        const hearth::failure at_once =
            co_await failure_of(a.send({"GET", url, {}, {}, {.retry = hearth::retry_options{.max_retries = 0}}}));
        EXPECT_EQ(at_once.code, errc::connection_refused);
        EXPECT_EQ(at_once.attempts, 1U);
    });
}

TEST(agent_restart, a_server_that_never_was_there_is_not_waited_for) {
    run([]() -> awaitable<void> {
        const auto executor = co_await asio::this_coro::executor;
        agent a(executor, {.retry = {.max_retries = 1, .base_delay = 1ms, .max_downtime = 1h}});
        EXPECT_EQ((co_await failure_of(a.get("http://127.0.0.1:1/"))).attempts, 2U);
    });
}

TEST(agent_restart, who_waits_can_be_cancelled_and_outlives_nothing) {
    for (const std::string how : {"cancel", "close", "destroy", "gone"}) {
        std::optional<faulty_origin> origin(std::in_place);
        const std::string url = origin->url();
        run([&]() -> awaitable<void> {
            const auto executor = co_await asio::this_coro::executor;
            dial_count dials;
            std::optional<agent> a(std::in_place, executor, hearth::agent_options{.events = dials.hooks()});
            co_await (co_await a->get(url)).discard();
            origin.reset();
            co_await until([&] { return a->stats().free == 0; });
            asio::cancellation_signal stop;
            std::optional<hearth::error_code> ended;
            a->get(url, asio::bind_cancellation_slot(stop.slot(),
                                                     [&](hearth::error_code ec, const hearth::response&) { ended = ec; }));
            co_await until([&] { return dials.failed() >= 2; });
            if (how == "cancel") stop.emit(asio::cancellation_type::terminal);
            if (how == "close") co_await a->close();
            if (how == "destroy") a->destroy();
            if (how == "gone") a.reset();
            co_await until([&] { return ended.has_value(); });
            EXPECT_EQ(*ended, how == "cancel" ? errc::canceled : errc::agent_closed) << how;
        });
    }
}

}  // namespace
