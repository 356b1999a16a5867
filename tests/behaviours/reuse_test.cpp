// docs/behaviours.md, "Reuse and limits".
#include "behaviours.hpp"

#include "support/secure_peer.hpp"

#include <hearth/client.hpp>
#include <hearth/testing/faulty_origin.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>

#include <gtest/gtest.h>

#include <unistd.h>

#include <future>
#include <limits>
#include <list>
#include <type_traits>

namespace {

using namespace hearth::test;
using hearth::agent;
using hearth::agent_options;
using hearth::close_reason;
using hearth::errc;

// Apache's TestDefaultConnectionReuseStrategy.
TEST(behaviours, b04_connection_with_several_tokens_in_any_case) {
    struct row {
        std::string version, field;
        std::size_t free;
    };
    const std::vector<row> rows{{"1.1", "Foo,  cLoSe ,bar", 0}, {"1.1", "foo,, KEEP-ALIVE", 1},
                                {"1.1", "closed", 1},           {"1.1", "keep-alive, close", 0},
                                {"1.0", "foo,\tKeep-ALIVE", 1}, {"1.0", "keep-alive, close", 0},
                                {"1.0", "keep-alives", 0}};
    for (const row& each : rows) {
        scripted_server server([&](peer& p) {
            p.read_head();
            p.send("HTTP/" + each.version + " 200 OK\r\nConnection: " + each.field + "\r\nContent-Length: 1\r\n\r\nx");
            p.wait_closed();
        });
        run([&]() -> awaitable<void> {
            agent a(co_await asio::this_coro::executor);
            EXPECT_EQ(co_await (co_await a.get(server.url())).text(), "x");
            EXPECT_EQ(a.stats().free, each.free) << each.version << ' ' << each.field;
        });
    }
}

// RFC 9112, 9.3 and 6.1.
TEST(behaviours, b05_http_10_stays_open_with_keep_alive_only_and_never_with_transfer_encoding) {
    struct row {
        std::string fields, body;
        int connections;
    };
    const std::vector<row> rows{
        {"Content-Length: 1\r\n", "x", 2},
        {"Content-Length: 1\r\nConnection: keep-alive\r\n", "x", 1},
        {"Transfer-Encoding: chunked\r\nConnection: keep-alive\r\n", "1\r\nx\r\n0\r\n\r\n", 2},
    };
    for (const row& each : rows) {
        scripted_server server([&](peer& p) {
            while (!p.read_head().empty()) p.send("HTTP/1.0 200 OK\r\n" + each.fields + "\r\n" + each.body);
        });
        run([&]() -> awaitable<void> {
            agent a(co_await asio::this_coro::executor);
            for (int i = 0; i < 2; ++i) EXPECT_EQ(co_await (co_await a.get(server.url())).text(), "x");
        });
        EXPECT_EQ(server.connections(), each.connections) << each.fields;
    }
}

// Node's maxsockets-respected; Go's MaxConnsPerHostIncludeDialInProgress.
TEST(behaviours, b06_max_sockets_holds_while_requests_are_aborted_and_dials_are_in_progress) {
    hearth::testing::faulty_origin origin({.work = 1ms});
    connection_count count;
    run([&]() -> awaitable<void> {
        const auto executor = co_await asio::this_coro::executor;
        agent a(executor, {.max_sockets = 3, .events = count.hooks()});
        int answered = 0;
        int canceled = 0;
        std::list<asio::cancellation_signal> signals;
        for (int i = 0; i < 90; ++i) {
            auto& signal = signals.emplace_back();
            a.get(origin.url(), asio::bind_cancellation_slot(signal.slot(), [&](hearth::error_code ec, hearth::response) {
                      ec == errc::canceled ? ++canceled : ++answered;
                      EXPECT_TRUE(!ec || ec == errc::canceled) << ec.message();
                  }));
        }
        EXPECT_EQ(a.stats().connecting, 3U) << "dials in progress count";
        int n = 0;
        for (auto& signal : signals) {
            if (++n % 3 == 0) continue;
            // Some while dials are in progress, some while requests are in flight.
            if (n % 10 == 0) co_await until([&, before = answered] { return answered > before || answered == 30; });
            signal.emit(asio::cancellation_type::total);
        }
        co_await until([&] { return answered + canceled == 90; });
        EXPECT_GE(answered, 30);
        EXPECT_GT(canceled, 0);
        EXPECT_EQ(count.most, 3U);
        EXPECT_EQ(count.open, a.stats().free + a.stats().connecting);
    });
}

// Apache's ConnectionRedistributionOnTotalMaxLimit.
TEST(behaviours, b07_max_total_sockets_holds_across_origins) {
    std::list<scripted_server> servers;
    for (int i = 0; i < 4; ++i) servers.emplace_back(answer_all());
    connection_count count;
    run([&]() -> awaitable<void> {
        const auto executor = co_await asio::this_coro::executor;
        agent a(executor, {.max_total_sockets = 2, .events = count.hooks()});
        std::vector<std::shared_ptr<started>> calls;
        for (int i = 0; i < 10; ++i) {
            for (const auto& server : servers) calls.push_back(start(a, server.url()));
        }
        co_await until([&] { return std::ranges::all_of(calls, [](const auto& c) { return c->done; }); });
        for (const auto& c : calls) EXPECT_EQ(c->answer.status(), 200);
        EXPECT_EQ(count.most, 2U);
        // An idle connection of one origin makes room for another.
        for (auto& server : servers) co_await (co_await a.get(server.url())).discard();
        EXPECT_GE(closed(a, close_reason::make_room), 2U);
        EXPECT_EQ(count.most, 2U);
        EXPECT_EQ(a.stats().free, 2U);
    });
}

// Go's TransportMaxIdleConns.
TEST(behaviours, b08_beyond_max_free_sockets_the_coldest_is_closed) {
    std::promise<void> go[3];
    scripted_server server([&](peer& p) {
        p.read_head();
        go[p.number()].get_future().wait();
        p.respond("x");
        p.wait_closed();
    });
    connection_count count;
    run([&]() -> awaitable<void> {
        const auto executor = co_await asio::this_coro::executor;
        agent a(executor, {.max_free_sockets = 2, .events = count.hooks()});
        std::vector<std::shared_ptr<started>> calls;
        for (int i = 0; i < 3; ++i) calls.push_back(start(a, server.url()));
        co_await until([&] { return server.requests() == 3; });
        std::vector<std::uint64_t> released;
        for (auto& each : go) {
            each.set_value();
            co_await until([&] { return a.stats().in_use == 2 - released.size(); });
            for (const auto& c : calls) {
                const std::uint64_t number = c->answer.connection();
                if (c->done && std::ranges::find(released, number) == released.end()) released.push_back(number);
            }
        }
        co_await until([&] { return !count.closed.empty(); });
        EXPECT_EQ(count.closed, std::vector{released.front()});
        EXPECT_EQ(closed(a, close_reason::limit), 1U);
        EXPECT_EQ(a.stats().free, 2U);
    });
}

// Go's TransportSocketLateBinding.
TEST(behaviours, b10_a_waiting_request_takes_the_first_connection_to_be_free) {
    for (const bool released_first : {true, false}) {
        const secure_identity id;
        std::promise<void> answer_first;
        std::promise<void> shake_second;
        scripted_server server([&](peer& p) {
            if (p.number() == 1) shake_second.get_future().wait();
            secure_peer s(p, id);
            s.read_head();
            if (p.number() == 0) answer_first.get_future().wait();
            s.respond(std::to_string(p.number()));
            while (!s.read_head().empty()) s.respond("more");
        });
        run([&]() -> awaitable<void> {
            const auto executor = co_await asio::this_coro::executor;
            agent a(executor, {.tls = {.ca = certificates().authority.certificate()}});
            const std::string url = "https" + server.url().substr(4);
            const auto first = start(a, url);
            co_await until([&] { return a.stats().in_use == 1; });
            const auto second = start(a, url);
            co_await until([&] { return server.connections() == 2; });
            (released_first ? answer_first : shake_second).set_value();
            co_await until([&] { return second->done; });
            EXPECT_EQ(second->answer.connection(), released_first ? 1U : 2U);
            (released_first ? shake_second : answer_first).set_value();
            // The dial that is not needed any more costs nobody anything: it goes idle.
            co_await until([&] { return first->done && a.stats().free == 2; });
            EXPECT_EQ(a.stats().count.opened, 2U);
        });
    }
}

// Late binding's other half: those who wait come before the idle list.
TEST(behaviours, b11_a_released_connection_goes_to_the_oldest_waiter) {
    scripted_server server(answer_all());
    std::vector<int> order;
    run([&]() -> awaitable<void> {
        const auto executor = co_await asio::this_coro::executor;
        agent a(executor, {.max_sockets = 1});
        const auto note = [&](int i) {
            return [&order, i](hearth::error_code ec, const hearth::response&) { order.push_back(ec ? -1 : i); };
        };
        a.get(server.url(), [&](hearth::error_code, const hearth::response&) {
            order.push_back(0);
            a.get(server.url(), note(4));  // at the very moment of the release, and yet the last to come
        });
        for (int i = 1; i < 4; ++i) a.get(server.url(), note(i));
        co_await until([&] { return order.size() == 5; });
    });
    EXPECT_EQ(order, (std::vector{0, 1, 2, 3, 4}));
    EXPECT_EQ(server.connections(), 1);
}

// Apache's LeaseTimeoutDoesNotLeakLeasedEntries.
TEST(behaviours, b13_a_pending_request_past_its_limit_fails_and_leaks_nothing) {
    std::promise<void> go;
    scripted_server server([&](peer& p) {
        p.read_head();
        go.get_future().wait();
        p.respond("x");
        while (!p.read_head().empty()) p.respond("x");
    });
    run([&]() -> awaitable<void> {
        const auto executor = co_await asio::this_coro::executor;
        agent a(executor, {.max_sockets = 1});
        const auto holder = start(a, server.url());
        co_await until([&] { return a.stats().in_use == 1; });
        for (int i = 0; i < 5; ++i) {
            const auto f = co_await failure_of(a.send({"GET", server.url(), {}, {}, {.pending_timeout = 5ms}}));
            EXPECT_EQ(f.code, errc::pending_timeout);
        }
        EXPECT_EQ(a.stats().pending, 0U);
        go.set_value();
        co_await until([&] { return holder->done; });
        // The connection is there for the next, and was promised to none of those who gave up.
        for (int i = 0; i < 3; ++i) EXPECT_EQ((co_await a.get(server.url())).status(), 200);
        EXPECT_EQ(a.stats().count.opened, 1U);
    });
}

// RFC 9110, 4.2.3. Connecting to a unix socket leaves scheme, host and port to tell origins apart.
TEST(behaviours, b14_one_origin_however_it_is_written) {
    const std::string path = testing::TempDir() + "hearth_b14_" + std::to_string(::getpid());
    const hearth::testing::faulty_origin origin({.socket_path = path});
    run([&]() -> awaitable<void> {
        const auto executor = co_await asio::this_coro::executor;
        agent a(executor, {.socket_path = path});
        for (const std::string url : {"http://h", "http://h:80", "HTTP://H:/", "http://h:080/?q", "http://u:p@h/#f"})
            co_await (co_await a.get(url)).discard();
        EXPECT_EQ(a.stats().origins.size(), 1U);
        EXPECT_EQ(a.stats().count.opened, 1U);
        for (const std::string url : {"http://h:81", "http://h2"}) co_await (co_await a.get(url)).discard();
        EXPECT_EQ(a.stats().origins.size(), 3U);
        EXPECT_EQ(a.stats().count.opened, 3U);
    });
}

// NaN there cannot be: counts are integers, durations whole milliseconds.
TEST(behaviours, b15_zero_negative_and_overflowing_limits_are_refused) {
    static_assert(std::is_integral_v<decltype(agent_options::max_sockets)>);
    static_assert(std::is_integral_v<decltype(agent_options::keep_alive_timeout)::rep>);
    constexpr auto huge = std::numeric_limits<std::size_t>::max();
    constexpr auto eternity = std::chrono::milliseconds::max();
    const std::vector<std::pair<agent_options, std::string>> rows{{{.max_sockets = 0}, "max_sockets"},
                                                                  {{.max_sockets = huge}, "max_sockets"},
                                                                  {{.max_free_sockets = huge}, "max_free_sockets"},
                                                                  {{.max_total_sockets = 0}, "max_total_sockets"},
                                                                  {{.max_total_sockets = huge}, "max_total_sockets"},
                                                                  {{.max_pending = huge}, "max_pending"},
                                                                  {{.timeout = -1ms}, "timeout"},
                                                                  {{.pending_timeout = eternity}, "pending_timeout"},
                                                                  {{.deadline = -1h}, "deadline"},
                                                                  {{.keep_alive_timeout = 0ms}, "keep_alive_timeout"},
                                                                  {{.keep_alive_timeout = eternity}, "keep_alive_timeout"},
                                                                  {{.safe_age = -1ms}, "safe_age"},
                                                                  {{.max_connection_age = -1ms}, "max_connection_age"},
                                                                  {{.max_header_count = 0}, "max_header_count"}};
    asio::io_context context;
    for (const auto& [options, name] : rows) {
        try {
            const agent a(context, options);
            ADD_FAILURE() << name;
        } catch (const hearth::error& e) {
            EXPECT_EQ(e.info().code, errc::invalid_option);
            EXPECT_EQ(std::string(e.what()).find(name + " is "), 0U) << e.what();
        }
        EXPECT_THROW(hearth::client{options}, hearth::error) << name;
    }
    EXPECT_THROW(hearth::client(hearth::client_options{.agent = {}, .threads = 0}), hearth::error);
    EXPECT_THROW(hearth::client(hearth::client_options{.agent = {}, .threads = huge}), hearth::error);
}

}  // namespace
