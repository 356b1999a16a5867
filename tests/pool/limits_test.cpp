// How many connections there are, and who waits when there may be no more.
#include "pool/script.hpp"

#include <gtest/gtest.h>

namespace hearth::pool {
namespace {

// 6
TEST(pool_limits, max_sockets_counts_dials_in_progress) {
    script s{{.max_sockets = 2}};
    EXPECT_EQ(s.acquire(1), "open c1 r1");
    EXPECT_EQ(s.acquire(2), "open c2 r2");
    EXPECT_EQ(s.acquire(3), "");
    EXPECT_EQ(s.cancel(1), "");
    EXPECT_EQ(s.cancel(2), "");
    EXPECT_EQ(s.acquire(4), "") << "the dials of the cancelled requests work for r3 and r4";
    EXPECT_EQ(s.gauges(), "2 0 0 2");
    EXPECT_EQ(s.opened(2), "grant r3 c2");
    EXPECT_EQ(s.released(2, {}), "close c2 error");
    EXPECT_EQ(s.acquire(5), "open c3 r5");
}

// 7
TEST(pool_limits, max_connecting_dials_take_turns) {
    script s({.max_sockets = 10, .max_connecting = 2});
    EXPECT_EQ(s.acquire(1), "open c1 r1");
    EXPECT_EQ(s.acquire(2), "open c2 r2");
    EXPECT_EQ(s.acquire(3), "");
    EXPECT_EQ(s.acquire(4), "");
    EXPECT_EQ(s.acquire(5, 'b'), "open c3 r5");  // another origin has turns of its own
    EXPECT_EQ(s.opened(1), "grant r1 c1 | open c4 r3");
    EXPECT_EQ(s.open_failed(2), "fail r2 connection_refused | open c5 r4");
    EXPECT_EQ(s.released(1), "reuse r3 c1 0s");  // a connection that has become free is as good
    EXPECT_EQ(s.opened(4), "grant r4 c4");
    EXPECT_EQ(s.warm(4), "open c6 | open c7 | open c8");  // what is asked for by number is begun at once
}

TEST(pool_limits, what_replaces_a_stale_connection_waits_for_no_turn) {
    script s({.max_sockets = 10, .max_connecting = 1});
    s.idle(1);
    EXPECT_EQ(s.acquire(1), "reuse r1 c1 0s");
    EXPECT_EQ(s.acquire(2), "open c2 r2");
    EXPECT_EQ(s.replay(1, 1), "close c1 stale_in_use | open c3 r1");
}

TEST(pool_limits, an_idle_connection_of_another_origin_makes_room) {
    script s{{.max_total_sockets = 3}};
    s.idle(1, 'a');
    s.wait(1s);
    s.idle(2, 'b');
    EXPECT_EQ(s.acquire(1, 'c'), "close c1 make_room | open c4 r1") << "c1 is the coldest of all";
    EXPECT_EQ(s.acquire(2, 'c'), "close c2 make_room | open c5 r2");
}

// 7
TEST(pool_limits, at_the_total_limit_the_oldest_request_of_all_goes_first) {
    script s{{.max_total_sockets = 2}};
    s.acquire(1, 'a'), s.acquire(2, 'a'), s.opened(1), s.opened(2);
    EXPECT_EQ(s.acquire(3, 'b'), "");
    EXPECT_EQ(s.acquire(4, 'c'), "");
    EXPECT_EQ(s.acquire(5, 'b'), "");
    EXPECT_EQ(s.acquire(6, {.fresh = true}, 'a'), "");
    EXPECT_EQ(s.released(1, {}), "close c1 error | open c3 r3");
    EXPECT_EQ(s.released(2), "close c2 make_room | open c4 r4") << "nobody at a takes a used connection, so it leaves";
    EXPECT_EQ(s.opened(3), "grant r3 c3");
    EXPECT_EQ(s.released(3), "reuse r5 c3 0s") << "at its own origin a connection goes on";
    EXPECT_EQ(s.cancel(4), "");
    EXPECT_EQ(s.opened(4), "close c4 make_room | open c5 r6") << "dialled for nobody any more, and r6 needs the slot";
}

TEST(pool_limits, an_origin_at_its_own_limit_holds_up_no_other) {
    script s{{.max_sockets = 1, .max_total_sockets = 2}};
    s.acquire(1, 'a'), s.opened(1);
    EXPECT_EQ(s.acquire(2, 'a'), "");
    EXPECT_EQ(s.acquire(3, 'b'), "open c2 r3");
}

TEST(pool_limits, who_waits_with_a_dial_does_not_compete_for_a_second) {
    script s{{.max_total_sockets = 2}};
    EXPECT_EQ(s.acquire(1, 'a'), "open c1 r1");
    s.acquire(2, 'b'), s.opened(2);
    EXPECT_EQ(s.acquire(3, 'b'), "");
    EXPECT_EQ(s.acquire(4, 'a'), "");
    EXPECT_EQ(s.released(2, {}), "close c2 error | open c3 r3") << "r1 is older, but has its dial; r3 is older than r4";
}

TEST(pool_limits, idle_connections_too_old_for_a_request_make_room_for_it) {
    script s{{.max_sockets = 2}};
    s.idle(2);
    s.wait(10s);
    EXPECT_EQ(s.acquire(1, {.max_idle_age = 4s}), "close c1 make_room | open c3 r1");
    EXPECT_EQ(s.acquire(2, {.fresh = true}), "close c2 make_room | open c4 r2");
    EXPECT_EQ(s.acquire(3, {.max_idle_age = 4s}), "");
}

// 8
TEST(pool_limits, max_free_sockets_closes_the_coldest) {
    script s{{.max_sockets = 3, .max_free_sockets = 2}};
    s.idle(2);
    s.acquire(1, {.fresh = true}), s.opened(3);
    EXPECT_EQ(s.released(3), "close c1 limit");
    EXPECT_EQ(s.acquire(2), "reuse r2 c3 0s");
}

TEST(pool_limits, max_free_sockets_zero_keeps_nothing_but_serves_who_waits) {
    script s{{.max_sockets = 1, .max_free_sockets = 0}};
    s.acquire(1), s.opened(1), s.acquire(2);
    EXPECT_EQ(s.released(1), "reuse r2 c1 0s");
    EXPECT_EQ(s.released(1), "close c1 limit");
}

TEST(pool_limits, max_pending_fails_the_newest_at_once) {
    script s{{.max_sockets = 1, .max_pending = 2}};
    EXPECT_EQ(s.acquire(1), "open c1 r1") << "has a dial, so it is not counted";
    EXPECT_EQ(s.acquire(2), "");
    EXPECT_EQ(s.acquire(3), "");
    EXPECT_EQ(s.acquire(4), "fail r4 too_many_pending");
    EXPECT_EQ(s.acquire(5, 'b'), "open c2 r5") << "can be dialled for at once";
    EXPECT_EQ(s.acquire(6, 'b'), "fail r6 too_many_pending") << "the limit is the agent's";
    EXPECT_EQ(s.cancel(2), "");
    EXPECT_EQ(s.acquire(7), "");
}

TEST(pool_limits, max_pending_zero_still_dials_and_reuses) {
    script s{{.max_sockets = 1, .max_pending = 0}};
    EXPECT_EQ(s.acquire(1), "open c1 r1");
    EXPECT_EQ(s.acquire(2), "fail r2 too_many_pending");
    EXPECT_EQ(s.opened(1), "grant r1 c1");
    EXPECT_EQ(s.released(1), "");
    EXPECT_EQ(s.acquire(3), "reuse r3 c1 0s");
}

}  // namespace
}  // namespace hearth::pool
