// Histograms: where a value goes, what comes back, and how two become one.
#include "load_histogram.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <random>
#include <vector>

namespace hearth::cli {
namespace {

using std::chrono::nanoseconds;

void expect_layout_of(auto histogram) {
    using h = decltype(histogram);
    // Each bucket begins where the one before it ends, holds both its ends, and is narrow.
    std::uint64_t next = 0;
    for (std::size_t i = 0; i < h::bucket_count; ++i) {
        ASSERT_EQ(h::lower_bound(i), next);
        ASSERT_EQ(h::index_of(next), i);
        ASSERT_EQ(h::index_of(next + h::width(i) - 1), i);
        ASSERT_LE(h::width(i), std::max<std::uint64_t>(1, next >> h::precision_bits));
        next += h::width(i);
    }
    EXPECT_EQ(next, h::value_max + 1);
}

TEST(load_histogram, buckets_cover_all_values_without_gap_and_are_narrow) {
    expect_layout_of(latency_histogram());
    expect_layout_of(slot_histogram());
}

TEST(load_histogram, the_documented_layout) {
    // docs/load.md, "The histogram".
    EXPECT_EQ(latency_histogram::lower_bound(255), 255U);
    EXPECT_EQ(latency_histogram::lower_bound(256), 256U);
    EXPECT_EQ(latency_histogram::lower_bound(511), 511U);
    EXPECT_EQ(latency_histogram::lower_bound(512), 512U);
    EXPECT_EQ(latency_histogram::lower_bound(513), 514U);
    EXPECT_EQ(latency_histogram::index_of(1'000'000), (12U << 8U) + 232U);
    EXPECT_EQ(latency_histogram::lower_bound(latency_histogram::index_of(1'000'000)), 999'424U);
}

TEST(load_histogram, nothing_recorded_is_all_zeros) {
    const latency_histogram h;
    EXPECT_EQ(h.count(), 0U);
    EXPECT_EQ(h.min(), 0U);
    EXPECT_EQ(h.max(), 0U);
    EXPECT_EQ(h.percentile(0.5), 0U);
    EXPECT_EQ(h.mean(), 0);
    EXPECT_EQ(h.deviation(), 0);
}

TEST(load_histogram, percentiles_are_of_the_nearest_rank) {
    latency_histogram h;
    // These have buckets of their own, so that the answers are exact.
    for (int i = 1; i <= 100; ++i) h.record(nanoseconds(i));
    EXPECT_EQ(h.percentile(0), 1U);
    EXPECT_EQ(h.percentile(0.01), 1U);
    EXPECT_EQ(h.percentile(0.011), 2U);
    EXPECT_EQ(h.percentile(0.5), 50U);
    EXPECT_EQ(h.percentile(0.9), 90U);
    EXPECT_EQ(h.percentile(0.99), 99U);
    EXPECT_EQ(h.percentile(0.999), 100U);
    EXPECT_EQ(h.percentile(1), 100U);
    EXPECT_EQ(h.min(), 1U);
    EXPECT_EQ(h.max(), 100U);
    EXPECT_DOUBLE_EQ(h.mean(), 50.5);
    EXPECT_NEAR(h.deviation(), 28.866, 0.001);
}

TEST(load_histogram, percentiles_are_within_a_bucket_of_the_truth) {
    std::mt19937_64 random(7);
    std::lognormal_distribution<double> draw(13, 2);
    latency_histogram h;
    std::vector<std::uint64_t> all;
    for (int i = 0; i < 50'000; ++i) {
        all.push_back(static_cast<std::uint64_t>(draw(random)));
        h.record(nanoseconds(all.back()));
    }
    std::ranges::sort(all);
    for (const double share : {0.001, 0.1, 0.5, 0.75, 0.9, 0.99, 0.999, 0.9999}) {
        const auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(all.size())));
        const auto truth = static_cast<double>(all[rank - 1]);
        EXPECT_GE(static_cast<double>(h.percentile(share)), truth) << share;
        EXPECT_LE(static_cast<double>(h.percentile(share)), truth * (1 + 1.0 / 256)) << share;
    }
    EXPECT_EQ(h.min(), all.front());
    EXPECT_EQ(h.max(), all.back());
}

TEST(load_histogram, a_percentile_never_exceeds_the_largest_value) {
    latency_histogram h;
    h.record(nanoseconds(1'000'001));
    for (const double share : {0.0, 0.5, 0.99, 1.0}) EXPECT_EQ(h.percentile(share), 1'000'001U);
}

TEST(load_histogram, values_out_of_range_count_at_its_ends) {
    latency_histogram h;
    h.record(nanoseconds(-5));
    h.record(nanoseconds::max());
    EXPECT_EQ(h.count(), 2U);
    EXPECT_EQ(h.min(), 0U);
    EXPECT_EQ(h.max(), latency_histogram::value_max);
}

TEST(load_histogram, merging_is_the_same_as_recording_all_in_one) {
    latency_histogram a, b, both;
    for (int i = 0; i < 1000; ++i) {
        const nanoseconds d(i * i * 977 + 5);
        (i % 3 == 0 ? a : b).record(d);
        both.record(d);
    }
    a.merge(b);
    a.merge(latency_histogram());
    EXPECT_EQ(a.count(), both.count());
    EXPECT_EQ(a.min(), both.min());
    EXPECT_EQ(a.max(), both.max());
    EXPECT_DOUBLE_EQ(a.mean(), both.mean());
    for (const double share : {0.1, 0.5, 0.9, 0.99}) EXPECT_EQ(a.percentile(share), both.percentile(share));
}

}  // namespace
}  // namespace hearth::cli
