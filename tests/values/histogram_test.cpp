#include <hearth/histogram.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <random>

namespace {

using namespace std::chrono_literals;
using hearth::duration_histogram;
using std::chrono::nanoseconds;

duration_histogram of(std::initializer_list<nanoseconds> all) {
    duration_histogram h;
    for (const nanoseconds d : all) h.record(d);
    return h;
}

TEST(duration_histogram, bounds_go_from_50_us_to_100_s_in_steps_of_1_2_5) {
    const auto& bounds = duration_histogram::bounds;
    EXPECT_EQ(bounds.front(), 50us);
    EXPECT_EQ(bounds[1], 100us);
    EXPECT_EQ(bounds[2], 200us);
    EXPECT_EQ(bounds[3], 500us);
    EXPECT_EQ(bounds[4], 1ms);
    EXPECT_EQ(bounds[13], 1s);
    EXPECT_EQ(bounds.back(), 100s);
    for (std::size_t i = 1; i < bounds.size(); ++i) EXPECT_LT(bounds[i - 1], bounds[i]);
}

TEST(duration_histogram, a_bound_belongs_to_its_bucket) {
    const auto& bounds = duration_histogram::bounds;
    for (std::size_t i = 0; i < bounds.size(); ++i) {
        EXPECT_EQ(of({bounds[i]}).buckets()[i], 1U) << i;
        EXPECT_EQ(of({bounds[i] - 1ns}).buckets()[i], 1U) << i;
        EXPECT_EQ(of({bounds[i] + 1ns}).buckets()[i + 1], 1U) << i;
    }
    EXPECT_EQ(of({0ns}).buckets().front(), 1U);
    EXPECT_EQ(of({-5s}).buckets().front(), 1U);
    EXPECT_EQ(of({-5s}).sum(), 0ns);
    EXPECT_EQ(of({nanoseconds::max()}).buckets().back(), 1U);
}

TEST(duration_histogram, any_duration_goes_to_the_first_bound_that_it_does_not_exceed) {
    const auto& bounds = duration_histogram::bounds;
    std::mt19937_64 random(1);
    for (int i = 0; i < 10'000; ++i) {
        const nanoseconds d(static_cast<std::int64_t>(random() >> (1 + random() % 63)));
        const auto bucket = static_cast<std::size_t>(std::lower_bound(bounds.begin(), bounds.end(), d) - bounds.begin());
        EXPECT_EQ(of({d}).buckets()[bucket], 1U) << d.count();
    }
}

TEST(duration_histogram, adds_up) {
    duration_histogram sum = of({1ms, 3ms});
    sum += of({3ms, 200s});
    EXPECT_EQ(sum, of({1ms, 3ms, 3ms, 200s}));
    EXPECT_EQ(sum.count(), 4U);
    EXPECT_EQ(sum.sum(), 200s + 7ms);
}

TEST(duration_histogram, quantiles_are_linear_within_their_bucket) {
    EXPECT_EQ(duration_histogram().quantile(0.5), 0ns);
    duration_histogram h;
    for (int i = 0; i < 100; ++i) h.record(15ms);  // in (10 ms, 20 ms]
    EXPECT_EQ(h.quantile(0), 10ms);
    EXPECT_EQ(h.quantile(0.5), 15ms);
    EXPECT_EQ(h.quantile(1), 20ms);
    EXPECT_EQ(h.quantile(-3), 10ms);
    EXPECT_EQ(h.quantile(7), 20ms);
    for (int i = 0; i < 100; ++i) h.record(10us);  // in [0, 50 us]
    EXPECT_EQ(h.quantile(0.25), 25us);
    EXPECT_EQ(h.quantile(0.5), 50us);
    EXPECT_EQ(h.quantile(0.75), 15ms);
    h = of({1h});
    EXPECT_EQ(h.quantile(0.1), 100s) << "all that is known is that it took longer";
}

TEST(latencies, add_up_each_by_itself) {
    hearth::latencies a;
    a.queue_wait.record(1ms);
    a.total.record(2s);
    hearth::latencies b;
    for (auto* h : {&b.queue_wait, &b.lookup, &b.connect, &b.tls, &b.first_byte, &b.total}) h->record(3ms);
    a += b;
    EXPECT_EQ(a.queue_wait, of({1ms, 3ms}));
    EXPECT_EQ(a.total, of({2s, 3ms}));
    for (const auto* h : {&a.lookup, &a.connect, &a.tls, &a.first_byte}) EXPECT_EQ(*h, of({3ms}));
}

}  // namespace
