// docs/behaviours.md, "Retry".
#include "behaviours.hpp"
#include "clock.hpp"
#include "names.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>

#include <gtest/gtest.h>

#include <ctime>

namespace {

using namespace hearth::test;
using hearth::agent;
using hearth::errc;

// "Sun, 06 Nov 1994 08:49:37 GMT"
std::string http_date(std::chrono::seconds from_now) {
    const std::time_t at = std::time(nullptr) + static_cast<std::time_t>(from_now.count());
    std::tm utc{};
    ::gmtime_r(&at, &utc);
    char text[64];
    return {text, std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &utc)};
}

// RFC 9110, 10.2.3.
TEST(behaviours, b50_retry_after_in_seconds_and_as_a_date_past_and_absurd) {
    struct row {
        std::string value;
        std::optional<std::chrono::seconds> at_least, at_most;  // the wait; none: handed to the caller
    };
    const std::vector<row> rows{{"0", 0s, 0s},
                                {"2", 2s, 2s},
                                {http_date(-1h), 0s, 0s},
                                {"Sun, 06 Nov 1994 08:49:37 GMT", 0s, 0s},
                                {http_date(8s), 0s, 8s},
                                {"soon", 0s, 1s},
                                {"-1", 0s, 1s},
                                {"10", 10s, 10s},
                                {"11", {}, {}},  // over max_delay
                                {http_date(1h), {}, {}},
                                {"Fri, 31 Dec 9999 23:59:59 GMT", {}, {}},
                                {"99999999999999999999999999", {}, {}}};
    for (const row& each : rows) {
        scripted_server server([&](peer& p) {
            p.read_head();
            p.send("HTTP/1.1 503 Busy\r\nRetry-After: " + each.value + "\r\nContent-Length: 4\r\n\r\nbusy");
            while (!p.read_head().empty()) p.respond("fine");
        });
        std::optional<std::chrono::nanoseconds> waits;
        run([&]() -> awaitable<void> {
            hearth::agent_options options{.retry = {.base_delay = 1s, .max_delay = 10s, .on_status = true}};
            options.events.on_request = [&](const hearth::request_event& e) {
                if (e.kind != hearth::request_event::kind::retrying) return;
                waits = e.delay;
                pass(e.delay);
            };
            const auto executor = co_await asio::this_coro::executor;
            agent a(executor, options);
            const auto call = start(a, server.url());
            co_await until([&] { return call->done; });
            EXPECT_EQ(call->answer.status(), each.at_most ? 200 : 503) << each.value;
            EXPECT_EQ(co_await call->answer.text(), each.at_most ? "fine" : "busy");
        });
        EXPECT_EQ(waits.has_value(), each.at_most.has_value()) << each.value;
        if (!waits || !each.at_most) continue;
        EXPECT_GE(*waits, *each.at_least) << each.value;
        EXPECT_LE(*waits, *each.at_most) << each.value;
    }
}

// The other phases are in tests/agent/cancel_test.cpp.
TEST(behaviours, b52_cancellation_stops_at_once_while_looking_up) {
    const slow_lookup slow;
    run([&]() -> awaitable<void> {
        agent a(co_await asio::this_coro::executor);
        asio::cancellation_signal signal;
        std::optional<hearth::error_code> ended;
        const int begun = slow_lookup::begun();
        a.get("http://slow.test/",
              asio::bind_cancellation_slot(signal.slot(), [&](hearth::error_code ec, hearth::response) { ended = ec; }));
        co_await until([&] { return slow_lookup::begun() > begun; });
        EXPECT_FALSE(ended);
        signal.emit(asio::cancellation_type::total);
        co_await until([&] { return ended.has_value(); });
        EXPECT_EQ(*ended, errc::canceled);
        EXPECT_EQ(a.stats().pending, 0U);
        // One slow name holds up no other.
        const hearth::failure f = co_await failure_of(
            a.send({"GET", "http://localhost:1/", {}, {}, {.retry = hearth::retry_options{.max_retries = 0}}}));
        EXPECT_EQ(f.code, errc::connection_refused) << f.message();
        // The lookup itself cannot be stopped; its end is no longer waited for.
        a.destroy();
    });
}

}  // namespace
