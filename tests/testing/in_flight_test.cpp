// Closes that are in flight when the next request is sent, seen on the wire.
#include "testing/books.hpp"
#include "testing/event_log.hpp"
#include "testing/raw_client.hpp"

#include <hearth/testing/faulty_origin.hpp>

#include <gtest/gtest.h>

#include <cerrno>
#include <chrono>

namespace hearth::testing {
namespace {

using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;

class in_flight : public ::testing::Test {
protected:
    // Deaf nearly from the response on, and for so long that a slow machine sends in time.
    [[nodiscard]] faulty_origin_options options(fault_kind kind) const {
        return {.idle_timeout = 10s,
                .faults = {{.kind = kind, .time = 1'000ms, .in_flight = true}},
                .in_flight = 999ms,
                .on_event = log_.hook()};
    }
    event_log log_;
};

TEST_F(in_flight, a_fin_leaves_the_request_unacknowledged_and_its_retransmission_draws_the_rst) {
    faulty_origin origin(options(fault_kind::idle_fin));
    raw_client client(origin.port());
    (void)client.get("/");
    const auto acked = books_of(client).acked;
    ASSERT_TRUE(log_.wait_for(origin_event_kind::deaf));
    client.send(request_text("POST", "late"));
    EXPECT_EQ(client.end(), 0);  // FIN
    EXPECT_EQ(books_of(client).acked, acked);
    ASSERT_TRUE(is_reset(client));
    EXPECT_EQ(books_of(client).acked, acked);
    EXPECT_GE(books_of(client).retransmits, 1U);
    EXPECT_EQ(origin.executed("late"), 0U);
    const auto report = origin.report();
    EXPECT_EQ(report.caught_in_flight, 1U);
    EXPECT_EQ(report.idle_closes, 1U);
    EXPECT_EQ(report.faults.at(fault_kind::idle_fin).happened, 1U);
    EXPECT_EQ(report.faults.at(fault_kind::idle_fin).requests, 1U);
    const auto faults = log_.of(origin_event_kind::fault);
    ASSERT_EQ(faults.size(), 1U);
    EXPECT_TRUE(faults[0].event.caught);
    EXPECT_EQ(faults[0].event.connection, 1U);
}

TEST_F(in_flight, a_reset_leaves_the_request_unacknowledged) {
    faulty_origin origin(options(fault_kind::idle_rst));
    raw_client client(origin.port());
    (void)client.get("/");
    const auto acked = books_of(client).acked;
    ASSERT_TRUE(log_.wait_for(origin_event_kind::deaf));
    client.send(request_text("POST", "late"));
    EXPECT_EQ(client.end(), ECONNRESET);
    EXPECT_EQ(books_of(client).acked, acked);
    EXPECT_EQ(origin.executed("late"), 0U);
    EXPECT_EQ(origin.report().caught_in_flight, 1U);
}

TEST_F(in_flight, nobody_is_caught_when_nothing_is_sent) {
    faulty_origin origin(options(fault_kind::idle_fin));
    raw_client client(origin.port());
    (void)client.get("/");
    const auto before = clock::now();
    EXPECT_EQ(client.end(), 0);
    EXPECT_GE(clock::now() - before, 900ms);
    const auto report = origin.report();
    EXPECT_EQ(report.caught_in_flight, 0U);
    EXPECT_EQ(report.faults.at(fault_kind::idle_fin).happened, 1U);
    EXPECT_EQ(report.faults.at(fault_kind::idle_fin).requests, 0U);
}

TEST_F(in_flight, a_client_that_says_goodbye_meanwhile_is_not_a_request) {
    faulty_origin origin(options(fault_kind::idle_fin));
    {
        raw_client client(origin.port());
        (void)client.get("/");
        ASSERT_TRUE(log_.wait_for(origin_event_kind::deaf));
    }
    ASSERT_TRUE(log_.wait_for(origin_event_kind::closed));
    EXPECT_EQ(origin.report().caught_in_flight, 0U);
    EXPECT_TRUE(origin.report().faults.empty());
}

TEST_F(in_flight, a_408_crosses_with_the_request) {
    faulty_origin origin(options(fault_kind::idle_408));
    raw_client client(origin.port());
    (void)client.get("/");
    const auto acked = books_of(client).acked;
    ASSERT_TRUE(log_.wait_for(origin_event_kind::deaf));
    client.send(request_text("POST", "late"));
    EXPECT_TRUE(client.response().starts_with("HTTP/1.1 408 Request Timeout\r\n"));
    EXPECT_EQ(books_of(client).acked, acked);
    EXPECT_EQ(client.end(), 0);
    EXPECT_EQ(origin.executed("late"), 0U);
    EXPECT_EQ(origin.report().caught_in_flight, 1U);
}

TEST_F(in_flight, a_half_close_loses_the_request_at_first_and_executes_it_then) {
    faulty_origin origin(options(fault_kind::idle_half_close));
    raw_client client(origin.port());
    (void)client.get("/");
    const auto acked = books_of(client).acked;
    ASSERT_TRUE(log_.wait_for(origin_event_kind::deaf));
    const std::string request = request_text("POST", "late");
    client.send(request);
    EXPECT_EQ(client.end(), 0);  // FIN, while the request was lost
    EXPECT_EQ(books_of(client).acked, acked);
    ASSERT_TRUE(log_.wait_for(origin_event_kind::executed, 2));
    EXPECT_TRUE(is_acked(client, acked + request.size()));
    EXPECT_EQ(origin.executed("late"), 1U);
    EXPECT_EQ(origin.report().caught_in_flight, 1U);
    EXPECT_EQ(origin.report().faults.at(fault_kind::idle_half_close).requests, 1U);
}

TEST_F(in_flight, junk_comes_before_the_answer_to_a_request_that_was_lost_at_first) {
    faulty_origin origin(options(fault_kind::idle_junk));
    raw_client client(origin.port());
    (void)client.get("/");
    ASSERT_TRUE(log_.wait_for(origin_event_kind::deaf));
    client.send(request_text("GET", "late"));
    EXPECT_EQ(client.some(), "\x15\x03\x01junk\r\n");
    EXPECT_EQ(origin.executed("late"), 0U);
    EXPECT_EQ(body_of(client.response()), "hello from the origin\n");
    EXPECT_EQ(origin.report().caught_in_flight, 1U);
}

TEST_F(in_flight, a_request_that_comes_before_is_served) {
    faulty_origin origin({.idle_timeout = 1'000ms,
                          .faults = {{.kind = fault_kind::idle_fin, .in_flight = true}},
                          .in_flight = 1ms,
                          .on_event = log_.hook()});
    raw_client client(origin.port());
    for (int i = 0; i < 20; ++i) EXPECT_EQ(body_of(client.get("/")), "hello from the origin\n");
    EXPECT_EQ(origin.report().connections, 1U);
}

}  // namespace
}  // namespace hearth::testing
