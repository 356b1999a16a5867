#include "soak_gaps.hpp"

#include <gtest/gtest.h>

namespace hearth::cli {
namespace {

using namespace std::chrono_literals;

TEST(soak_gaps, are_the_same_for_the_same_seed) {
    gaps a(7, 250ms);
    gaps b(7, 250ms);
    gaps c(8, 250ms);
    int different = 0;
    for (int i = 0; i < 1'000; ++i) {
        const auto gap = a.next();
        EXPECT_EQ(gap, b.next());
        if (gap != c.next()) ++different;
    }
    EXPECT_GT(different, 900);
}

TEST(soak_gaps, are_mostly_short_and_sometimes_at_the_timeout) {
    for (const std::chrono::milliseconds idle : {10ms, 250ms, 5'000ms, 24 * 3'600'000ms}) {
        gaps g(1, idle);
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

TEST(soak_gaps, up_to_stays_below) {
    gaps g(1, 1ms);
    for (int i = 0; i < 1'000; ++i) {
        const auto d = g.up_to(100us);
        ASSERT_GE(d, 0us);
        ASSERT_LT(d, 100us);
    }
    EXPECT_EQ(g.up_to(0us), 0us);
}

}  // namespace
}  // namespace hearth::cli
