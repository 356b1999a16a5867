// What an agent counts, measures and tells, each thing made to happen.
#include "agent/asked.hpp"
#include "agent/event_log.hpp"
#include "agent/origins.hpp"
#include "support/certificates.hpp"
#include "support/run.hpp"
#include "support/scripted_server.hpp"

#include <hearth/agent.hpp>
#include <hearth/testing/faulty_origin.hpp>

#include <gtest/gtest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>

#include <unistd.h>

#include <future>
#include <optional>
#include <string>
#include <vector>

namespace {

using namespace hearth::test;
using hearth::agent;
using hearth::close_reason;
using hearth::errc;
using hearth::evidence;
using hearth::log_event;
using hearth::log_level;
using hearth::testing::faulty_origin;
using kind = enum log_event::kind;

/// An agent's log, as its lines come.
struct lines {
    std::vector<std::string> all{};
    hearth::log_options options(log_level level, hearth::log_format format = hearth::log_format::key_value) {
        return {.level = level, .format = format, .write = [this](std::string_view line) { all.emplace_back(line); }};
    }
    [[nodiscard]] bool has(std::string_view part) const {
        return std::ranges::any_of(all, [&](const std::string& line) { return line.find(part) != std::string::npos; });
    }
};

// Counts and latencies

TEST(agent_latency, is_measured_once_for_each_call_and_each_connection) {
    const faulty_origin origin({.idle_timeout = 0ms, .work = 1ms});
    run([&]() -> awaitable<void> {
        agent a(co_await asio::this_coro::executor);
        for (int i = 0; i < 3; ++i) co_await (co_await a.get(origin.url())).discard();
        const hearth::stats s = a.stats();
        for (const hearth::latencies* took : {&s.latency, &s.origins.at(origin.url()).latency}) {
            EXPECT_EQ(took->queue_wait.count(), 3U);
            EXPECT_GE(took->queue_wait.buckets().front(), 2U) << "two found an idle connection";
            EXPECT_EQ(took->lookup.count(), 1U);
            EXPECT_EQ(took->connect.count(), 1U);
            EXPECT_GT(took->connect.sum(), 0ns);
            EXPECT_EQ(took->tls.count(), 0U);
            EXPECT_EQ(took->first_byte.count(), 3U);
            EXPECT_GE(took->first_byte.sum(), 3ms) << "the origin works for so long";
            EXPECT_EQ(took->total.count(), 3U);
            EXPECT_GE(took->total.sum(), took->first_byte.sum() + took->queue_wait.sum());
        }
    });
}

TEST(agent_latency, of_tls_and_unix_sockets) {
    const faulty_origin secure({.tls = true});
    const std::string path = "/tmp/hearth-observe-" + std::to_string(::getpid());
    const faulty_origin local({.socket_path = path});
    run([&]() -> awaitable<void> {
        const auto executor = co_await asio::this_coro::executor;
        agent a(executor, {.tls = {.ca = secure.certificate()}});
        co_await (co_await a.get(secure.url())).discard();
        EXPECT_EQ(a.stats().latency.tls.count(), 1U);
        EXPECT_GT(a.stats().latency.tls.sum(), 0ns);
        agent b(executor, {.socket_path = path});
        co_await (co_await b.get(local.url())).discard();
        EXPECT_EQ(b.stats().latency.lookup.count(), 0U) << "there is no name to look up";
        EXPECT_EQ(b.stats().latency.connect.count(), 1U);
    });
}

TEST(agent_latency, calls_that_fail_and_calls_that_are_cancelled) {
    scripted_server silent([](peer& p) { p.wait_closed(); });
    run([&]() -> awaitable<void> {
        const auto executor = co_await asio::this_coro::executor;
        agent a(executor, {.max_sockets = 1, .pending_timeout = 20ms});
        asio::cancellation_signal stop;
        std::optional<hearth::error_code> ended;
        a.get(silent.url(), asio::bind_cancellation_slot(
                                stop.slot(), [&](hearth::error_code ec, const hearth::response&) { ended = ec; }));
        const hearth::failure f = co_await failure_of(a.get(silent.url()));
        EXPECT_EQ(f.code, errc::pending_timeout);
        EXPECT_EQ(a.stats().latency.total.count(), 1U);
        EXPECT_GE(a.stats().latency.total.sum(), 20ms);
        EXPECT_GE(a.stats().latency.queue_wait.sum(), 20ms);
        stop.emit(asio::cancellation_type::terminal);
        co_await until([&] { return ended.has_value(); });
        EXPECT_EQ(*ended, errc::canceled);
        EXPECT_EQ(a.stats().latency.queue_wait.count(), 2U);
        EXPECT_EQ(a.stats().latency.total.count(), 1U) << "how long a caller waits before he cancels is his own";
        EXPECT_EQ(a.stats().latency.first_byte.count(), 0U);
        a.destroy();
    });
}

TEST(agent_latency, outlives_its_origin_and_is_no_burden_before) {
    hearth::detail::origin_table origins;
    const auto id = hearth::pool::origin_id{7};
    const auto o = origins.add(hearth::url::parse("http://a.test"), id);
    EXPECT_EQ(o->latency, nullptr);
    o->measured().total.record(5ms);
    const auto snapshot = [&] {
        hearth::stats s;
        origins.snapshot(s, [](const auto&, const auto&) {});
        return s;
    };
    EXPECT_EQ(snapshot().origins.at("http://a.test").latency.total.sum(), 5ms);
    origins.forget(id);
    EXPECT_TRUE(snapshot().origins.empty());
    EXPECT_EQ(snapshot().latency.total.sum(), 5ms);
}

TEST(agent_counts, risk_avoided) {
    const faulty_origin origin({.idle_timeout = 0ms});
    run([&]() -> awaitable<void> {
        const auto executor = co_await asio::this_coro::executor;
        agent a(executor, {.safe_age = 0ms});
        co_await (co_await a.post(origin.url(), "x")).discard();
        EXPECT_EQ(a.stats().count.risk_avoided, 0U) << "there was nothing to pass by";
        co_await pause(1ms);
        co_await (co_await a.post(origin.url(), "x")).discard();
        EXPECT_EQ(a.stats().count.risk_avoided, 1U);
        EXPECT_EQ(a.stats().origins.at(origin.url()).count.risk_avoided, 1U);
        EXPECT_EQ(hearth::stale_caught(a.stats().count).matched, 1U);
        co_await (co_await a.get(origin.url())).discard();
        EXPECT_EQ(a.stats().count.risk_avoided, 1U) << "a GET takes what there is";
    });
}

// Events

TEST(agent_events, a_stale_connection_that_the_watch_caught) {
    faulty_origin origin({.idle_timeout = 0ms});
    run([&]() -> awaitable<void> {
        agent a(co_await asio::this_coro::executor);
        co_await (co_await a.get(origin.url())).discard();
        co_await until([&] { return origin.close_idle() == 1 || origin.open_connections() == 0; });
        co_await until([&] { return a.stats().free == 0; });
        const log_event e = only(co_await events_of(a, kind::stale_caught));
        EXPECT_EQ(e.level, log_level::debug);
        EXPECT_EQ(e.how, "server_closed");
        EXPECT_EQ(e.origin, origin.url());
        EXPECT_EQ(e.connection, 1U);
        EXPECT_GT(e.idle, 0ns);
        EXPECT_EQ(hearth::stale_caught(a.stats().count).watched, 1U);
    });
}

TEST(agent_events, a_stale_connection_that_the_look_before_use_caught) {
    faulty_origin origin({.idle_timeout = 0ms});
    run([&]() -> awaitable<void> {
        agent a(co_await asio::this_coro::executor);
        co_await (co_await a.get(origin.url())).discard();
        co_await pause(2ms);  // older than what is trusted unseen
        while (origin.close_idle() == 0 && origin.open_connections() > 0) {
        }
        co_await (co_await a.get(origin.url())).discard();
        const log_event e = only(co_await events_of(a, kind::stale_caught));
        EXPECT_EQ(e.level, log_level::info);
        EXPECT_EQ(e.how, "stale_at_use");
        EXPECT_GE(e.idle, 2ms);
        EXPECT_EQ(hearth::stale_caught(a.stats().count).looked, 1U);
    });
}

TEST(agent_events, a_replay_and_its_evidence) {
    std::promise<void> deaf;
    std::promise<void> written;
    scripted_server server({[&](peer& p) {
                                p.read_head();
                                p.respond("first");
                                p.go_deaf();
                                deaf.set_value();
                                written.get_future().wait();
                                p.hear_again();
                                p.close();
                            },
                            [](peer& p) {
                                while (!p.read_head().empty()) p.respond("again");
                            }});
    lines log;
    run([&]() -> awaitable<void> {
        const auto executor = co_await asio::this_coro::executor;
        agent a(executor, {.log = log.options(log_level::info)});
        co_await (co_await a.get(server.url())).discard();
        deaf.get_future().wait();
        bool answered = false;
        a.post(server.url("/pay?token=secret"), "x", [&](hearth::error_code ec, const hearth::response& r) {
            EXPECT_FALSE(ec) << r.failure()->message();
            answered = true;
        });
        co_await until([&] { return a.stats().in_use == 1; });
        written.set_value();
        co_await until([&] { return answered; });
        const log_event e = only(co_await events_of(a, kind::replayed));
        EXPECT_EQ(e.method, "POST");
        EXPECT_EQ(e.request, 2U);
        EXPECT_EQ(e.connection, 1U);
        EXPECT_EQ(e.evidence, evidence::closed_before);
        EXPECT_EQ(e.attempt, 2U);
        EXPECT_GT(e.idle, 0ns);
        EXPECT_EQ(hearth::stale_caught(a.stats().count).replayed, 1U);
        EXPECT_EQ(a.stats().count.stale_seen, 0U);
        EXPECT_TRUE(log.has("level=info event=replayed origin=" + e.origin + " method=POST request=2 connection=1 "));
        EXPECT_TRUE(log.has(" evidence=closed_before "));
        EXPECT_FALSE(log.has("secret"));
        a.destroy();
    });
}

// It was executed, for all that can be known: the caller gets to see it.
TEST(agent_events, a_stale_connection_that_a_caller_sees) {
    scripted_server server([](peer& p) {
        p.read_head();
        p.respond("first");
        p.read_head();
        p.close();
    });
    lines log;
    run([&]() -> awaitable<void> {
        const auto executor = co_await asio::this_coro::executor;
        agent a(executor, {.log = log.options(log_level::error)});
        co_await (co_await a.get(server.url())).discard();
        const hearth::failure f = co_await failure_of(a.send({"POST", server.url()}));
        EXPECT_EQ(f.code, errc::connection_closed) << f.message();
        EXPECT_EQ(a.stats().count.stale_seen, 1U);
        EXPECT_EQ(a.stats().origins.begin()->second.count.stale_seen, 1U);
        const log_event e = only(co_await events_of(a, kind::failed));
        EXPECT_EQ(e.level, log_level::error);
        EXPECT_EQ(e.code, errc::connection_closed);
        EXPECT_EQ(e.phase, hearth::phase::headers);
        EXPECT_EQ(e.evidence, f.evidence);
        EXPECT_NE(e.detail.find("not replayed"), std::string::npos) << e.detail;
        EXPECT_NE(only(log.all).find("level=error event=failed"), std::string::npos) << log.all.front();
    });
}

TEST(agent_events, a_fresh_connection_that_breaks_is_no_stale_one) {
    scripted_server server([](peer& p) {
        p.read_head();
        p.close();
    });
    run([&]() -> awaitable<void> {
        const auto executor = co_await asio::this_coro::executor;
        agent a(executor, {.retry = {.max_retries = 0}});
        (void)co_await failure_of(a.get(server.url()));
        EXPECT_EQ(a.stats().count.stale_seen, 0U);
        const log_event e = only(co_await events_of(a, kind::failed));
        EXPECT_EQ(e.level, log_level::warning);
        EXPECT_EQ(e.idle, 0ns);
    });
}

TEST(agent_events, retries_and_why) {
    scripted_server busy([](peer& p) {
        for (int i = 0; !p.read_head().empty(); ++i)
            p.send(i < 1 ? "HTTP/1.1 503 Busy\r\nRetry-After: 0\r\nContent-Length: 4\r\n\r\nbusy" : ok_response("fine"));
    });
    run([&]() -> awaitable<void> {
        const auto executor = co_await asio::this_coro::executor;
        agent a(executor, {.retry = {.max_retries = 1, .base_delay = 1ms, .on_status = true}});
        (void)co_await failure_of(a.get("http://127.0.0.1:1/"));
        log_event e = only(co_await events_of(a, kind::retrying));
        EXPECT_EQ(e.code, errc::connection_refused);
        EXPECT_EQ(e.attempt, 1U);
        EXPECT_LE(e.delay, 1ms);
        EXPECT_EQ(e.detail.find("http://"), std::string::npos) << "its origin is told already";
        co_await (co_await a.get(busy.url())).discard();
        e = (co_await events_of(a, kind::retrying)).back();
        EXPECT_FALSE(e.code.failed());
        EXPECT_EQ(e.detail, "status 503");
    });
}

TEST(agent_events, a_retry_budget_that_is_spent) {
    run([]() -> awaitable<void> {
        const auto executor = co_await asio::this_coro::executor;
        agent a(executor,
                {.retry = {.max_retries = 5, .base_delay = 60s, .max_delay = 60s, .budget_percent = 0, .min_budget = 3}});
        EXPECT_EQ(a.stats().budget_taken, 0U);
        EXPECT_EQ(a.stats().budget_size, 3U);
        int failed = 0;
        for (int i = 0; i < 5; ++i) {
            a.get("http://127.0.0.1:1/", [&](hearth::error_code ec, const hearth::response&) {
                if (ec != errc::agent_closed) ++failed;
            });
        }
        co_await until([&] { return failed == 2; });
        EXPECT_EQ(a.stats().budget_taken, 3U);
        EXPECT_EQ(a.stats().count.budget_refusals, 2U);
        EXPECT_EQ((co_await events_of(a, kind::budget_spent)).size(), 2U);
        a.destroy();
    });
}

TEST(agent_events, an_origin_that_goes_down_and_comes_back) {
    std::optional<faulty_origin> origin(std::in_place);
    const std::string url = origin->url();
    const std::uint16_t port = origin->port();
    lines log;
    run([&]() -> awaitable<void> {
        const auto executor = co_await asio::this_coro::executor;
        agent a(executor, {.retry = {.max_downtime = 20s}, .log = log.options(log_level::info)});
        co_await (co_await a.get(url)).discard();
        origin.reset();
        co_await until([&] { return a.stats().free == 0; });
        int answered = 0;
        for (int i = 0; i < 3; ++i)
            a.get(url, [&](hearth::error_code ec, const hearth::response&) { answered += ec ? 0 : 1; });
        co_await until([&] { return log.has("event=origin_down"); });
        co_await pause(30ms);
        origin.emplace(hearth::testing::faulty_origin_options{.port = port});
        co_await until([&] { return answered == 3; });
        const log_event down = only(co_await events_of(a, kind::origin_down));  // once for all who wait
        const log_event back = only(co_await events_of(a, kind::origin_back));
        EXPECT_EQ(down.level, log_level::warning);
        EXPECT_EQ(down.origin, url);
        EXPECT_EQ(down.code, errc::connection_refused);
        EXPECT_GE(back.delay, 30ms);
        EXPECT_TRUE(log.has("event=origin_back origin=" + url + " delay_s="));
    });
}

TEST(agent_events, an_origin_that_comes_back_when_nobody_waits_any_more) {
    std::optional<faulty_origin> origin(std::in_place);
    const std::string url = origin->url();
    const std::uint16_t port = origin->port();
    run([&]() -> awaitable<void> {
        const auto executor = co_await asio::this_coro::executor;
        agent a(executor, {.retry = {.max_downtime = 30ms}});
        co_await (co_await a.get(url)).discard();
        origin.reset();
        co_await until([&] { return a.stats().free == 0; });
        (void)co_await failure_of(a.get(url));
        co_await pause(150ms);  // it is no longer tried
        (void)co_await failure_of(a.get(url));
        origin.emplace(hearth::testing::faulty_origin_options{.port = port});
        co_await until([&] { return a.stats().pending == 0; });
        co_await pause(150ms);
        co_await (co_await a.get(url)).discard();
        EXPECT_EQ((co_await events_of(a, kind::origin_down)).size(), 1U) << "it was down all the time";
        const log_event back = only(co_await events_of(a, kind::origin_back));
        EXPECT_GE(back.delay, 300ms);
    });
}

// The log

TEST(agent_log, says_nothing_unless_asked) {
    lines log;
    run([&]() -> awaitable<void> {
        const auto executor = co_await asio::this_coro::executor;
        agent a(executor, {.retry = {.max_retries = 1, .base_delay = 1ms}, .log = log.options(log_level::off)});
        (void)co_await failure_of(a.get("http://127.0.0.1:1/"));
        EXPECT_EQ((co_await events_of(a, kind::failed)).size(), 1U);
        EXPECT_TRUE(log.all.empty());
        agent b(executor, {.retry = {.max_retries = 1, .base_delay = 1ms},
                           .log = log.options(log_level::warning, hearth::log_format::json)});
        (void)co_await failure_of(b.get("http://127.0.0.1:1/"));
        EXPECT_EQ((co_await events_of(b, kind::retrying)).size(), 1U);
        EXPECT_EQ(log.all.size(), 1U) << "a retry is told from level info on";
        EXPECT_TRUE(log.has(R"("level":"warning","event":"failed","origin":"http://127.0.0.1:1","method":"GET")"));
    });
}

TEST(agent_log, holds_no_credentials_queries_or_headers) {
    scripted_server server([](peer& p) {
        p.read_head();
        p.send("HTTP/1.1 200 OK\r\nSet-Cookie secret\r\n\r\n");
        p.wait_closed();
    });
    lines log;
    run([&]() -> awaitable<void> {
        const auto executor = co_await asio::this_coro::executor;
        agent a(executor, {.retry = {.max_retries = 0}, .log = log.options(log_level::debug)});
        const std::string where = server.url().substr(7);
        (void)co_await failure_of(a.get("http://user:secret@" + where + "?token=secret#secret"));
        (void)co_await failure_of(a.get("http://user:secret@127.0.0.1:1/secret?token=secret"));
        (void)co_await failure_of(a.get("http://user:secret@a b/"));
        (void)co_await failure_of(a.send({"GET", "http://127.0.0.1:1/", {{"X-secret", "secret\r\n"}}}));
        EXPECT_EQ(log.all.size(), 4U);
        for (const std::string& line : log.all) EXPECT_EQ(line.find("secret"), std::string::npos) << line;
        for (const log_event& e : co_await events_of(a, kind::failed))
            EXPECT_EQ(e.detail.find("secret"), std::string::npos) << e.detail;
    });
}

TEST(event_log, leaves_out_what_is_too_much_and_says_how_much_that_was) {
    const hearth::log_options options{.level = log_level::info, .max_per_second = 2};
    hearth::detail::event_log log(options);
    const auto happen = [&](std::chrono::nanoseconds now, log_level level = log_level::info) {
        auto e = log.begin(kind::failed, level, now);
        if (!e) return std::string("left out");
        return "left out before: " + std::to_string(e->left_out) + (log.add(*e) ? ", line" : "");
    };
    EXPECT_EQ(happen(100s), "left out before: 0, line");
    EXPECT_EQ(happen(100s), "left out before: 0, line");
    EXPECT_EQ(happen(100s), "left out");
    EXPECT_EQ(happen(100s + 499ms), "left out");
    EXPECT_EQ(happen(100s + 499ms, log_level::debug), "left out before: 0") << "levels have their own share; no line of it";
    EXPECT_EQ(happen(100s + 500ms), "left out before: 2, line");
    EXPECT_EQ(happen(100s + 500ms), "left out");
    EXPECT_EQ(happen(200s), "left out before: 1, line");
    EXPECT_EQ(happen(200s), "left out before: 0, line");
    EXPECT_EQ(happen(200s), "left out") << "no more is saved up than a second's";
}

TEST(event_log, keeps_the_latest) {
    const hearth::log_options options{.max_per_second = 10'000};
    hearth::detail::event_log log(options);
    EXPECT_TRUE(log.after(0).empty());
    constexpr std::uint64_t kept = hearth::detail::event_log::kept_max;
    for (std::uint64_t i = 1; i <= 2 * kept + 5; ++i) {
        log_event e = log.begin(kind::retrying, log_level::info, 1s).value();
        e.request = i;
        EXPECT_FALSE(log.add(std::move(e))) << "the log is off";
    }
    const auto all = log.after(0);
    ASSERT_EQ(all.size(), kept);
    for (std::size_t i = 0; i < all.size(); ++i) {
        EXPECT_EQ(all[i].sequence, kept + 6 + i);
        EXPECT_EQ(all[i].request, all[i].sequence);
    }
    EXPECT_EQ(log.after(2 * kept + 3).size(), 2U);
    EXPECT_TRUE(log.after(2 * kept + 5).empty());
    EXPECT_TRUE(log.after(~std::uint64_t{0}).empty());
}

}  // namespace
