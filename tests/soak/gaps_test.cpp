#include "soak_gaps.hpp"

#include <gtest/gtest.h>

namespace hearth::cli {
namespace {

using namespace std::chrono_literals;

TEST(soak_gaps, are_the_same_for_the_same_seed) {
    gaps a(7, {250ms, 30ms});
    gaps b(7, {250ms, 30ms});
    gaps c(8, {250ms, 30ms});
    int different = 0;
    for (int i = 0; i < 1'000; ++i) {
        const auto gap = a.next();
        EXPECT_EQ(gap, b.next());
        EXPECT_EQ(a.chance(0.5), b.chance(0.5));
        (void)c.chance(0.5);
        if (gap != c.next()) ++different;
    }
    EXPECT_GT(different, 900);
}

TEST(soak_gaps, are_mostly_short_and_sometimes_at_the_timeout) {
    for (const std::chrono::milliseconds idle : {10ms, 250ms, 5'000ms, 24 * 3'600'000ms}) {
        gaps g(1, {.idle = idle});
        int safe = 0;
        int closing = 0;
        int past = 0;
        for (int i = 0; i < 10'000; ++i) {
            const auto gap = g.next();
            ASSERT_GE(gap, 0us);
            ASSERT_LE(gap, idle * 13 / 10 + 1ms);
            if (gap < idle * 8 / 10) {
                ++safe;
            } else {
                ++(gap > idle ? past : closing);
            }
        }
        EXPECT_GT(safe, 8'500) << idle.count();
        EXPECT_GT(closing, 200) << idle.count();
        EXPECT_GT(past, 400) << idle.count();
    }
}

TEST(soak_gaps, end_while_the_close_is_on_its_way_where_that_is_known) {
    gaps g(1, {.idle = 320ms, .in_flight = 40ms});
    int crossing = 0;
    for (int i = 0; i < 10'000; ++i) {
        const auto gap = g.next();
        if (gap > 280ms && gap < 320ms) ++crossing;
    }
    EXPECT_NEAR(crossing, 800, 150);
}

TEST(soak_gaps, chances_come_up_as_often_as_they_should) {
    gaps g(1, {});
    int often = 0;
    for (int i = 0; i < 10'000; ++i) {
        if (g.chance(0.3)) ++often;
        EXPECT_FALSE(g.chance(0));
        EXPECT_TRUE(g.chance(1));
    }
    EXPECT_NEAR(often, 3'000, 200);
}

TEST(soak_gaps, up_to_stays_below) {
    gaps g(1, {.idle = 1ms});
    for (int i = 0; i < 1'000; ++i) {
        const auto d = g.up_to(100us);
        ASSERT_GE(d, 0us);
        ASSERT_LT(d, 100us);
    }
    EXPECT_EQ(g.up_to(0us), 0us);
}

}  // namespace
}  // namespace hearth::cli
