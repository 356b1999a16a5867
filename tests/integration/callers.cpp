#include "integration/callers.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/thread_pool.hpp>

#include <algorithm>
#include <iostream>
#include <utility>

namespace hearth::test {
namespace {

constexpr std::size_t failures_shown = 10;

// What leaves it open whether a request was executed.
bool is_in_doubt(evidence what) {
    switch (what) {
        case evidence::unacknowledged:
        case evidence::acknowledged:
        case evidence::half_closed:
        case evidence::silent:
        case evidence::unsolicited:
        case evidence::response_begun: return true;
        case evidence::none:
        case evidence::not_sent:
        case evidence::closed_before:
        case evidence::reset_in_flight:
        case evidence::refused: return false;
    }
    return false;
}

bool says_so(const failure& f) {
    return f.message().find("may have ") != std::string::npos || f.message().find("may yet ") != std::string::npos ||
           f.evidence == evidence::response_begun;
}

std::chrono::nanoseconds draw_gap(const gap_plan& plan, std::minstd_rand& random) {
    const auto within = [&](std::chrono::nanoseconds spread) {
        return plan.timeout + spread * static_cast<int>(random() % 2'001) / 1'000 - spread;
    };
    return random() % 4 == 0 ? within(plan.timeout / 3) : within(plan.spread);
}

awaitable<void> call_in_turn(agent& a, std::string url, gap_plan plan, int number, outcomes& all) {
    std::minstd_rand random(plan.seed * 1'000 + static_cast<unsigned>(number));
    for (int i = 0; i < plan.requests; ++i) {
        if (i > 0) co_await pause(draw_gap(plan, random));
        const std::string id = std::string(plan.name) + "-" + std::to_string(number) + "-" + std::to_string(i);
        co_await send_any(a, url, id, random, all);
    }
}

awaitable<void> call_until(agent& a, std::string url, const bool& stop, int number, outcomes& all) {
    std::minstd_rand random(static_cast<unsigned>(number) + 1);
    int i = 0;
    while (!stop) {
        const std::string id = "load-" + std::to_string(number) + "-" + std::to_string(i++);
        co_await send_any(a, url, id, random, all);
        ++all.ended_of[static_cast<std::size_t>(number)];
    }
}

void print(const outcomes& all) {
    std::cout << all.requests.size() << " requests, " << all.failed() << " failed, " << all.count.opened
              << " connections opened, " << all.count.retries << " retries, " << all.count.replays << " replays";
    for (std::size_t i = 0; i < evidence_count; ++i) {
        if (const auto n = all.count.replays_by_evidence[i]; n > 0)
            std::cout << ", " << to_string(static_cast<evidence>(i)) << ' ' << n;
    }
    std::cout << '\n';
}

}  // namespace

std::size_t outcomes::failed() const {
    return static_cast<std::size_t>(
        std::ranges::count_if(requests, [](const sent_request& r) { return r.failed.has_value(); }));
}

std::size_t outcomes::failed_after(evidence what) const {
    return static_cast<std::size_t>(
        std::ranges::count_if(requests, [what](const sent_request& r) { return r.failed && r.failed->evidence == what; }));
}

awaitable<void> send_any(agent& a, std::string url, std::string id, std::minstd_rand& random, outcomes& all) {
    const unsigned kind = static_cast<unsigned>(random()) % 10;
    hearth::request r(kind < 4 ? "GET" : kind == 4 ? "PUT" : "POST", std::move(url), {{"x-request-id", id}});
    if (kind == 5) r.headers.set("Idempotency-Key", id);
    if (kind >= 4) r.body = "what is sent";
    sent_request sent{.id = id, .method = r.method, .repeatable = kind <= 5};
    try {
        hearth::response answer = co_await a.send(std::move(r));
        const int status = answer.status();
        const std::string text = co_await answer.text();
        sent.refused = status == 408 && !sent.repeatable;
        if (!sent.refused) {
            EXPECT_EQ(status, 200) << sent.method << ' ' << id;
            EXPECT_EQ(text, id) << "the answer to another request";
        }
    } catch (const hearth::error& e) {
        sent.failed = e.info();
    }
    all.requests.push_back(std::move(sent));
}

awaitable<void> call_with_gaps(std::string url, gap_plan plan, agent_options options, outcomes& all) {
    const auto executor = co_await asio::this_coro::executor;
    options.max_sockets = 1;
    std::vector<std::unique_ptr<agent>> agents;
    int working = plan.callers;
    for (int i = 0; i < plan.callers; ++i) {
        agents.push_back(std::make_unique<agent>(executor, options));
        asio::co_spawn(executor, call_in_turn(*agents.back(), url, plan, i, all), [&](const std::exception_ptr& e) {
            EXPECT_NO_THROW(if (e) std::rethrow_exception(e));
            --working;
        });
    }
    co_await until([&] { return working == 0; });
    for (const auto& a : agents) all.add(a->stats());
}

agent_options by_evidence_alone() { return {.learn_idle_timeout = false, .check_before_use = false, .watch_idle = false}; }

awaitable<void> call_during(agent& a, std::string url, int callers, outcomes& all,
                            std::function<awaitable<void>()> disturb) {
    const auto executor = co_await asio::this_coro::executor;
    bool stop = false;
    int working = callers;
    all.ended_of.assign(static_cast<std::size_t>(callers), 0);
    for (int i = 0; i < callers; ++i) {
        asio::co_spawn(executor, call_until(a, url, stop, i, all), [&](const std::exception_ptr& e) {
            EXPECT_NO_THROW(if (e) std::rethrow_exception(e));
            --working;
        });
    }
    std::exception_ptr failed;
    try {
        co_await disturb();
    } catch (...) {
        failed = std::current_exception();
    }
    stop = true;
    co_await until([&] { return working == 0; });
    all.add(a.stats());
    if (failed) std::rethrow_exception(failed);
}

awaitable<void> until_ended(const outcomes& all, std::size_t more) {
    const std::size_t enough = all.requests.size() + more;
    co_await until([&all, enough] { return all.requests.size() >= enough; });
}

awaitable<void> until_each_ended_two(const outcomes& all) {
    const std::vector<std::size_t> before = all.ended_of;
    co_await until([&] {
        return std::ranges::equal(before, all.ended_of, [](std::size_t then, std::size_t now) { return now >= then + 2; });
    });
}

awaitable<void> on_another_thread(std::function<void()> work) {
    asio::thread_pool thread(1);
    co_await asio::co_spawn(
        thread,
        [&work]() -> awaitable<void> {
            work();
            co_return;
        },
        asio::use_awaitable);
}

awaitable<void> call_disturbed(std::string url, std::chrono::milliseconds patience, int times, outcomes& all,
                               std::function<void()> disturb) {
    const auto executor = co_await asio::this_coro::executor;
    agent a(executor, {.max_sockets = 20, .retry = {.max_downtime = patience}});
    co_await call_during(a, url, 20, all, [&]() -> awaitable<void> {
        for (int i = 0; i < times; ++i) {
            co_await until_ended(all, 500 / slowness);
            disturb();
        }
        co_await until_ended(all, 500 / slowness);
    });
}

awaitable<void> call_through_restarts(std::string url, int times, outcomes& all, std::function<void()> restart) {
    const auto executor = co_await asio::this_coro::executor;
    agent a(executor, {.max_sockets = 20, .retry = {.max_downtime = 50s}});
    co_await call_during(a, url, 20, all, [&]() -> awaitable<void> {
        for (int i = 0; i < times; ++i) {
            co_await until_each_ended_two(all);
            co_await on_another_thread(restart);
        }
        co_await until_each_ended_two(all);
    });
}

void expect_promise_kept(const outcomes& all, const std::map<std::string, int>& executed, books_are books) {
    print(all);
    std::map<std::string, int> unsettled;
    std::size_t shown = 0;
    for (const sent_request& r : all.requests) {
        const auto found = executed.find(r.id);
        const int times = found == executed.end() ? 0 : found->second;
        EXPECT_TRUE(r.repeatable || times <= 1) << r.id << ": a POST was executed " << times << " times";
        if (r.refused) {
            ++unsettled["answered 408"];
            EXPECT_EQ(times, 0) << r.id << ": refused, but executed";
            continue;
        }
        if (!r.failed) {
            EXPECT_TRUE(times > 0 || books == books_are::wanting) << r.id << ": answered, but not executed";
            continue;
        }
        const std::string how = std::string(to_string(r.failed->evidence)) + (times == 0 ? ", not executed" : ", executed");
        if (!r.repeatable && is_in_doubt(r.failed->evidence) && says_so(*r.failed)) {
            ++unsettled[how];
        } else if (shown++ < failures_shown) {
            ADD_FAILURE() << r.id << ": " << r.failed->message() << " (" << how << ')';
        }
    }
    EXPECT_LE(shown, failures_shown) << "and as many more of these";
    for (const auto& [how, n] : unsettled) std::cout << n << " POSTs failed: " << how << '\n';
}

}  // namespace hearth::test
