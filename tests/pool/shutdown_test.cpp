// The end of a pool, and its accounts.
#include "pool/script.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace hearth::pool {
namespace {

// 56
TEST(pool_shutdown, idle_ones_close_and_those_in_use_finish) {
    script s{{.max_sockets = 3}};
    s.idle(1);
    s.acquire(1);                        // on c1
    s.acquire(2), s.acquire(3);          // dial c2, c3
    s.opened(2);                         // r2
    s.idle(1, 'b');                      // c4
    s.acquire(4, {.max_idle_age = 1s});  // waits behind r3
    EXPECT_EQ(s.shutdown(), "fail r3 agent_closed | fail r4 agent_closed | close c4 shutdown | close c3 shutdown");
    EXPECT_TRUE(s.pool.is_shut());
    EXPECT_EQ(s.shutdown(), "");
    EXPECT_EQ(s.acquire(5), "fail r5 agent_closed");
    EXPECT_EQ(s.opened(3), "") << "given up, whatever comes of it";
    EXPECT_EQ(s.warm(1), "");
    EXPECT_EQ(s.released(1), "close c1 shutdown");
    EXPECT_EQ(s.released(2, {.keep = false, .reason = close_reason::error}), "close c2 error");
    EXPECT_EQ(s.gauges(), "0 0 0 0");
    EXPECT_EQ(s.due(), -1ns);
}

// 56
TEST(pool_shutdown, what_was_begun_may_still_be_replayed) {
    script s{{.max_sockets = 3}};
    s.idle(3);
    s.acquire(1), s.acquire(2), s.acquire(3), s.acquire(4);
    EXPECT_EQ(s.replay(3, 1), "close c3 stale_in_use | open c4 r1");
    EXPECT_EQ(s.shutdown(), "fail r4 agent_closed");
    EXPECT_EQ(s.replay(2, 2), "close c2 stale_in_use | open c5 r2");
    EXPECT_EQ(s.refused(1, 3), "close c1 stale_at_use | open c6 r3");
    EXPECT_EQ(s.open_failed(6), "fail r3 connection_refused");
    EXPECT_EQ(s.opened(4), "grant r2 c4") << "r2 came back last, so it is at the head";
    EXPECT_EQ(s.cancel(1), "");
    EXPECT_EQ(s.opened(5), "close c5 shutdown");
    EXPECT_EQ(s.released(4), "close c4 shutdown");
    EXPECT_EQ(s.gauges(), "0 0 0 0");
}

TEST(pool_shutdown, the_dials_that_are_needed_go_on) {
    script s{{.max_sockets = 1}};
    s.idle(1);
    s.acquire(1), s.acquire(2), s.replay(1, 1);
    EXPECT_EQ(s.shutdown(), "fail r2 agent_closed");
    EXPECT_EQ(s.opened(2), "grant r1 c2");
}

TEST(pool_shutdown, close_idle_spares_what_is_in_use) {
    script s{{.min_free_sockets = 1}};
    s.acquire(1), s.opened(1), s.opened(2);
    EXPECT_EQ(s.acquire(2, 'b'), "open c3 r2 | open c4");
    s.opened(4), s.opened(3);
    EXPECT_EQ(s.close_idle(), "close c2 shutdown | close c3 shutdown");
    EXPECT_EQ(s.gauges('a'), "0 1 0 0") << "nothing is kept warm until the next request";
    EXPECT_EQ(s.gauges('b'), "0 1 0 0");
    EXPECT_EQ(s.released(1), "");
    EXPECT_EQ(s.acquire(3), "reuse r3 c1 0s | open c5");
}

// 57
TEST(pool_shutdown, gauges_add_up) {
    script s{{.max_sockets = 3}};
    s.idle(2, 'a');
    s.acquire(1), s.acquire(2), s.acquire(3), s.acquire(4);
    s.idle(1, 'b');
    EXPECT_EQ(s.gauges('a'), "2 2 0 1");
    EXPECT_EQ(s.gauges('b'), "0 0 1 0");
    const auto all = s.pool.totals();
    EXPECT_EQ(all.pending, 2U);
    EXPECT_EQ(all.in_use, 2U);
    EXPECT_EQ(all.free, 1U);
    EXPECT_EQ(all.connecting, 1U);
}

// 57
TEST(pool_shutdown, long_unused_origins_are_forgotten) {
    script s;
    s.idle(1, 'a');
    const origin_id b = s.id_of('b');
    s.acquire(1, 'c'), s.opened(2);
    std::vector<origin_id> gone;
    s.pool.forget_unused(0s, s.now, gone);
    EXPECT_EQ(gone, std::vector{b}) << "a has an idle connection, c one in use";
    s.peer_closed(1);
    s.wait(10s);
    s.released(2, {});
    s.wait(50s);
    gone.clear();
    s.pool.forget_unused(60s, s.now, gone);
    EXPECT_EQ(gone, std::vector{s.id_of('a')}) << "c is unused for 50 s only";
    EXPECT_EQ(s.gauges('a'), "0 0 0 0");
    s.pool.check_invariants();
}

// 57
TEST(pool_shutdown, an_origin_used_again_is_not_forgotten) {
    script s;
    const origin_id a = s.id_of('a');
    const origin_id b = s.id_of('b');
    s.wait(60s);
    EXPECT_EQ(s.acquire(1, 'a'), "open c1 r1");
    s.cancel(1), s.open_failed(1);
    std::vector<origin_id> gone;
    s.pool.forget_unused(60s, s.now, gone);
    EXPECT_EQ(gone, std::vector<origin_id>{b});
    s.pool.forget_unused(0s, s.now, gone);
    EXPECT_EQ(gone, (std::vector{b, a}));
}

// 58
TEST(pool_shutdown, ten_thousand_origins_visited_once_leave_nothing_behind) {
    script s;
    std::vector<origin_id> gone;
    std::vector<action> actions;
    for (std::uint64_t i = 1; i <= 10'000; ++i) {
        const origin_id o = s.pool.add_origin();
        s.pool.acquire(request_id{i}, o, {}, s.now);
        s.pool.take_actions(actions);
        const conn_id c = actions.back().conn;
        s.pool.opened(c, s.now);
        s.pool.released(c, {.keep = true}, s.now);
    }
    s.wait(55s);
    s.pool.tick(s.now);
    EXPECT_EQ(s.pool.totals().free, 0U);
    s.pool.forget_unused(0s, s.now, gone);
    EXPECT_EQ(gone.size(), 10'000U);
    s.pool.check_invariants();
    const origin_id again = s.pool.add_origin();
    EXPECT_EQ(std::find(gone.begin(), gone.end(), again), gone.end()) << "ids are never used twice";
}

}  // namespace
}  // namespace hearth::pool
