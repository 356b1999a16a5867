// What goes wrong with whole connections, seen on the wire.
#include "testing/event_log.hpp"
#include "testing/raw_client.hpp"

#include <hearth/testing/faulty_origin.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace hearth::testing {
namespace {

bool has(const std::string& response, std::string_view text) { return response.find(text) != std::string::npos; }

TEST(connection_faults, an_announced_end_after_so_many_responses) {
    faulty_origin origin({.faults = {{.kind = fault_kind::close_after, .count = 3}}});
    raw_client client(origin.port());
    for (int i = 0; i < 2; ++i) EXPECT_FALSE(has(client.get("/"), "Connection: close"));
    EXPECT_TRUE(has(client.get("/"), "\r\nConnection: close\r\n"));
    EXPECT_EQ(client.end(), 0);
    EXPECT_EQ(origin.report().faults.at(fault_kind::close_after).happened, 1U);
    EXPECT_EQ(origin.report().requests, 3U);
}

TEST(connection_faults, a_silent_end_after_so_many_responses) {
    faulty_origin origin({.faults = {{.kind = fault_kind::close_after_silently, .count = 2}}});
    raw_client client(origin.port());
    for (int i = 0; i < 2; ++i) EXPECT_FALSE(has(client.get("/"), "Connection"));
    EXPECT_EQ(client.end(), 0);
    EXPECT_EQ(origin.report().faults.at(fault_kind::close_after_silently).happened, 1U);
}

// Closing would reset what has been acknowledged, and then nobody could know whether it was executed.
TEST(connection_faults, a_silent_end_waits_for_a_request_that_has_come) {
    faulty_origin origin({.faults = {{.kind = fault_kind::close_after_silently, .count = 1}}});
    raw_client client(origin.port());
    client.send(request_text("POST", "a") + request_text("POST", "b"));
    EXPECT_EQ(body_of(client.response()), "hello from the origin\n");
    EXPECT_EQ(body_of(client.response()), "hello from the origin\n");
    EXPECT_EQ(client.end(), 0);
    EXPECT_EQ(origin.executed("b"), 1U);
}

TEST(connection_faults, the_hint_tells_how_many_are_to_come) {
    for (const fault_kind kind : {fault_kind::close_after, fault_kind::close_after_silently}) {
        faulty_origin origin({.hint = true, .faults = {{.kind = kind, .count = 3}}});
        raw_client client(origin.port());
        EXPECT_TRUE(has(client.get("/"), "\r\nKeep-Alive: timeout=5, max=2\r\n"));
        EXPECT_TRUE(has(client.get("/"), "\r\nKeep-Alive: timeout=5, max=1\r\n"));
        EXPECT_FALSE(has(client.get("/"), "max="));
    }
}

TEST(connection_faults, each_connection_counts_for_itself) {
    faulty_origin origin({.faults = {{.kind = fault_kind::close_after, .count = 1}}});
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(has(raw_client(origin.port()).get("/"), "\r\nConnection: close\r\n"));
    EXPECT_EQ(origin.report().faults.at(fault_kind::close_after).happened, 3U);
}

}  // namespace
}  // namespace hearth::testing
