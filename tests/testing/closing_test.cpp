// How the origin closes idle connections, seen on the wire.
#include "testing/raw_client.hpp"

#include <hearth/testing/faulty_origin.hpp>

#include <gtest/gtest.h>

#include <cerrno>
#include <chrono>
#include <memory>
#include <system_error>

namespace hearth::testing {
namespace {

using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;

/// Writes until that fails, and says how it failed; 0 when it does not within ten seconds.
int write_error(const raw_client& client) {
    for (const auto limit = clock::now() + 10s; clock::now() < limit;) {
        try {
            client.send("x");
        } catch (const std::system_error& e) {
            return e.code().value();
        }
    }
    return 0;
}

TEST(closing, an_idle_connection_gets_a_fin_after_the_timeout) {
    faulty_origin origin({.idle_timeout = 150ms});
    raw_client client(origin.port());
    const auto before = clock::now();
    (void)client.get("/");
    EXPECT_EQ(client.end(), 0);
    EXPECT_GE(clock::now() - before, 150ms);
    const auto report = origin.report();
    EXPECT_EQ(report.idle_closes, 1U);
    EXPECT_EQ(report.requests, 1U);
    EXPECT_EQ(origin.open_connections(), 0U);
}

TEST(closing, the_timeout_counts_from_the_last_response) {
    faulty_origin origin({.idle_timeout = 500ms});
    raw_client client(origin.port());
    const auto before = clock::now();
    (void)client.get("/slow/300");
    (void)client.get("/slow/300");
    EXPECT_EQ(client.end(), 0);
    EXPECT_GE(clock::now() - before, 1'100ms);
}

TEST(closing, a_connection_that_never_carried_a_request_has_the_patience) {
    faulty_origin origin({.idle_timeout = 1h, .patience = 50ms});
    raw_client client(origin.port());
    EXPECT_EQ(client.end(), 0);
    EXPECT_EQ(origin.report().idle_closes, 1U);
}

TEST(closing, by_reset_when_asked) {
    faulty_origin origin({.idle_timeout = 50ms, .reset_on_idle = true});
    raw_client client(origin.port());
    (void)client.get("/");
    EXPECT_EQ(client.end(), ECONNRESET);
    EXPECT_EQ(origin.report().idle_closes, 1U);
}

TEST(closing, never_when_the_timeout_is_zero) {
    faulty_origin origin({.idle_timeout = 0ms});
    raw_client client(origin.port());
    (void)client.get("/slow/100");
    EXPECT_EQ(body_of(client.get("/")), "hello from the origin\n");
    EXPECT_EQ(origin.report().idle_closes, 0U);
    EXPECT_EQ(origin.open_connections(), 1U);
}

TEST(closing, a_request_that_takes_longer_than_the_idle_timeout_is_not_idle) {
    faulty_origin origin({.idle_timeout = 50ms});
    raw_client client(origin.port());
    EXPECT_EQ(body_of(client.get("/slow/200")), "after 200 ms\n");
}

TEST(closing, half_a_request_is_given_up_after_the_patience_and_not_counted_as_idle) {
    faulty_origin origin({.idle_timeout = 1h, .patience = 300ms});
    raw_client client(origin.port());
    (void)client.get("/");
    client.send("GET / HT");
    EXPECT_EQ(client.end(), 0);
    EXPECT_EQ(origin.report().idle_closes, 0U);
}

TEST(closing, close_idle_ends_idle_connections_and_no_others) {
    faulty_origin origin;
    raw_client idle(origin.port());
    raw_client busy(origin.port());
    (void)idle.get("/");
    busy.send("GET /slow/300 HTTP/1.1\r\nHost: o\r\nx-request-id: b\r\n\r\n");
    while (origin.executed("b") == 0) {
    }
    EXPECT_EQ(origin.close_idle(), 1U);
    EXPECT_EQ(idle.end(), 0);
    EXPECT_EQ(body_of(busy.response()), "after 300 ms\n");
    EXPECT_EQ(origin.report().idle_closes, 1U);
}

TEST(closing, close_idle_resets_when_asked) {
    faulty_origin origin({.reset_on_idle = true});
    raw_client client(origin.port());
    (void)client.get("/");
    EXPECT_EQ(origin.close_idle(), 1U);
    EXPECT_EQ(client.end(), ECONNRESET);
}

TEST(closing, a_request_written_to_a_closed_connection_is_reset_and_never_executed) {
    faulty_origin origin;
    raw_client client(origin.port());
    (void)client.get("/");
    ASSERT_EQ(origin.close_idle(), 1U);
    EXPECT_NO_THROW(client.send("GET / HTTP/1.1\r\nHost: o\r\nx-request-id: late\r\n\r\n"));
    EXPECT_EQ(client.end(), 0);  // the FIN, which had been there before the request
    // The RST that the request drew shows in the next write.
    EXPECT_EQ(write_error(client), EPIPE);
    EXPECT_EQ(origin.executed("late"), 0U);
}

TEST(closing, the_hint_tells_whole_seconds) {
    faulty_origin origin({.idle_timeout = 2'900ms, .hint = true});
    raw_client client(origin.port());
    const std::string response = client.get("/");
    EXPECT_NE(response.find("\r\nKeep-Alive: timeout=2\r\n"), std::string::npos) << response;
}

TEST(closing, there_is_no_hint_unless_asked_for_and_none_on_a_connection_that_ends) {
    faulty_origin silent;
    EXPECT_EQ(raw_client(silent.port()).get("/").find("Keep-Alive"), std::string::npos);
    faulty_origin origin({.hint = true});
    EXPECT_EQ(raw_client(origin.port()).get("/close").find("Keep-Alive"), std::string::npos);
}

TEST(closing, destruction_closes_everything) {
    auto origin = std::make_unique<faulty_origin>();
    const std::uint16_t port = origin->port();
    raw_client idle(port);
    raw_client busy(port);
    (void)idle.get("/");
    busy.send("GET /slow/600000 HTTP/1.1\r\nHost: o\r\nx-request-id: b\r\n\r\n");
    while (origin->executed("b") == 0) {
    }
    origin.reset();
    EXPECT_EQ(idle.end(), 0);
    EXPECT_EQ(busy.end(), 0);
    EXPECT_EQ(connect_error(port), ECONNREFUSED);
}

}  // namespace
}  // namespace hearth::testing
