// Servers that make a request that was executed look like one that never arrived, and the other way round, on a path of
// 20 ms (docs/behaviours: 40, 41, 42). Whatever they do, a POST is executed once at most.
#include "path/path_test.hpp"
#include "support/any_peer.hpp"
#include "support/run.hpp"

#include <hearth/agent.hpp>

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>

#include <atomic>
#include <functional>
#include <future>
#include <memory>
#include <ostream>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace hearth::test;
using hearth::agent;
using hearth::evidence;

/// What a server does to its first connection after one answer; `pass` lets that time pass. The client's second request is
/// written when it begins, and arrives 10 ms later.
struct fate {
    const char* name;
    bool executes;  // the request that was written
    std::function<void(any_peer&)> act;
    std::size_t body = 0;
    bool expect = false;  // Expect: 100-continue
    friend std::ostream& operator<<(std::ostream& o, const fate& f) { return o << f.name; }
};

void pass(std::chrono::milliseconds t) { std::this_thread::sleep_for(t); }

struct outcome {
    int status = 0;
    hearth::failure failure;
    hearth::counters count;
    int executed = 0;  // second requests
    bool crossed = false;
    std::chrono::milliseconds took{0};
};

struct way {
    bool tls = false;
    bool post = false;
    bool young = false;  // the connection did not idle for long
};

outcome meet(delayed_path& path, const fate& f, const way& w) {
    static const secure_identity server_identity;
    const secure_identity* as = w.tls ? &server_identity : nullptr;
    std::promise<void> written;
    std::promise<void> over;
    std::atomic<int> executed{0};
    const auto answer_all = [&](peer& p) {
        any_peer any(p, as);
        while (!any.read_head().empty()) {
            ++executed;
            any.respond("again");
        }
    };
    scripted_server server({[&](peer& p) {
                                any_peer any(p, as);
                                any.read_head();
                                any.respond("first");
                                written.get_future().wait();
                                f.act(any);
                                executed += f.executes ? 1 : 0;
                                over.set_value();
                            },
                            answer_all},
                           delayed_path::server_address);
    const std::string url = delayed_path::through((w.tls ? "https" : "http") + server.url().substr(4));
    const path_report before = path.report();
    outcome o;
    run([&]() -> awaitable<void> {
        const auto executor = co_await asio::this_coro::executor;
        hearth::tls_options tls;
        if (w.tls) {
            tls.ca = certificates().authority.certificate();
            tls.servername = "localhost";
        }
        agent a(executor, {.retry = {.max_retries = 0}, .tls = tls});
        co_await (co_await a.get(url)).discard();
        co_await pause(w.young ? 1ms : 250ms);
        bool done = false;
        const auto begun = std::chrono::steady_clock::now();
        hearth::request_options options;
        options.expect_continue = f.expect;
        asio::co_spawn(executor, a.send({w.post ? "POST" : "GET", url, {}, std::string(f.body, 'x'), options}),
                       [&](const std::exception_ptr& e, hearth::response r) {
                           done = true;
                           try {
                               if (e) std::rethrow_exception(e);
                               o.status = r.status();
                           } catch (const hearth::error& failed) {
                               o.failure = failed.info();
                           }
                       });
        co_await until([&] { return a.stats().in_use == 1; });
        written.set_value();
        co_await until([&] { return done; });
        o.took = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begun);
        o.count = a.stats().count;
    });
    o.crossed = path.report().crossed > before.crossed;
    EXPECT_EQ(over.get_future().wait_for(20s), std::future_status::ready);
    o.executed = executed;
    return o;
}

struct path_adversary : path_test, testing::WithParamInterface<fate> {
    template <class Check>
    void each_way(Check check) {
        for (const bool tls : {false, true}) {
            for (const bool post : {false, true}) {
                for (const bool young : {false, true}) {
                    SCOPED_TRACE(std::string(tls ? "TLS " : "plain ") + (post ? "POST" : "GET") + (young ? ", young" : ""));
                    const way w{tls, post, young};
                    const outcome o = meet(*path, GetParam(), w);
                    std::cout << GetParam().name << (tls ? " TLS " : " plain ") << (post ? "POST" : "GET")
                              << (young ? " young" : "") << ": " << o.status << ' ' << to_string(o.failure.evidence) << ' '
                              << o.took.count() << " ms, executed " << o.executed << (o.crossed ? ", crossed" : "") << '\n';
                    check(o, w);
                }
            }
        }
    }
};

// The request reaches a server that does something with it.
const fate executed_fates[] = {
    {"executes_and_resets_at_once", true, [](any_peer& p) { p.read_head(), p.reset(); }},
    {"executes_for_20_ms_and_resets", true, [](any_peer& p) { p.read_head(), pass(20ms), p.reset(); }},
    {"executes_for_100_ms_and_resets", true, [](any_peer& p) { p.read_head(), pass(100ms), p.reset(); }},
    {"executes_and_closes", true, [](any_peer& p) { p.read_head(), p.close(); }},
    {"executes_and_closes_without_a_word", true, [](any_peer& p) { p.read_head(), p.close_bare(); }},
    {"half_closes_executes_and_closes", true, [](any_peer& p) { p.half_close(), p.read_head(), p.close_bare(); }},
    {"half_closes_executes_for_30_ms_and_closes", true,
     [](any_peer& p) { p.half_close(), p.read_head(), pass(30ms), p.close_bare(); }},
    {"half_closes_executes_and_holds", true, [](any_peer& p) { p.half_close(), p.read_head(), pass(300ms); }},
    {"half_closes_executes_and_resets_at_once", true, [](any_peer& p) { p.half_close(), p.read_head(), p.reset(); }},
    {"half_closes_late_executes_and_resets", true, [](any_peer& p) { pass(8ms), p.half_close(), p.read_head(), p.reset(); }},
    {"half_closes_executes_for_5_ms_and_resets", true,
     [](any_peer& p) { p.half_close(), p.read_head(), pass(5ms), p.reset(); }},
    {"half_closes_executes_for_20_ms_and_resets", true,
     [](any_peer& p) { p.half_close(), p.read_head(), pass(20ms), p.reset(); }},
    // The abort is lost to the guard, and nothing is left to be sent again: a probe finds that the server has gone.
    {"acknowledges_executes_and_resets", true,
     [](any_peer& p) { p.below().acknowledge_at_once(), p.read_head(), p.reset(); }},
    {"executes_on_the_head_and_resets", true, [](any_peer& p) { p.read_head(), p.reset(); }, 8'000},
    {"executes_on_the_head_of_much_and_closes", true, [](any_peer& p) { p.read_head(), p.close_bare(); }, 200'000},
    {"half_closes_and_executes_on_the_head", true, [](any_peer& p) { p.half_close(), p.read_head(), p.close_bare(); },
     8'000},
    {"executes_instead_of_100_continue_and_resets", true, [](any_peer& p) { p.read_head(), p.reset(); }, 100, true},
};

struct path_executes : path_adversary {};

TEST_P(path_executes, a_post_once_and_says_so) {
    each_way([](const outcome& o, const way& w) {
        if (!w.post) {
            EXPECT_EQ(o.status, 200) << o.failure.message();
            return;
        }
        EXPECT_EQ(o.executed, 1);
        EXPECT_EQ(o.status, 0);
        EXPECT_NE(o.failure.message().find("not replayed because"), std::string::npos) << o.failure.message();
    });
}
INSTANTIATE_TEST_SUITE_P(of, path_executes, testing::ValuesIn(executed_fates),
                         [](const auto& i) { return std::string(i.param.name); });

// The request arrives when the server has gone. It was never executed there.
const fate crossing_fates[] = {
    {"closes", false, [](any_peer& p) { pass(3ms), p.close(); }},
    {"closes_without_a_word", false, [](any_peer& p) { pass(3ms), p.close_bare(); }},
    {"closes_on_a_body_of_several_segments", false, [](any_peer& p) { pass(3ms), p.close(); }, 8'000},
    {"closes_on_a_body_that_does_not_fit", false, [](any_peer& p) { pass(3ms), p.close(); }, 4'000'000},
    {"closes_on_a_body_that_waits_for_100_continue", false, [](any_peer& p) { pass(3ms), p.close(); }, 100, true},
    {"resets", false, [](any_peer& p) { pass(3ms), p.reset(); }},
    {"resets_on_a_body_that_waits_for_100_continue", false, [](any_peer& p) { pass(3ms), p.reset(); }, 100, true},
    {"resets_on_a_body_of_several_segments", false, [](any_peer& p) { pass(3ms), p.reset(); }, 8'000},
    {"half_closes_and_resets_a_round_trip_later", false,
     [](any_peer& p) { pass(3ms), p.half_close(), pass(20ms), p.reset(); }},
};

struct path_crossing : path_adversary {};

// A server that goes has not always gone by the time it should, on a busy machine: then the request was received, perhaps.
TEST_P(path_crossing, is_not_the_callers_concern) {
    const std::string name = GetParam().name;
    const bool received = name == "half_closes_and_resets_a_round_trip_later";
    int crossed = 0;
    each_way([&](const outcome& o, const way& w) {
        EXPECT_LE(o.executed, 1);
        // Without a guard a reset is proven by its time, which a busy machine blurs.
        const bool timed = name.starts_with("resets") && (w.young || GetParam().body > 1'000);
        if (w.post && (received || timed || !o.crossed)) return;
        ++crossed;
        EXPECT_EQ(o.status, 200) << o.failure.message();
        EXPECT_EQ(o.executed, 1);
        EXPECT_EQ(o.count.replays, 1U);
        EXPECT_LE(o.count.opened, 3U) << "one for the replay; one more if the reset came after it was dialled";
    });
    EXPECT_GT(crossed, 0);
}
INSTANTIATE_TEST_SUITE_P(of, path_crossing, testing::ValuesIn(crossing_fates),
                         [](const auto& i) { return std::string(i.param.name); });

// Servers close connections that never carried a request, too.
TEST_F(path_test, a_close_that_crosses_with_the_first_request_of_a_warm_connection) {
    for (const bool reset : {false, true}) {
        std::promise<void> written;
        scripted_server server({[&](peer& p) {
                                    written.get_future().wait();
                                    pass(3ms);
                                    reset ? p.reset() : p.close();
                                },
                                [](peer& p) {
                                    while (!p.read_head().empty()) p.respond("second");
                                }},
                               delayed_path::server_address);
        run([&]() -> awaitable<void> {
            const auto executor = co_await asio::this_coro::executor;
            agent a(executor, {.retry = {.max_retries = 0}});
            const std::string url = delayed_path::through(server.url());
            EXPECT_EQ(a.warm(url, 1), 1U);
            co_await until([&] { return a.stats().free == 1; });
            co_await pause(250ms);
            std::optional<int> status;
            std::string why;
            asio::co_spawn(executor, a.post(url, "pay"), [&](const std::exception_ptr& e, hearth::response r) {
                status = r.status();
                try {
                    if (e) std::rethrow_exception(e);
                } catch (const hearth::error& failed) {
                    why = failed.info().message();
                }
            });
            co_await until([&] { return a.stats().in_use == 1; });
            written.set_value();
            co_await until([&] { return status.has_value(); });
            if (path->report().crossed > 0) {
                EXPECT_EQ(*status, 200) << why;
            }
            EXPECT_LE(server.requests(), 1);
        });
    }
}

}  // namespace
