// All that an origin counts, as one row of numbers that can be added and taken apart.
#pragma once

#include "values/stats_members.hpp"

#include <hearth/stats.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace hearth::detail {

/// All counts of an origin, one behind the other: counters, then each histogram's buckets and its sum in nanoseconds.
struct tally {
    static constexpr std::size_t plain_count = values::counter_members.size();
    static constexpr std::size_t histogram_count = values::latency_members.size();
    static constexpr std::size_t histogram_size = duration_histogram::bucket_count + 1;
    static constexpr std::size_t histograms_from = plain_count + close_reason_count + phase_count + evidence_count;

    std::array<std::uint64_t, histograms_from + histogram_count * histogram_size> at{};

    tally() = default;
    tally(const counters& c, const latencies& l);

    tally& operator+=(const tally& other) noexcept;
    /// Stops at 0.
    tally& operator-=(const tally& other) noexcept;
    /// Whether any count is under the other's.
    [[nodiscard]] bool fell_behind(const tally& other) const noexcept;
    void keep_most(const tally& other) noexcept;
    [[nodiscard]] bool is_zero() const noexcept;
    [[nodiscard]] counters count() const noexcept;
    /// One histogram's buckets, then its sum in nanoseconds.
    [[nodiscard]] std::span<const std::uint64_t> histogram(duration_histogram latencies::*which) const noexcept;
};

}  // namespace hearth::detail
