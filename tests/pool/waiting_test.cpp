// Requests that wait: who is next, and what ends the waiting.
#include "pool/script.hpp"

#include <gtest/gtest.h>

namespace hearth::pool {
namespace {

// 10
TEST(pool_waiting, a_waiter_takes_the_first_connection_to_be_released) {
    script s;
    s.acquire(1), s.opened(1);
    EXPECT_EQ(s.acquire(2), "open c2 r2");
    EXPECT_EQ(s.released(1), "reuse r2 c1 0s");
    EXPECT_EQ(s.opened(2), "") << "nobody needs it now: it idles";
    EXPECT_EQ(s.gauges(), "0 1 1 0");
    EXPECT_EQ(s.acquire(3), "reuse r3 c2 0s");
}

// 10
TEST(pool_waiting, a_waiter_takes_the_first_dial_to_succeed) {
    script s;
    s.acquire(1), s.acquire(2);
    EXPECT_EQ(s.opened(2), "grant r1 c2");
    EXPECT_EQ(s.opened(1), "grant r2 c1");
}

// 11
TEST(pool_waiting, the_oldest_waiter_goes_first) {
    script s{{.max_sockets = 1}};
    s.acquire(1), s.opened(1), s.acquire(2), s.acquire(3);
    EXPECT_EQ(s.released(1), "reuse r2 c1 0s");
    EXPECT_EQ(s.released(1), "reuse r3 c1 0s");
    EXPECT_EQ(s.released(1), "");
}

// 11
TEST(pool_waiting, one_that_cannot_be_replayed_takes_what_was_just_released) {
    script s{{.max_sockets = 1}};
    s.acquire(1), s.opened(1), s.acquire(2, {.max_idle_age = 0s});
    s.wait(1h);
    EXPECT_EQ(s.released(1), "reuse r2 c1 0s");
}

// 12
TEST(pool_waiting, a_cancelled_waiter_shifts_no_ones_place) {
    script s{{.max_sockets = 1}};
    s.acquire(1), s.opened(1), s.acquire(2), s.acquire(3), s.acquire(4);
    EXPECT_EQ(s.cancel(3), "");
    EXPECT_EQ(s.cancel(3), "");
    EXPECT_EQ(s.released(1), "reuse r2 c1 0s");
    EXPECT_EQ(s.released(1), "reuse r4 c1 0s");
}

// 12
TEST(pool_waiting, a_cancelled_waiter_costs_no_connection) {
    script s;
    s.acquire(1);
    EXPECT_EQ(s.cancel(1), "");
    EXPECT_EQ(s.opened(1), "");
    EXPECT_EQ(s.acquire(2), "reuse r2 c1 0s");
}

TEST(pool_waiting, a_spare_dial_serves_the_next_request) {
    script s;
    s.acquire(1), s.cancel(1);
    EXPECT_EQ(s.acquire(2), "") << "never more dials than waiters";
    EXPECT_EQ(s.opened(1), "grant r2 c1");
}

TEST(pool_waiting, cancelling_what_was_granted_does_nothing) {
    script s;
    s.acquire(1), s.opened(1);
    EXPECT_EQ(s.cancel(1), "");
    EXPECT_EQ(s.released(1, {.keep = false, .reason = close_reason::canceled}), "close c1 canceled");
}

TEST(pool_waiting, a_failed_dial_fails_whom_it_was_for) {
    script s;
    s.acquire(1), s.acquire(2);
    EXPECT_EQ(s.open_failed(2), "fail r2 connection_refused");
    EXPECT_EQ(s.gauges(), "1 0 0 1");
    EXPECT_EQ(s.opened(1), "grant r1 c1");
}

TEST(pool_waiting, a_failed_dial_for_one_already_served_fails_nobody) {
    script s;
    s.acquire(1), s.opened(1), s.acquire(2);
    EXPECT_EQ(s.released(1), "reuse r2 c1 0s");
    EXPECT_EQ(s.open_failed(2), "");
}

TEST(pool_waiting, who_relied_on_a_failed_dial_gets_another) {
    script s;
    s.acquire(1), s.cancel(1), s.acquire(2);
    EXPECT_EQ(s.open_failed(1), "open c2 r2");
    EXPECT_EQ(s.open_failed(2), "fail r2 connection_refused");
}

TEST(pool_waiting, a_failed_dial_leaves_its_slot_to_the_next) {
    script s{{.max_sockets = 1}};
    s.acquire(1), s.acquire(2);
    EXPECT_EQ(s.open_failed(1), "fail r1 connection_refused | open c2 r2");
}

// A dial that was taken by an older request leaves that one's dial to the younger.
TEST(pool_waiting, dials_work_for_the_oldest_whoever_they_were_for) {
    script s;
    s.acquire(1), s.acquire(2);
    EXPECT_EQ(s.opened(2), "grant r1 c2");
    EXPECT_EQ(s.open_failed(1), "open c3 r2") << "r1 has what it wanted; r2 is dialled for anew";
    EXPECT_EQ(s.opened(3), "grant r2 c3");
}

// 13
TEST(pool_waiting, a_request_that_waits_too_long_fails_and_leaks_nothing) {
    script s{{.max_sockets = 1}};
    s.acquire(1), s.opened(1);
    EXPECT_EQ(s.acquire(2, {.pending_deadline = s.now.mono + 5s}), "");
    EXPECT_EQ(s.acquire(3, {.pending_deadline = s.now.mono + 3s}), "");
    EXPECT_EQ(s.due(), 3s);
    s.sleep(1h);
    EXPECT_EQ(s.due(), 3s) << "timeouts stand still while the machine sleeps";
    s.wait(3s);
    EXPECT_EQ(s.tick(), "fail r3 pending_timeout");
    EXPECT_EQ(s.due(), 2s);
    s.wait(2s);
    EXPECT_EQ(s.tick(), "fail r2 pending_timeout");
    EXPECT_EQ(s.due(), -1ns);
    EXPECT_EQ(s.released(1), "");
    EXPECT_EQ(s.acquire(4), "reuse r4 c1 0s");
}

TEST(pool_waiting, a_request_with_its_own_dial_may_wait_too_long_as_well) {
    script s;
    EXPECT_EQ(s.acquire(1, {.pending_deadline = s.now.mono + 3s}), "open c1 r1");
    s.wait(3s);
    EXPECT_EQ(s.tick(), "fail r1 pending_timeout");
    EXPECT_EQ(s.opened(1), "");
    EXPECT_EQ(s.gauges(), "0 0 1 0");
}

TEST(pool_waiting, a_granted_request_has_no_pending_deadline) {
    script s;
    s.acquire(1, {.pending_deadline = s.now.mono + 3s}), s.opened(1);
    EXPECT_EQ(s.due(), -1ns);
}

}  // namespace
}  // namespace hearth::pool
