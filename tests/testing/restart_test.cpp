// Restarts of the origin, seen on the wire.
#include "testing/raw_client.hpp"

#include <hearth/testing/faulty_origin.hpp>

#include <gtest/gtest.h>

#include <cerrno>
#include <chrono>
#include <thread>

namespace hearth::testing {
namespace {

using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;

/// Asks until the port answers; false after ten seconds.
bool comes_back(std::uint16_t port) {
    const auto limit = clock::now() + 10s;
    while (connect_error(port) != 0) {
        if (clock::now() > limit) return false;
        std::this_thread::yield();
    }
    return true;
}

void begin_slow(raw_client& client, faulty_origin& origin, const char* target) {
    client.send(std::string("GET ") + target + " HTTP/1.1\r\nHost: o\r\nx-request-id: busy\r\n\r\n");
    while (origin.executed("busy") == 0) {
    }
}

TEST(restart, closes_connections_and_refuses_while_away) {
    faulty_origin origin;
    raw_client client(origin.port());
    (void)client.get("/");
    origin.restart(1h);
    EXPECT_EQ(client.end(), 0);
    EXPECT_EQ(connect_error(origin.port()), ECONNREFUSED);
    EXPECT_EQ(origin.open_connections(), 0U);
    EXPECT_EQ(origin.report().restarts, 1U);
}

TEST(restart, comes_back_on_the_same_port_after_the_downtime) {
    faulty_origin origin;
    const auto before = clock::now();
    origin.restart(150ms);
    EXPECT_EQ(connect_error(origin.port()), ECONNREFUSED);
    ASSERT_TRUE(comes_back(origin.port()));
    EXPECT_GE(clock::now() - before, 150ms);
    raw_client client(origin.port());
    EXPECT_EQ(body_of(client.get("/")), "hello from the origin\n");
}

TEST(restart, a_second_one_replaces_the_absence_of_the_first) {
    faulty_origin origin;
    origin.restart(1h);
    origin.restart(20ms);
    ASSERT_TRUE(comes_back(origin.port()));
    EXPECT_EQ(origin.report().restarts, 2U);
}

TEST(restart, without_downtime_the_listener_stays) {
    faulty_origin origin;
    raw_client client(origin.port());
    (void)client.get("/");
    origin.restart(0ms);
    EXPECT_EQ(client.end(), 0);
    raw_client next(origin.port());
    EXPECT_EQ(body_of(next.get("/")), "hello from the origin\n");
}

TEST(restart, cuts_requests_off_by_default) {
    faulty_origin origin;
    raw_client client(origin.port());
    begin_slow(client, origin, "/slow/600000");
    origin.restart(0ms);
    EXPECT_EQ(client.end(), 0);
    EXPECT_EQ(origin.report().requests, 0U);
}

TEST(restart, answers_them_first_when_it_drains) {
    faulty_origin origin({.restart_drains = true});
    raw_client idle(origin.port());
    raw_client busy(origin.port());
    (void)idle.get("/");
    begin_slow(busy, origin, "/slow/200");
    origin.restart(1h);
    EXPECT_EQ(idle.end(), 0);
    EXPECT_EQ(connect_error(origin.port()), ECONNREFUSED);
    const std::string response = busy.response();
    EXPECT_NE(response.find("\r\nConnection: close\r\n"), std::string::npos) << response;
    EXPECT_EQ(body_of(response), "after 200 ms\n");
    EXPECT_EQ(busy.end(), 0);
}

TEST(restart, answers_the_first_request_of_a_connection_when_it_drains) {
    faulty_origin origin({.restart_drains = true});
    raw_client client(origin.port());
    while (origin.open_connections() == 0) {
    }
    origin.restart(1h);
    EXPECT_NE(client.get("/").find("\r\nConnection: close\r\n"), std::string::npos);
    EXPECT_EQ(client.end(), 0);
}

TEST(restart, happens_by_itself_every_so_often) {
    faulty_origin origin({.restart_every = 30ms});
    for (int i = 0; i < 3; ++i) {
        raw_client client(origin.port());
        EXPECT_EQ(client.end(), 0);
    }
    EXPECT_GE(origin.report().restarts, 3U);
    EXPECT_EQ(origin.report().idle_closes, 0U);
}

// A timer that has expired cannot be cancelled any more.
TEST(restart, is_none_once_the_origin_ends) {
    for (int i = 0; i < 100; ++i) faulty_origin({.restart_every = 1ms, .restart_downtime = 1ms}).restart(0ms);
}

}  // namespace
}  // namespace hearth::testing
