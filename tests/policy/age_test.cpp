#include "policy/age.hpp"

#include <gtest/gtest.h>

namespace hearth::policy {
namespace {

using namespace std::chrono_literals;

TEST(age, replayable_requests_take_any_connection) {
    EXPECT_EQ(max_idle_age_for(true, {}, 4s), std::chrono::nanoseconds::max());
    EXPECT_EQ(max_idle_age_for(true, 2s, 4s), std::chrono::nanoseconds::max());
}

TEST(age, others_only_one_within_the_known_limit_else_the_safe_age) {
    EXPECT_EQ(max_idle_age_for(false, {}, 4s), 4s);
    EXPECT_EQ(max_idle_age_for(false, 74s, 4s), 74s);
    EXPECT_EQ(max_idle_age_for(false, 2s, 4s), 2s);
    EXPECT_EQ(max_idle_age_for(false, {}, 0s), 0s);
    EXPECT_EQ(max_idle_age_for(false, 0s, 4s), 0s);
    EXPECT_EQ(max_idle_age_for(false, -1s, 4s), 0s);
}

}  // namespace
}  // namespace hearth::policy
