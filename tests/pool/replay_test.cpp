// Requests that come back because their connection was stale.
#include "pool/script.hpp"

#include <gtest/gtest.h>

namespace hearth::pool {
namespace {

TEST(pool_replay, a_refused_connection_is_closed_and_the_next_one_tried) {
    script s;
    s.idle(2);
    EXPECT_EQ(s.acquire(1), "reuse r1 c2 0s");
    EXPECT_EQ(s.refused(2, 1), "close c2 stale_at_use | reuse r1 c1 1s");
    EXPECT_EQ(s.refused(1, 1), "close c1 stale_at_use | open c3 r1");
    EXPECT_EQ(s.opened(3), "grant r1 c3");
}

TEST(pool_replay, a_refused_request_keeps_its_needs) {
    script s;
    s.idle(2);
    s.wait(3s);
    EXPECT_EQ(s.acquire(1, {.max_idle_age = 3s}), "reuse r1 c2 3s");
    EXPECT_EQ(s.refused(2, 1), "close c2 stale_at_use | open c3 r1") << "c1 idles for 4 s";
}

TEST(pool_replay, a_refused_request_goes_to_the_head) {
    script s{{.max_sockets = 1}};
    s.idle(1);
    s.acquire(1), s.acquire(2);
    EXPECT_EQ(s.refused(1, 1), "close c1 stale_at_use | open c2 r1");
    EXPECT_EQ(s.opened(2), "grant r1 c2");
}

TEST(pool_replay, a_refused_request_keeps_its_slot_at_the_total_limit) {
    script s{{.max_total_sockets = 1}};
    s.idle(1, 'a');
    s.acquire(1, 'a'), s.acquire(2, 'b');
    EXPECT_EQ(s.refused(1, 1), "close c1 stale_at_use | open c2 r1");
    EXPECT_EQ(s.open_failed(2), "fail r1 connection_refused | open c3 r2");
}

TEST(pool_replay, a_refused_request_makes_do_with_a_spare_dial) {
    script s;
    s.idle(1);
    s.acquire(1), s.acquire(2), s.cancel(2);
    EXPECT_EQ(s.refused(1, 1), "close c1 stale_at_use") << "c2 is being dialled for nobody";
    EXPECT_EQ(s.opened(2), "grant r1 c2");
}

// 39, 46
TEST(pool_replay, a_replay_dials_at_once_and_takes_no_idle_connection) {
    for (const bool fresh : {true, false}) {
        script s;
        s.idle(2);
        s.acquire(1);
        EXPECT_EQ(s.replay(2, 1, {.fresh = fresh}), "close c2 stale_in_use | open c3 r1");
        EXPECT_EQ(s.opened(3), "grant r1 c3");
        EXPECT_EQ(s.gauges(), "0 1 1 0") << "c1 idles on, to be looked at";
    }
}

TEST(pool_replay, nobody_steals_the_slot_of_a_replay) {
    script s{{.max_sockets = 1, .max_total_sockets = 2}};
    s.idle(1, 'a');
    s.acquire(1, 'a'), s.acquire(2, 'a');
    s.acquire(3, 'b'), s.acquire(4, 'c');
    EXPECT_EQ(s.replay(1, 1), "close c1 stale_in_use | open c3 r1");
    EXPECT_EQ(s.opened(3), "grant r1 c3") << "r1 is ahead of r2";
    EXPECT_EQ(s.released(3), "reuse r2 c3 0s");
}

TEST(pool_replay, a_fresh_replay_takes_no_released_connection) {
    script s{{.max_sockets = 2}};
    s.idle(2);
    s.acquire(1), s.acquire(2);
    EXPECT_EQ(s.replay(2, 1), "close c2 stale_in_use | open c3 r1");
    EXPECT_EQ(s.acquire(3), "");
    EXPECT_EQ(s.released(1), "reuse r3 c1 0s") << "r1 is older, but wants a fresh one";
    EXPECT_EQ(s.opened(3), "grant r1 c3");
}

TEST(pool_replay, a_replay_that_need_not_be_fresh_takes_a_released_connection) {
    script s;
    s.idle(2);
    s.acquire(1), s.acquire(2);
    s.replay(2, 1, {.fresh = false});
    EXPECT_EQ(s.released(1), "reuse r1 c1 0s");
    EXPECT_EQ(s.opened(3), "");
}

TEST(pool_replay, a_replay_makes_do_with_a_spare_dial) {
    script s;
    s.idle(1);
    s.acquire(1), s.warm(1);
    EXPECT_EQ(s.replay(1, 1), "close c1 stale_in_use") << "c2 is being dialled for nobody";
    EXPECT_EQ(s.opened(2), "grant r1 c2");
}

TEST(pool_replay, a_dial_ahead_serves_the_replay_it_was_made_for) {
    script s{{.max_sockets = 2}};
    s.idle(1);
    s.acquire(1);
    EXPECT_EQ(s.dial_ahead(), "open c2");
    EXPECT_EQ(s.dial_ahead(), "no slot");
    EXPECT_EQ(s.replay(1, 1), "close c1 stale_in_use");
    EXPECT_EQ(s.opened(2), "grant r1 c2");
}

TEST(pool_replay, a_dial_ahead_that_is_not_needed_goes_idle) {
    script s;
    s.idle(1);
    s.acquire(1), s.dial_ahead();
    EXPECT_EQ(s.opened(2), "");
    EXPECT_EQ(s.gauges(), "0 1 1 0");
    EXPECT_EQ(s.acquire(2), "reuse r2 c2 0s");
}

TEST(pool_replay, a_dial_ahead_that_fails_fails_nobody) {
    script s;
    s.idle(1);
    s.acquire(1), s.dial_ahead();
    EXPECT_EQ(s.open_failed(2), "");
    EXPECT_EQ(s.replay(1, 1), "close c1 stale_in_use | open c3 r1");
}

// 43
TEST(pool_replay, a_failed_dial_of_a_replay_fails_it) {
    script s;
    s.idle(1);
    s.acquire(1), s.replay(1, 1);
    EXPECT_EQ(s.open_failed(2), "fail r1 connection_refused");
}

TEST(pool_replay, a_replay_can_be_cancelled_and_time_out) {
    script s;
    s.idle(2);
    s.acquire(1), s.acquire(2);
    s.replay(2, 1), s.replay(1, 2, {.fresh = true, .pending_deadline = s.now.mono + 1s});
    EXPECT_EQ(s.cancel(1), "");
    s.wait(1s);
    EXPECT_EQ(s.tick(), "fail r2 pending_timeout");
    EXPECT_EQ(s.gauges(), "0 0 0 2");
}

// 39
TEST(pool_replay, a_server_restart_costs_one_dial_a_request) {
    constexpr std::uint64_t n = 20;
    script s{{.max_sockets = n}};
    s.idle(n);
    for (std::uint64_t r = 1; r <= n; ++r) s.acquire(r);
    for (std::uint64_t r = 1; r <= n; ++r) {
        const auto dead = static_cast<std::size_t>(n + 1 - r);
        EXPECT_EQ(s.replay(dead, r), "close c" + std::to_string(dead) + " stale_in_use | open c" + std::to_string(n + r) +
                                         " r" + std::to_string(r));
    }
    // Each replay goes ahead of all that wait, the previous ones included.
    for (std::uint64_t r = 1; r <= n; ++r) {
        EXPECT_EQ(s.opened(n + r), "grant r" + std::to_string(n + 1 - r) + " c" + std::to_string(n + r));
    }
}

}  // namespace
}  // namespace hearth::pool
