// Histograms of durations whose buckets grow with the value: linear within a power of two, so that the relative width is
// bounded. Recording is a few instructions and allocates nothing; two histograms merge by adding counts.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace hearth::cli {

/// Counts nanoseconds in 2^Bits buckets a power of two: a bucket is at most value / 2^Bits wide, and below 2^(Bits + 1) ns
/// it holds one value. Bucket i, with e = i >> Bits and m = i mod 2^Bits, begins at m for e = 0, else at
/// (2^Bits + m) << (e - 1). Values over value_max count as value_max, 39 hours.
template <unsigned Bits, class Count>
class log_linear_histogram {
public:
    using count_type = Count;
    static constexpr unsigned precision_bits = Bits;
    static constexpr unsigned value_bits = 47;
    static constexpr std::uint64_t value_max = (std::uint64_t{1} << value_bits) - 1;
    static constexpr std::size_t bucket_count = std::size_t{value_bits + 1 - Bits} << Bits;

    static constexpr std::size_t index_of(std::uint64_t value) noexcept {
        const auto shift =
            static_cast<unsigned>(std::max(static_cast<int>(std::bit_width(value)) - static_cast<int>(Bits) - 1, 0));
        return (static_cast<std::size_t>(shift) << Bits) + static_cast<std::size_t>(value >> shift);
    }
    static constexpr std::uint64_t lower_bound(std::size_t index) noexcept {
        if (index < per_power) return index;
        return (per_power + index % per_power) << (index / per_power - 1);
    }
    static constexpr std::uint64_t width(std::size_t index) noexcept {
        return std::uint64_t{1} << (index < per_power ? 0 : index / per_power - 1);
    }

    void record(std::chrono::nanoseconds d) noexcept {
        const std::uint64_t value = std::min(static_cast<std::uint64_t>(std::max<std::int64_t>(d.count(), 0)), value_max);
        ++counts_[index_of(value)];
        ++count_;
        sum_ += static_cast<double>(value);
        min_ = std::min(min_, value);
        max_ = std::max(max_, value);
    }

    /// Adds `n` values of the bucket that holds `value`, as another histogram told them. What it told of sum, min and max
    /// goes to widen().
    void add(std::uint64_t value, Count n) noexcept {
        counts_[index_of(std::min(value, value_max))] += n;
        count_ += n;
    }
    void widen(double sum, std::uint64_t min, std::uint64_t max) noexcept {
        sum_ += sum;
        min_ = std::min(min_, min);
        max_ = std::max(max_, max);
    }
    void merge(const log_linear_histogram& other) noexcept {
        for (std::size_t i = 0; i < bucket_count; ++i) counts_[i] += other.counts_[i];
        count_ += other.count_;
        if (other.count_ > 0) widen(other.sum_, other.min_, other.max_);
    }

    [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
    [[nodiscard]] std::uint64_t min() const noexcept { return count_ == 0 ? 0 : min_; }
    [[nodiscard]] std::uint64_t max() const noexcept { return max_; }
    [[nodiscard]] double sum() const noexcept { return sum_; }
    [[nodiscard]] double mean() const noexcept { return count_ == 0 ? 0 : sum_ / static_cast<double>(count_); }

    /// The standard deviation, by the buckets' middles.
    [[nodiscard]] double deviation() const noexcept {
        double squares = 0;
        const double middle = mean();
        each([&](std::uint64_t lower, std::uint64_t size, Count n) {
            const double off = static_cast<double>(lower) + static_cast<double>(size - 1) / 2 - middle;
            squares += off * off * static_cast<double>(n);
        });
        return count_ == 0 ? 0 : std::sqrt(squares / static_cast<double>(count_));
    }

    /// What `share` (0 to 1) of the values did not exceed, by the nearest rank: the last value of its bucket, and never
    /// more than the largest recorded or less than the smallest. 0 when nothing was recorded.
    [[nodiscard]] std::uint64_t percentile(double share) const noexcept {
        if (count_ == 0) return 0;
        // A share such as 0.999 is a little more or less than it says; that must not turn a whole rank into the next.
        const double exact = share * static_cast<double>(count_);
        const auto rank = std::clamp<std::uint64_t>(static_cast<std::uint64_t>(std::ceil(exact - exact * 1e-12)), 1, count_);
        if (rank == count_) return max_;
        std::uint64_t seen = 0;
        std::size_t i = 0;
        for (; i + 1 < bucket_count; ++i) {
            seen += counts_[i];
            if (seen >= rank) break;
        }
        return std::clamp(lower_bound(i) + width(i) - 1, min(), max());
    }

    /// Calls `f(lower bound, width, count)` for each bucket that holds something, in order.
    template <class F>
    void each(F f) const {
        for (std::size_t i = 0; i < bucket_count; ++i) {
            if (counts_[i] > 0) f(lower_bound(i), width(i), counts_[i]);
        }
    }

private:
    static constexpr std::size_t per_power = std::size_t{1} << Bits;

    std::array<Count, bucket_count> counts_{};
    std::uint64_t count_ = 0;
    std::uint64_t min_ = ~std::uint64_t{0};
    std::uint64_t max_ = 0;
    double sum_ = 0;
};

/// For results: buckets at most 0.4 % wide, 80 KiB.
using latency_histogram = log_linear_histogram<8, std::uint64_t>;
/// For one moment of many: buckets at most 6.3 % wide, 3 KiB.
using slot_histogram = log_linear_histogram<4, std::uint32_t>;

}  // namespace hearth::cli
