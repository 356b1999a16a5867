// What goes wrong under TLS, seen on the wire.
#include "testing/books.hpp"
#include "testing/event_log.hpp"
#include "testing/tls_client.hpp"

#include <hearth/testing/faulty_origin.hpp>

#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <cerrno>
#include <chrono>
#include <string>

namespace hearth::testing {
namespace {

using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;

class tls_faults : public ::testing::Test {
protected:
    [[nodiscard]] faulty_origin_options options(fault f) const {
        return {.tls = true, .idle_timeout = 100ms, .faults = {f}, .on_event = log_.hook()};
    }
    [[nodiscard]] faulty_origin_options in_flight(fault_kind kind) const {
        faulty_origin_options o = options({.kind = kind, .time = 1'000ms, .in_flight = true});
        o.in_flight = 999ms;
        return o;
    }
    event_log log_;
};

TEST_F(tls_faults, close_notify_and_fin) {
    faulty_origin origin(options({.kind = fault_kind::idle_close_notify}));
    tls_client client(origin.port());
    EXPECT_EQ(body_of(client.get("/")), "hello from the origin\n");
    EXPECT_EQ(client.end(), SSL_ERROR_ZERO_RETURN);
    EXPECT_EQ(client.raw().end(), 0);
    EXPECT_EQ(origin.report().faults.at(fault_kind::idle_close_notify).happened, 1U);
}

TEST_F(tls_faults, a_bare_fin) {
    faulty_origin origin(options({.kind = fault_kind::idle_fin}));
    tls_client client(origin.port());
    (void)client.get("/");
    EXPECT_EQ(client.end(), SSL_ERROR_SSL);
    EXPECT_EQ(ERR_GET_REASON(ERR_get_error()), SSL_R_UNEXPECTED_EOF_WHILE_READING);
    EXPECT_EQ(client.raw().end(), 0);
}

TEST_F(tls_faults, a_reset) {
    faulty_origin origin(options({.kind = fault_kind::idle_rst}));
    tls_client client(origin.port());
    (void)client.get("/");
    EXPECT_EQ(client.end(), SSL_ERROR_SYSCALL);
    EXPECT_EQ(errno, ECONNRESET);
}

TEST_F(tls_faults, close_notify_in_flight_leaves_the_request_unacknowledged) {
    faulty_origin origin(in_flight(fault_kind::idle_close_notify));
    tls_client client(origin.port());
    (void)client.get("/");
    const auto acked = books_of(client.raw()).acked;
    ASSERT_TRUE(log_.wait_for(origin_event_kind::deaf));
    client.send(request_text("POST", "late"));
    EXPECT_EQ(client.end(), SSL_ERROR_ZERO_RETURN);
    EXPECT_EQ(client.raw().end(), 0);
    EXPECT_EQ(books_of(client.raw()).acked, acked);
    EXPECT_TRUE(is_reset(client.raw()));
    EXPECT_EQ(origin.executed("late"), 0U);
    EXPECT_EQ(origin.report().caught_in_flight, 1U);
}

TEST_F(tls_faults, a_clients_own_close_notify_is_not_caught) {
    faulty_origin origin(in_flight(fault_kind::idle_fin));
    {
        tls_client client(origin.port());
        (void)client.get("/");
        ASSERT_TRUE(log_.wait_for(origin_event_kind::deaf));
        client.close_notify();
    }
    ASSERT_TRUE(log_.wait_for(origin_event_kind::closed));
    EXPECT_EQ(origin.report().caught_in_flight, 0U);
    EXPECT_TRUE(origin.report().faults.empty());
}

TEST_F(tls_faults, a_half_close_without_close_notify) {
    faulty_origin origin(options({.kind = fault_kind::idle_half_close}));
    tls_client client(origin.port());
    (void)client.get("/");
    EXPECT_EQ(client.raw().end(), 0);
    client.send(request_text("POST", "late"));
    ASSERT_TRUE(log_.wait_for(origin_event_kind::executed, 2));
    EXPECT_EQ(origin.executed("late"), 1U);
}

TEST_F(tls_faults, an_unasked_408_comes_as_application_data) {
    faulty_origin origin(options({.kind = fault_kind::idle_408}));
    tls_client client(origin.port());
    (void)client.get("/");
    EXPECT_TRUE(client.some().starts_with("HTTP/1.1 408 "));
    EXPECT_EQ(client.end(), SSL_ERROR_ZERO_RETURN);
}

TEST_F(tls_faults, a_slow_handshake) {
    faulty_origin origin(options({.kind = fault_kind::slow_handshake, .time = 200ms}));
    const auto before = clock::now();
    tls_client client(origin.port());
    EXPECT_GE(clock::now() - before, 200ms);
    EXPECT_EQ(body_of(client.get("/")), "hello from the origin\n");
    EXPECT_EQ(origin.report().faults.at(fault_kind::slow_handshake).happened, 1U);
}

TEST_F(tls_faults, tickets_come_with_the_handshake_unless_they_are_late) {
    faulty_origin origin({.tls = true});
    tls_client client(origin.port());
    (void)client.get("/");
    EXPECT_GE(client.tickets(), 1);
}

TEST_F(tls_faults, late_tickets_come_while_idle_and_the_connection_goes_on) {
    faulty_origin_options o = options({.kind = fault_kind::late_tickets, .time = 30ms});
    o.idle_timeout = 10s;
    faulty_origin origin(o);
    tls_client client(origin.port());
    (void)client.get("/");
    EXPECT_EQ(client.tickets(), 0);
    ASSERT_TRUE(log_.wait_for(origin_event_kind::fault));
    EXPECT_TRUE(client.wait_for_tickets(1));
    EXPECT_EQ(body_of(client.get("/")), "hello from the origin\n");
    ASSERT_TRUE(log_.wait_for(origin_event_kind::fault, 2));
    EXPECT_TRUE(client.wait_for_tickets(2)) << "and again";
    EXPECT_EQ(origin.report().idle_closes, 0U);
}

TEST_F(tls_faults, an_abrupt_restart_says_no_goodbye) {
    faulty_origin origin({.tls = true});
    tls_client client(origin.port());
    (void)client.get("/");
    origin.restart(0ms);
    EXPECT_EQ(client.end(), SSL_ERROR_SSL);
}

TEST_F(tls_faults, responses_cut_short_and_dribbled_are_so_under_tls) {
    faulty_origin cut(options({.kind = fault_kind::cut_short, .count = 10}));
    tls_client client(cut.port());
    EXPECT_EQ(client.get("/"), "HTTP/1.1 2");
    EXPECT_EQ(client.end(), SSL_ERROR_SSL) << "no close_notify";
    faulty_origin dribbles(options({.kind = fault_kind::dribble, .time = 1ms}));
    tls_client other(dribbles.port());
    EXPECT_EQ(other.get("/"), "H");
    EXPECT_EQ(other.some(), "T");
}

}  // namespace
}  // namespace hearth::testing
