// Against the real Apache httpd. It closes by a FIN and goes on reading for up to two seconds, without executing anything
// ("lingering close").
#include "support/apache.hpp"
#include "integration/callers.hpp"

#include <gtest/gtest.h>

#include <string>

namespace {

using namespace hearth::test;
using hearth::agent;
using hearth::evidence;

struct apache_test : real_servers {
    void SetUp() override { HEARTH_NEED_SERVER(apache); }
};

// It looks for idle connections ten times a second.
gap_plan plan(unsigned seed) { return {.timeout = 1'050ms, .spread = 70ms, .seed = seed}; }

TEST_F(apache_test, idle_gaps_around_its_keep_alive_timeout) {
    const apache server({.keep_alive_timeout = "1"});
    outcomes all;
    run([&] { return call_with_gaps(server.url(), plan(21), {}, all); });
    expect_promise_kept(all, server.executed());
}

TEST_F(apache_test, requests_that_meet_its_lingering_close_are_in_doubt) {
    const apache server({.keep_alive_timeout = "1"});
    outcomes all;
    run([&] { return call_with_gaps(server.url(), plan(22), by_evidence_alone(), all); });
    expect_promise_kept(all, server.executed());
    EXPECT_GT(all.failed_after(evidence::half_closed), 0U) << "POSTs that it read and threw away";
}

TEST_F(apache_test, replay_half_closed_mends_its_lingering_close) {
    const apache server({.keep_alive_timeout = "1"});
    hearth::agent_options options = by_evidence_alone();
    options.replay.half_closed = true;
    outcomes all;
    run([&] { return call_with_gaps(server.url(), plan(23), options, all); });
    expect_promise_kept(all, server.executed());
    EXPECT_GT(all.replayed_after(evidence::half_closed), 0U);
    EXPECT_EQ(all.failed_after(evidence::half_closed), 0U);
}

TEST_F(apache_test, five_requests_a_connection_and_graceful_restarts_under_load) {
    apache server({.max_keep_alive_requests = 5});
    outcomes all;
    run([&] { return call_disturbed(server.url(), default_patience, 5, all, [&] { server.restart_gracefully(); }); });
    expect_promise_kept(all, server.executed());
    EXPECT_GE(all.count.opened, all.requests.size() / 6) << "it counts the requests that follow the first";
}

TEST_F(apache_test, graceful_restarts_close_idle_connections) {
    apache server;
    outcomes all;
    run([&] { return call_disturbed(server.url(), default_patience, 5, all, [&] { server.restart_gracefully(); }); });
    expect_promise_kept(all, server.executed());
}

TEST_F(apache_test, killed_and_started_under_load) {
    apache server;
    outcomes all;
    run([&] { return call_through_restarts(server.url(), 5, all, [&] { server.kill_and_start(); }); });
    expect_promise_kept(all, server.executed());
}

}  // namespace
