// What a pool shows of its connections.
#include "pool/script.hpp"

#include <gtest/gtest.h>

namespace hearth::pool {
namespace {

// "active 2s/12s" (in its state for 2 s, open for 12 s), "idle 3s/13s of 55s"; one line for each origin, by its name.
std::string seen(script& s, const view_limits& most = {}) {
    std::vector<connection_view> all;
    s.pool.view(most, s.now, all);
    std::map<origin_id, std::string> by_origin;
    for (const connection_view& one : all) {
        std::string& text = by_origin[one.origin];
        text += text.empty() ? "" : " | ";
        text += one.state == state::active ? "active" : one.state == state::connecting ? "connecting" : "idle";
        if (one.canary) text += " canary";
        text += ' ' + std::to_string(one.in_state / 1s) + "s/" + std::to_string(one.age / 1s) + 's';
        if (one.limit != 0s) text += " of " + std::to_string(one.limit / 1s) + 's';
    }
    std::string text;
    for (const auto& [origin, line] : by_origin) text += (text.empty() ? "" : "\n") + line;
    return text;
}

TEST(pool_view, shows_each_connection_with_its_state_and_ages) {
    script s;
    EXPECT_EQ(seen(s), "");
    s.acquire(1);
    s.wait(2s);
    EXPECT_EQ(seen(s), "connecting 2s/0s");
    s.opened(1);
    s.wait(3s);
    EXPECT_EQ(seen(s), "active 3s/3s");
    s.released(1);
    s.wait(4s);
    EXPECT_EQ(seen(s), "idle 4s/7s of 55s");
    s.acquire(2);
    s.wait(1s);
    EXPECT_EQ(seen(s), "active 1s/8s");
    s.released(1, {.keep = false, .reason = close_reason::response});
    EXPECT_EQ(seen(s), "");
}

TEST(pool_view, the_limit_is_what_the_server_told_or_what_was_learnt) {
    script s;
    s.acquire(1);
    s.opened(1);
    s.released(1, {.keep = true, .idle_limit = 4s, .idle_reason = close_reason::hint});
    EXPECT_EQ(seen(s), "idle 0s/0s of 4s");
    s.pool.learnt(s.id_of('a'), 3s, 9s, s.now);
    EXPECT_EQ(seen(s), "idle 0s/0s of 3s");
    s.wait(3s);
    s.tick();
    EXPECT_EQ(seen(s), "idle canary 3s/3s of 9s");
}

TEST(pool_view, those_in_use_come_first_then_the_warmest) {
    script s;
    s.idle(3);
    s.wait(5s);
    s.acquire(1);
    s.acquire(2, {.fresh = true});
    EXPECT_EQ(seen(s), "active 0s/7s | connecting 0s/0s | idle 6s/7s of 55s | idle 7s/7s of 55s");
    EXPECT_EQ(seen(s, {.an_origin = 3}), "active 0s/7s | connecting 0s/0s | idle 6s/7s of 55s");
    EXPECT_EQ(seen(s, {.all = 1}), "active 0s/7s");
    EXPECT_EQ(seen(s, {.an_origin = 0}), "");
    EXPECT_EQ(seen(s, {.all = 0}), "");
}

TEST(pool_view, no_origin_takes_more_than_its_share) {
    script s;
    for (const char origin : {'a', 'b'}) {
        s.idle(2, origin);
        s.acquire(origin == 'a' ? 1 : 2, origin);
    }
    EXPECT_EQ(seen(s, {.an_origin = 1}), "active 1s/2s\nactive 0s/1s");
    EXPECT_EQ(seen(s, {.all = 3, .an_origin = 9}), "active 1s/2s | idle 2s/2s of 55s\nactive 0s/1s");
}

TEST(pool_view, counts_requests_that_pass_by_what_is_too_old_for_them) {
    script s;
    s.acquire(1, {.max_idle_age = 4s});
    s.opened(1);
    s.released(1);
    EXPECT_EQ(s.pool.passed_by(), 0U) << "there was nothing to pass by";
    s.wait(4s);
    EXPECT_EQ(s.acquire(2, {.max_idle_age = 4s}), "reuse r2 c1 4s");
    s.released(1);
    s.wait(5s);
    EXPECT_EQ(s.acquire(3, {.max_idle_age = 4s}), "open c2 r3");
    EXPECT_EQ(s.pool.passed_by(), 1U);
    EXPECT_EQ(s.acquire(4, {.fresh = true}), "open c3 r4");
    EXPECT_EQ(s.acquire(5), "reuse r5 c1 5s");
    EXPECT_EQ(s.pool.passed_by(), 1U);
}

}  // namespace
}  // namespace hearth::pool
