// How long a connection is kept, and how many are kept ready.
#include "pool/script.hpp"

#include <gtest/gtest.h>

namespace hearth::pool {
namespace {

TEST(pool_lifetime, idle_connections_expire_from_the_cold_end) {
    script s;
    s.idle(2);
    EXPECT_EQ(s.due(), 54s);
    s.wait(54s);
    EXPECT_EQ(s.tick(), "close c1 idle");
    EXPECT_EQ(s.last().front().idle_age, 55s);
    EXPECT_EQ(s.due(), 1s);
    s.wait(1s);
    EXPECT_EQ(s.tick(), "close c2 idle");
    EXPECT_EQ(s.due(), -1ns);
}

// 37
TEST(pool_lifetime, a_tick_after_a_sleep_expires_what_slept) {
    script s;
    s.idle(1);
    EXPECT_EQ(s.due(), 55s);
    s.sleep(20s);
    EXPECT_EQ(s.due(), 35s);
    EXPECT_EQ(s.tick(), "");
    s.sleep(35s);
    EXPECT_EQ(s.due(), 0s);
    EXPECT_EQ(s.tick(), "close c1 idle");
}

TEST(pool_lifetime, use_puts_expiry_off) {
    script s;
    s.idle(1);
    s.wait(50s);
    s.acquire(1);
    s.wait(10s);
    EXPECT_EQ(s.tick(), "") << "in use";
    EXPECT_EQ(s.due(), -1ns);
    s.released(1);
    EXPECT_EQ(s.due(), 55s);
    s.wait(50s);
    s.acquire(2), s.released(1);
    EXPECT_EQ(s.due(), 5s) << "early, not late";
    s.wait(5s);
    EXPECT_EQ(s.tick(), "");
    EXPECT_EQ(s.due(), 50s);
}

struct verdict_case {
    const char* what;
    verdict v;
    nanoseconds lives;
    const char* ends;
};

// 33
TEST(pool_lifetime, a_verdict_says_how_long_a_connection_idles) {
    const auto hint = close_reason::hint;
    const auto learnt = close_reason::learnt;
    const verdict_case table[] = {
        {"no opinion", {.keep = true}, 55s, "idle"},
        {"a hint below the configured time", {.keep = true, .idle_limit = 4s, .idle_reason = hint}, 4s, "hint"},
        {"a hint above it counts too", {.keep = true, .idle_limit = 100s, .idle_reason = hint}, 100s, "hint"},
        {"a hint of never is none", {.keep = true, .idle_reason = hint}, 55s, "idle"},
        {"learnt, below", {.keep = true, .idle_limit = 9s, .idle_reason = learnt}, 9s, "learnt"},
        {"learnt, above", {.keep = true, .idle_limit = 100s, .idle_reason = learnt}, 55s, "idle"},
    };
    for (const auto& row : table) {
        SCOPED_TRACE(row.what);
        script s;
        s.acquire(1), s.opened(1);
        EXPECT_EQ(s.released(1, row.v), "");
        EXPECT_EQ(s.due(), row.lives);
        s.wait(row.lives - 1ns);
        EXPECT_EQ(s.tick(), "");
        s.wait(1ns);
        EXPECT_EQ(s.tick(), std::string("close c1 ") + row.ends);
    }
}

// 33: timeout=1 with a threshold of one second
TEST(pool_lifetime, a_hint_that_leaves_no_time_is_not_pooled) {
    script s;
    s.acquire(1), s.opened(1);
    EXPECT_EQ(s.released(1, {.keep = true, .idle_limit = 0s, .idle_reason = close_reason::hint}), "close c1 hint");
}

TEST(pool_lifetime, a_shorter_limit_brings_the_deadline_forward) {
    script s;
    s.idle(1);
    s.acquire(1);
    s.released(1, {.keep = true, .idle_limit = 2s, .idle_reason = close_reason::hint});
    EXPECT_EQ(s.due(), 2s);
}

TEST(pool_lifetime, an_expired_warm_connection_does_not_hide_a_colder_good_one) {
    script s;
    s.idle(2);
    s.acquire(1);
    s.released(2, {.keep = true, .idle_limit = 2s, .idle_reason = close_reason::hint});
    s.wait(3s);
    EXPECT_EQ(s.acquire(2), "close c2 hint | reuse r2 c1 4s");
}

// 2, 3
TEST(pool_lifetime, what_is_not_to_be_kept_is_closed_even_when_somebody_waits) {
    script s{{.max_sockets = 1}};
    s.acquire(1), s.opened(1), s.acquire(2);
    EXPECT_EQ(s.released(1, {.keep = false, .reason = close_reason::response}), "close c1 response | open c2 r2");
}

// 34
TEST(pool_lifetime, the_hints_max_is_honoured_without_a_failed_try) {
    script s;
    s.acquire(1), s.opened(1);
    EXPECT_EQ(s.released(1, {.keep = true, .requests_left = 2}), "");
    s.acquire(2);
    EXPECT_EQ(s.released(1), "") << "a later answer without the hint does not lift it";
    s.acquire(3);
    EXPECT_EQ(s.released(1), "close c1 requests");
    EXPECT_EQ(s.acquire(4), "open c2 r4");
}

TEST(pool_lifetime, max_requests_per_connection) {
    script s{{.max_sockets = 1, .max_requests_per_connection = 2}};
    s.acquire(1), s.opened(1);
    EXPECT_EQ(s.released(1), "");
    s.acquire(2), s.acquire(3);
    EXPECT_EQ(s.released(1), "close c1 requests | open c2 r3") << "even when somebody waits";
}

TEST(pool_lifetime, without_keep_alive_nothing_is_kept) {
    script s{{.keep_alive = false, .max_sockets = 1, .min_free_sockets = 1}};
    s.acquire(1), s.opened(1), s.acquire(2);
    EXPECT_EQ(s.released(1), "close c1 response | open c2 r2");
    EXPECT_EQ(s.cancel(2), "");
    EXPECT_EQ(s.opened(2), "close c2 limit");
    EXPECT_EQ(s.warm(1), "");
}

// 38
TEST(pool_lifetime, max_connection_age_closes_at_the_next_release) {
    script s{{.max_connection_age = 100s}};
    s.acquire(1), s.opened(1);
    s.wait(89s);
    EXPECT_EQ(s.released(1), "") << "never before nine tenths of it";
    s.acquire(2);
    s.wait(11s);
    EXPECT_EQ(s.tick(), "") << "not in the middle of an exchange";
    EXPECT_EQ(s.released(1), "close c1 age");
}

// 38
TEST(pool_lifetime, max_connection_age_expires_idle_connections) {
    script s{{.max_connection_age = 10s}};
    s.idle(1);
    EXPECT_GE(s.due(), 9s);
    EXPECT_LE(s.due(), 10s);
    s.wait(s.due());
    EXPECT_EQ(s.tick(), "close c1 age");

    s.idle(1);
    s.wait(10s);
    EXPECT_EQ(s.acquire(1), "close c2 age | open c3 r1") << "nor is it granted when the timer is late";
}

// 38
TEST(pool_lifetime, ages_are_spread_and_reproducible) {
    const auto ends = [](std::uint64_t seed) {
        script s{{.max_sockets = 100, .max_connection_age = 50s}, seed};
        s.warm(100);
        for (std::size_t c = 1; c <= 100; ++c) s.opened(c);
        std::vector<nanoseconds> times;
        const nanoseconds start = s.now.boot;
        while (s.pool.totals().free > 0) {
            s.wait(s.due());
            s.tick();
            times.push_back(s.now.boot - start);
        }
        return times;
    };
    const auto times = ends(7);
    EXPECT_GT(times.size(), 90U) << "they do not all go at once";
    EXPECT_GE(times.front(), 45s);
    EXPECT_LT(times.front(), 46s);
    EXPECT_GT(times.back(), 49s);
    EXPECT_LE(times.back(), 50s);
    EXPECT_EQ(times, ends(7));
    EXPECT_NE(times, ends(8));
}

TEST(pool_lifetime, warm_opens_what_is_missing_within_the_limits) {
    script s{{.max_sockets = 3, .max_free_sockets = 2, .max_total_sockets = 4}};
    EXPECT_EQ(s.warm(1), "open c1");
    EXPECT_EQ(s.warm(2), "open c2");
    EXPECT_EQ(s.warm(9), "") << "no more than may be kept";
    s.opened(1), s.opened(2);
    EXPECT_EQ(s.warm(2), "");
    s.acquire(1), s.acquire(2);
    EXPECT_EQ(s.warm(2), "open c3") << "max_sockets";
    EXPECT_EQ(s.warm(2, 'b'), "open c4") << "max_total_sockets";
    EXPECT_EQ(s.gauges(), "0 2 0 1");
}

TEST(pool_lifetime, min_free_sockets_are_kept_ready) {
    script s{{.min_free_sockets = 2}};
    EXPECT_EQ(s.acquire(1), "open c1 r1 | open c2 | open c3");
    s.opened(1), s.opened(2), s.opened(3);
    EXPECT_EQ(s.acquire(2), "reuse r2 c3 0s | open c4");
    EXPECT_EQ(s.acquire(3), "reuse r3 c2 0s | open c5");
    EXPECT_EQ(s.gauges(), "0 3 0 2");
    EXPECT_EQ(s.released(1), "") << "more than enough";
}

TEST(pool_lifetime, min_free_sockets_are_renewed_while_the_origin_is_in_use) {
    script s{{.min_free_sockets = 1}};
    s.acquire(1), s.opened(1), s.opened(2);
    s.wait(30s);
    s.acquire(2);  // takes c2, dials c3
    s.opened(3);
    s.wait(30s);
    s.acquire(3);  // takes c3, dials c4
    s.opened(4);
    EXPECT_EQ(s.acquire(4, {.fresh = true}), "open c5 r4");
    s.opened(5);
    s.wait(50s);
    s.acquire(5, {.fresh = true}), s.opened(6), s.wait(5s);
    EXPECT_EQ(s.tick(), "close c4 idle | open c7") << "last used 5 s ago";
    s.opened(7);
    s.wait(55s);
    EXPECT_EQ(s.tick(), "close c7 idle") << "last used 60 s ago";
}

TEST(pool_lifetime, min_free_sockets_are_let_go_when_the_origin_is_not_used_any_more) {
    script s{{.min_free_sockets = 1}};
    s.acquire(1), s.opened(1), s.opened(2);
    s.released(1, {});
    s.wait(55s);
    EXPECT_EQ(s.tick(), "close c2 idle") << "it was the last";
    EXPECT_EQ(s.due(), -1ns);
}

TEST(pool_lifetime, min_free_sockets_do_not_hammer_a_dead_origin) {
    script s{{.min_free_sockets = 1}};
    EXPECT_EQ(s.acquire(1), "open c1 r1 | open c2");
    EXPECT_EQ(s.open_failed(2), "");
    EXPECT_EQ(s.open_failed(1), "fail r1 connection_refused");
    EXPECT_EQ(s.acquire(2), "open c3 r2 | open c4");
    s.opened(3), s.opened(4);
    EXPECT_EQ(s.peer_closed(4), "close c4 server_closed") << "a server that closes at once is not dialled in a loop";
    EXPECT_EQ(s.released(3), "");
    EXPECT_EQ(s.acquire(3), "reuse r3 c3 0s | open c5");
}

TEST(pool_lifetime, min_free_sockets_wait_for_the_next_request_after_a_failed_dial) {
    script s{{.min_free_sockets = 2}};
    EXPECT_EQ(s.acquire(1), "open c1 r1 | open c2 | open c3");
    s.opened(1), s.open_failed(2);
    EXPECT_EQ(s.opened(3), "") << "one is missing, and stays so";
    EXPECT_EQ(s.acquire(2), "reuse r2 c3 0s | open c4 | open c5");
}

TEST(pool_lifetime, min_free_sockets_wait_for_the_next_request_after_a_loss) {
    script s{{.min_free_sockets = 2}};
    s.acquire(1), s.opened(1), s.opened(2), s.opened(3);
    s.peer_closed(2), s.peer_closed(3);
    EXPECT_EQ(s.released(1), "");
    EXPECT_EQ(s.acquire(2), "reuse r2 c1 0s | open c4 | open c5");
}

TEST(pool_lifetime, min_free_sockets_take_no_slot_from_a_request) {
    script s{{.max_total_sockets = 2, .min_free_sockets = 1}};
    EXPECT_EQ(s.acquire(1, 'a'), "open c1 r1 | open c2");
    EXPECT_EQ(s.acquire(2, 'b'), "");
    EXPECT_EQ(s.opened(1), "grant r1 c1");
    EXPECT_EQ(s.opened(2), "close c2 make_room | open c3 r2");
}

}  // namespace
}  // namespace hearth::pool
