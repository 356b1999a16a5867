// What goes wrong with idle connections, seen on the wire. Those in flight: in_flight_test.cpp; under TLS:
// tls_faults_test.cpp.
#include "testing/books.hpp"
#include "testing/event_log.hpp"
#include "testing/raw_client.hpp"

#include <hearth/testing/faulty_origin.hpp>

#include <gtest/gtest.h>

#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <memory>
#include <string>
#include <system_error>
#include <thread>

namespace hearth::testing {
namespace {

using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;

fault_tally tally_of(const faulty_origin& origin, fault_kind kind) { return origin.report().faults[kind]; }

class idle_faults : public ::testing::Test {
protected:
    [[nodiscard]] faulty_origin_options options(fault f) const {
        return {.idle_timeout = 100ms, .faults = {f}, .on_event = log_.hook()};
    }
    [[nodiscard]] faulty_origin_options options(fault_kind kind) const { return options(fault{.kind = kind}); }
    event_log log_;
};

TEST_F(idle_faults, a_fin_after_the_idle_timeout) {
    faulty_origin origin(options(fault_kind::idle_fin));
    raw_client client(origin.port());
    const auto before = clock::now();
    (void)client.get("/");
    EXPECT_EQ(client.end(), 0);
    EXPECT_GE(clock::now() - before, 100ms);
    EXPECT_EQ(tally_of(origin, fault_kind::idle_fin).happened, 1U);
    EXPECT_EQ(origin.report().idle_closes, 1U);
}

TEST_F(idle_faults, a_reset_after_a_time_of_its_own) {
    faulty_origin origin(options({.kind = fault_kind::idle_rst, .time = 300ms}));
    raw_client client(origin.port());
    const auto before = clock::now();
    (void)client.get("/");
    EXPECT_EQ(client.end(), ECONNRESET);
    EXPECT_GE(clock::now() - before, 300ms);
    EXPECT_EQ(tally_of(origin, fault_kind::idle_rst).happened, 1U);
}

TEST_F(idle_faults, a_request_in_time_starts_the_time_again) {
    faulty_origin origin(options({.kind = fault_kind::idle_fin, .time = 700ms}));
    raw_client client(origin.port());
    const auto before = clock::now();
    (void)client.get("/slow/300");
    (void)client.get("/slow/300");
    EXPECT_EQ(client.end(), 0);
    EXPECT_GE(clock::now() - before, 1'300ms);
    EXPECT_EQ(tally_of(origin, fault_kind::idle_fin).happened, 1U);
}

TEST_F(idle_faults, none_comes_before_the_first_request) {
    faulty_origin_options o = options(fault_kind::idle_rst);
    o.patience = 200ms;
    faulty_origin origin(o);
    raw_client client(origin.port());
    EXPECT_EQ(client.end(), 0);
    EXPECT_TRUE(origin.report().faults.empty());
}

TEST_F(idle_faults, a_408_that_nobody_asked_for_and_a_fin) {
    faulty_origin origin(options(fault_kind::idle_408));
    raw_client client(origin.port());
    (void)client.get("/");
    const std::string unasked = client.response();
    EXPECT_TRUE(unasked.starts_with("HTTP/1.1 408 Request Timeout\r\n")) << unasked;
    EXPECT_NE(unasked.find("\r\nConnection: close\r\n"), std::string::npos) << unasked;
    EXPECT_EQ(client.end(), 0);
    EXPECT_EQ(origin.report().idle_closes, 1U);
    EXPECT_EQ(origin.report().requests, 1U);
}

TEST_F(idle_faults, junk_and_then_service_as_usual) {
    faulty_origin_options o = options({.kind = fault_kind::idle_junk, .time = 50ms});
    o.idle_timeout = 10s;
    faulty_origin origin(o);
    raw_client client(origin.port());
    (void)client.get("/");
    const std::string junk = client.some();
    EXPECT_FALSE(junk.starts_with("HTTP/"));
    EXPECT_EQ(origin.report().idle_closes, 0U);
    client.send(request_text("GET", "after"));
    EXPECT_EQ(body_of(client.response()), "hello from the origin\n");
    EXPECT_EQ(tally_of(origin, fault_kind::idle_junk).requests, 1U);
}

TEST_F(idle_faults, a_half_closed_origin_reads_and_executes_and_says_nothing) {
    faulty_origin origin(options(fault_kind::idle_half_close));
    raw_client client(origin.port());
    (void)client.get("/");
    EXPECT_EQ(client.end(), 0);
    const auto acked = books_of(client).acked;
    const std::string first = request_text("POST", "first");
    const std::string second = "POST /echo HTTP/1.1\r\nHost: o\r\nContent-Length: 3\r\nx-request-id: second\r\n\r\nabc";
    client.send(first);
    client.send(second);
    ASSERT_TRUE(log_.wait_for(origin_event_kind::executed, 3));
    EXPECT_EQ(origin.executed("first"), 1U);
    EXPECT_EQ(origin.executed("second"), 1U);
    EXPECT_TRUE(is_acked(client, acked + first.size() + second.size()));
    EXPECT_FALSE(books_of(client).is_reset);
    EXPECT_EQ(client.end(), 0) << "still nothing but the FIN";
    const auto tally = tally_of(origin, fault_kind::idle_half_close);
    EXPECT_EQ(tally.happened, 1U);
    EXPECT_EQ(tally.requests, 2U);
    EXPECT_EQ(origin.report().requests, 1U);
    EXPECT_EQ(origin.report().executed, 3U);
}

TEST_F(idle_faults, a_half_closed_origin_leaves_when_its_client_does) {
    faulty_origin origin(options(fault_kind::idle_half_close));
    {
        raw_client client(origin.port());
        (void)client.get("/");
        EXPECT_EQ(client.end(), 0);
    }
    EXPECT_TRUE(log_.wait_for(origin_event_kind::closed));
}

TEST_F(idle_faults, silence_acknowledges_nothing_and_says_nothing) {
    faulty_origin origin(options({.kind = fault_kind::idle_silence, .time = 1ms}));
    raw_client client(origin.port());
    (void)client.get("/");
    ASSERT_TRUE(log_.wait_for(origin_event_kind::fault));
    const auto acked = books_of(client).acked;
    client.send(request_text("POST", "lost"));
    // Sent again and again by then.
    while (books_of(client).retransmits < 2) std::this_thread::yield();
    EXPECT_EQ(books_of(client).acked, acked);
    EXPECT_FALSE(books_of(client).is_reset);
    EXPECT_EQ(origin.executed("lost"), 0U);
    EXPECT_EQ(tally_of(origin, fault_kind::idle_silence).happened, 1U);
    EXPECT_EQ(tally_of(origin, fault_kind::idle_silence).requests, 0U) << "nobody can know";
    EXPECT_EQ(origin.open_connections(), 1U);
    EXPECT_EQ(origin.close_idle(), 0U);
}

TEST_F(idle_faults, silence_ends_with_the_origin) {
    auto origin = std::make_unique<faulty_origin>(options({.kind = fault_kind::idle_silence, .time = 1ms}));
    raw_client client(origin->port());
    (void)client.get("/");
    ASSERT_TRUE(log_.wait_for(origin_event_kind::fault));
    origin.reset();
    EXPECT_EQ(client.end(), ECONNRESET);
}

TEST_F(idle_faults, work_on_v6_and_unix_sockets_too) {
    const std::string path = ::testing::TempDir() + "hearth-idle-faults-" + std::to_string(::getpid());
    faulty_origin_options o = options(fault_kind::idle_408);
    o.socket_path = path;
    faulty_origin origin(o);
    raw_client client(path);
    (void)client.get("/");
    EXPECT_TRUE(client.response().starts_with("HTTP/1.1 408 "));
    EXPECT_EQ(client.end(), 0);

    faulty_origin_options six = options({.kind = fault_kind::idle_rst});
    six.address = "::1";
    try {
        faulty_origin v6(six);
        raw_client other(v6.port(), true);
        (void)other.get("/");
        EXPECT_EQ(other.end(), ECONNRESET);
    } catch (const std::system_error& e) {
        GTEST_SKIP() << "no IPv6 here: " << e.what();
    }
}

TEST_F(idle_faults, wrong_hints_say_what_they_are_told) {
    faulty_origin origin({.idle_timeout = 1s, .told_timeout = 60s});
    const std::string response = raw_client(origin.port()).get("/");
    EXPECT_NE(response.find("\r\nKeep-Alive: timeout=60\r\n"), std::string::npos) << response;
}

}  // namespace
}  // namespace hearth::testing
