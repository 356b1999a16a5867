// Which connection a request gets. Numbers are those of the behaviours that the project keeps to.
#include "pool/script.hpp"

#include <gtest/gtest.h>

namespace hearth::pool {
namespace {

// 1
TEST(pool_reuse, sequential_requests_use_one_connection) {
    script s;
    EXPECT_EQ(s.acquire(1), "open c1 r1");
    EXPECT_EQ(s.opened(1), "grant r1 c1");
    for (std::uint64_t r = 2; r <= 10; ++r) {
        EXPECT_EQ(s.released(1), "");
        s.wait(1s);
        EXPECT_EQ(s.acquire(r), "reuse r" + std::to_string(r) + " c1 1s");
    }
}

// 9
TEST(pool_reuse, lifo_takes_the_warmest) {
    script s;
    s.idle(3);
    EXPECT_EQ(s.acquire(1), "reuse r1 c3 0s");
    EXPECT_EQ(s.acquire(2), "reuse r2 c2 1s");
    EXPECT_EQ(s.acquire(3), "reuse r3 c1 2s");
}

// 9
TEST(pool_reuse, fifo_takes_the_coldest) {
    script s{{.scheduling = scheduling::fifo}};
    s.idle(3);
    EXPECT_EQ(s.acquire(1), "reuse r1 c1 2s");
    EXPECT_EQ(s.acquire(2), "reuse r2 c2 1s");
    EXPECT_EQ(s.acquire(3), "reuse r3 c3 0s");
}

TEST(pool_reuse, fifo_gives_the_warmest_to_what_cannot_be_replayed) {
    script s{{.scheduling = scheduling::fifo}};
    s.idle(3);
    EXPECT_EQ(s.acquire(1, {.max_idle_age = 4s}), "reuse r1 c3 0s");
    EXPECT_EQ(s.acquire(2), "reuse r2 c1 2s");
}

TEST(pool_reuse, no_connection_idle_for_longer_than_asked_for) {
    for (const auto order : {scheduling::lifo, scheduling::fifo}) {
        script s{{.scheduling = order}};
        s.idle(2);
        s.wait(4s);
        EXPECT_EQ(s.acquire(1, {.max_idle_age = 4s}), "reuse r1 c2 4s");
        EXPECT_EQ(s.acquire(2, {.max_idle_age = 4s}), "open c3 r2") << "c1 idles for 5 s";
        EXPECT_EQ(s.acquire(3), "reuse r3 c1 5s");
    }
}

TEST(pool_reuse, a_request_that_wants_a_fresh_connection_gets_one) {
    script s;
    s.idle(1);
    EXPECT_EQ(s.acquire(1, {.fresh = true}), "open c2 r1");
    EXPECT_EQ(s.opened(2), "grant r1 c2");
}

TEST(pool_reuse, a_fresh_connection_that_idled_is_not_fresh) {
    script s;
    EXPECT_EQ(s.warm(1), "open c1");
    EXPECT_EQ(s.opened(1), "");
    EXPECT_EQ(s.acquire(1, {.fresh = true}), "open c2 r1");
    EXPECT_EQ(s.acquire(2), "reuse r2 c1 0s") << "it idled: a server may have closed it meanwhile";
}

TEST(pool_reuse, a_released_connection_passes_over_who_wants_a_fresh_one) {
    script s{{.max_sockets = 2}};
    s.acquire(1), s.acquire(2), s.opened(1), s.opened(2);
    EXPECT_EQ(s.acquire(3, {.fresh = true}), "");
    EXPECT_EQ(s.acquire(4), "");
    EXPECT_EQ(s.released(1), "reuse r4 c1 0s");
    EXPECT_EQ(s.released(2), "close c2 make_room | open c3 r3");
    EXPECT_EQ(s.opened(3), "grant r3 c3");
}

// 14: what tells origins apart is the caller's business; the pool never mixes them
TEST(pool_reuse, origins_share_nothing) {
    script s;
    s.idle(1, 'a');
    EXPECT_EQ(s.acquire(1, 'b'), "open c2 r1");
    EXPECT_EQ(s.gauges('a'), "0 0 1 0");
    EXPECT_EQ(s.gauges('b'), "1 0 0 1");
}

// 27, 28, 32
TEST(pool_reuse, an_idle_connection_closed_by_its_peer_is_gone) {
    script s;
    s.idle(2);
    EXPECT_EQ(s.peer_closed(2), "close c2 server_closed");
    EXPECT_EQ(s.acquire(1), "reuse r1 c1 1s");
    EXPECT_EQ(s.peer_closed(1), "") << "in use: the exchange will find out";
    EXPECT_EQ(s.peer_closed(2), "") << "gone already";
}

// 36
TEST(pool_reuse, an_expired_connection_is_never_granted_even_when_the_timer_is_late) {
    script s;
    s.idle(3);
    s.wait(54s);  // c1 idles for 56 s, c2 for 55 s, c3 for 54 s
    EXPECT_EQ(s.acquire(1), "reuse r1 c3 54s");
    EXPECT_EQ(s.acquire(2), "close c2 idle | close c1 idle | open c4 r2");

    script fifo{{.scheduling = scheduling::fifo}};
    fifo.idle(3);
    fifo.wait(54s);
    EXPECT_EQ(fifo.acquire(1), "close c1 idle | close c2 idle | reuse r1 c3 54s");
}

// 37
TEST(pool_reuse, a_suspended_machine_expires_its_connections) {
    script s;
    s.idle(1);
    s.sleep(1h);
    EXPECT_EQ(s.due(), 0s);
    EXPECT_EQ(s.acquire(1), "close c1 idle | open c2 r1");
    EXPECT_EQ(s.last().front().idle_age, 1h);
}

TEST(pool_reuse, calls_about_what_is_gone_are_ignored) {
    script s;
    s.acquire(1), s.opened(1);
    EXPECT_EQ(s.released(1, {.keep = false, .reason = close_reason::response}), "close c1 response");
    EXPECT_EQ(s.released(1), "");
    EXPECT_EQ(s.opened(1), "");
    EXPECT_EQ(s.open_failed(1), "");
    EXPECT_EQ(s.refused(1, 1), "");
    EXPECT_EQ(s.replay(1, 1), "");
    EXPECT_EQ(s.cancel(1), "");
    EXPECT_EQ(s.acquire(2), "open c2 r2") << "in the same slot";
    EXPECT_EQ(s.opened(1), "") << "and yet another connection";
}

}  // namespace
}  // namespace hearth::pool
