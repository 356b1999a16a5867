// When requests are due.
#include "load_schedule.hpp"

#include <gtest/gtest.h>

namespace hearth::cli {
namespace {

using namespace std::chrono_literals;

TEST(load_schedule, requests_are_evenly_apart) {
    const load_schedule s(200);
    EXPECT_EQ(s.begin_of(0), 0ns);
    EXPECT_EQ(s.begin_of(1), 5ms);
    EXPECT_EQ(s.begin_of(200), 1s);
}

TEST(load_schedule, a_rate_that_is_no_round_number_does_not_drift) {
    const load_schedule s(3);
    EXPECT_EQ(s.begin_of(1), 333'333'333ns);
    EXPECT_EQ(s.begin_of(2), 666'666'667ns);
    EXPECT_EQ(s.begin_of(3'000'000), 1'000'000s);
}

TEST(load_schedule, how_many_are_due) {
    const load_schedule s(100);
    EXPECT_EQ(s.due_before(-1s), 0U);
    EXPECT_EQ(s.due_before(0s), 0U);
    EXPECT_EQ(s.due_before(1ns), 1U);
    EXPECT_EQ(s.due_before(10ms), 1U);
    EXPECT_EQ(s.due_before(10ms + 1ns), 2U);
    EXPECT_EQ(s.due_before(2s), 200U);
}

TEST(load_schedule, as_many_are_due_as_begin_before) {
    for (const double rate : {0.7, 3.0, 999.9, 123'456.7}) {
        const load_schedule s(rate);
        for (std::uint64_t k = 0; k < 1000; ++k) {
            ASSERT_EQ(s.due_before(s.begin_of(k)), k) << rate;
            ASSERT_EQ(s.due_before(s.begin_of(k) + 1ns), k + 1) << rate;
        }
    }
}

}  // namespace
}  // namespace hearth::cli
