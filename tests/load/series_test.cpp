// A run in slots of equal length, of which there are never too many.
#include "load_series.hpp"

#include <gtest/gtest.h>

namespace hearth::cli {
namespace {

using namespace std::chrono_literals;

TEST(load_series, slots_are_a_tenth_of_a_second_at_first) {
    load_series s;
    EXPECT_TRUE(s.slots().empty());
    ++s.at(0ms).failed;
    ++s.at(99ms).failed;
    ++s.at(100ms).failed;
    ++s.at(-5ms).failed;
    ASSERT_EQ(s.slots().size(), 2U);
    EXPECT_EQ(s.slots()[0].failed, 3U);
    EXPECT_EQ(s.slots()[1].failed, 1U);
}

TEST(load_series, a_long_run_gets_longer_slots_and_loses_nothing) {
    load_series s;
    for (std::chrono::milliseconds t = 0ms; t < 1h; t += 50ms) {
        load_slot& slot = s.at(t);
        slot.latency.record(1us);
        ++slot.opened;
        slot.connections = static_cast<std::uint32_t>(t / 1s);
        ASSERT_LE(s.slots().size(), load_series::slots_max);
    }
    EXPECT_EQ(s.width(), 6400ms);
    EXPECT_EQ(s.slots().size(), 563U);
    std::uint64_t answered = 0, opened = 0;
    for (const load_slot& slot : s.slots()) {
        answered += slot.latency.count();
        opened += slot.opened;
    }
    EXPECT_EQ(answered, 72'000U);
    EXPECT_EQ(opened, 72'000U);
    // Of the first 6.4 s.
    EXPECT_EQ(s.slots()[0].connections, 6U);
}

TEST(load_series, an_odd_number_of_slots_halves_too) {
    load_series s;
    for (int i = 0; i < 5; ++i) s.at(i * 100ms).failed = static_cast<std::uint64_t>(i) + 1;
    s.widen_to(200ms);
    ASSERT_EQ(s.slots().size(), 3U);
    EXPECT_EQ(s.slots()[0].failed, 3U);
    EXPECT_EQ(s.slots()[1].failed, 7U);
    EXPECT_EQ(s.slots()[2].failed, 5U);
}

TEST(load_series, merging_aligns_widths_and_adds_what_there_was_at_a_time) {
    load_series a, b;
    for (int i = 0; i < 8; ++i) {
        load_slot& slot = a.at(i * 100ms);
        slot.connections = 10;
        slot.failed = 1;
    }
    b.widen_to(400ms);
    b.at(0ms).connections = 7;
    b.at(900ms).failed = 5;
    a.merge(b);
    EXPECT_EQ(a.width(), 400ms);
    ASSERT_EQ(a.slots().size(), 3U);
    EXPECT_EQ(a.slots()[0].connections, 17U);
    EXPECT_EQ(a.slots()[0].failed, 4U);
    EXPECT_EQ(a.slots()[1].connections, 10U);
    EXPECT_EQ(a.slots()[2].failed, 5U);
}

TEST(load_series, widths_that_can_be) {
    for (const auto good : {100ms, 200ms, 6400ms}) EXPECT_TRUE(load_series::is_width(good));
    for (const auto bad : {0ms, 50ms, 150ms, 300ms, -100ms}) EXPECT_FALSE(load_series::is_width(bad)) << bad.count();
}

}  // namespace
}  // namespace hearth::cli
