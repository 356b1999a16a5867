// How long things took: counts by duration.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace hearth {

/// Durations by size, in buckets with fixed bounds, so that those of many agents and machines can be added. A plain value.
class duration_histogram {
public:
    using nanoseconds = std::chrono::nanoseconds;

    /// Upper bounds, included, of all buckets but the last, which has none: 50 us to 100 s, in steps of 1, 2, 5.
    static constexpr std::array<nanoseconds, 20> bounds = [] {
        std::array<nanoseconds, 20> all{};
        std::int64_t decade = 10'000;
        std::size_t i = 0;
        all[i++] = nanoseconds(5 * decade);
        while (i < all.size()) {
            decade *= 10;
            for (const std::int64_t step : {1, 2, 5}) {
                if (i < all.size()) all[i++] = nanoseconds(step * decade);
            }
        }
        return all;
    }();
    static constexpr std::size_t bucket_count = bounds.size() + 1;

    /// A negative duration counts as 0.
    void record(nanoseconds d) noexcept {
        d = std::max(d, nanoseconds{0});
        ++buckets_[bucket_of(d)];
        sum_ += static_cast<std::uint64_t>(d.count());
    }

    [[nodiscard]] const std::array<std::uint64_t, bucket_count>& buckets() const noexcept { return buckets_; }
    [[nodiscard]] std::uint64_t count() const noexcept {
        std::uint64_t n = 0;
        for (const auto b : buckets_) n += b;
        return n;
    }
    [[nodiscard]] nanoseconds sum() const noexcept { return nanoseconds(static_cast<std::int64_t>(sum_)); }
    /// An estimate of the q-quantile (0 to 1), linear within its bucket; 0 when nothing was recorded, 100 s when it lies in
    /// the last bucket.
    [[nodiscard]] nanoseconds quantile(double q) const noexcept;

    duration_histogram& operator+=(const duration_histogram& other) noexcept {
        for (std::size_t i = 0; i < bucket_count; ++i) buckets_[i] += other.buckets_[i];
        sum_ += other.sum_;
        return *this;
    }
    [[nodiscard]] bool operator==(const duration_histogram&) const noexcept = default;

private:
    [[nodiscard]] static std::size_t bucket_of(nanoseconds d) noexcept {
        // The first bound that a number of so many bits may not exceed; at most two further ones have as many bits.
        std::size_t i = first_by_width[std::bit_width(static_cast<std::uint64_t>(d.count()))];
        while (i < bounds.size() && d > bounds[i]) ++i;
        return i;
    }
    static constexpr std::array<std::uint8_t, 65> first_by_width = [] {
        std::array<std::uint8_t, 65> all{};
        for (std::size_t width = 0; width < all.size(); ++width) {
            const std::uint64_t least = width == 0 ? 0 : std::uint64_t{1} << (width - 1);
            std::uint8_t i = 0;
            while (i < bounds.size() && static_cast<std::uint64_t>(bounds[i].count()) < least) ++i;
            all[width] = i;
        }
        return all;
    }();

    std::array<std::uint64_t, bucket_count> buckets_{};
    std::uint64_t sum_ = 0;  // nanoseconds
};

/// What of a call takes its time.
struct latencies {
    duration_histogram queue_wait;  ///< calls: waiting for a connection, dialling included; 0 for one that found an idle one
    duration_histogram lookup;      ///< connections: looking the name up
    duration_histogram connect;     ///< connections: TCP
    duration_histogram tls;         ///< connections: the handshake
    duration_histogram first_byte;  ///< calls: from the first byte written to the head's arrival
    duration_histogram total;       ///< calls: from send() to the head's arrival, or to their failure

    latencies& operator+=(const latencies& other) noexcept {
        queue_wait += other.queue_wait;
        lookup += other.lookup;
        connect += other.connect;
        tls += other.tls;
        first_byte += other.first_byte;
        total += other.total;
        return *this;
    }
};

}  // namespace hearth
