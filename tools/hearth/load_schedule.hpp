// When the requests of an open model begin: at a fixed rate, whatever the server does.
#pragma once

#include <chrono>
#include <cmath>
#include <cstdint>

namespace hearth::cli {

/// Request k (from 0) is meant to begin k / rate seconds after the schedule's begin. Computed from k each time, so that
/// nothing adds up over a long run.
class load_schedule {
public:
    /// `rate` is in requests a second, over 0.
    explicit load_schedule(double rate) noexcept : rate_(rate) {}

    [[nodiscard]] std::chrono::nanoseconds begin_of(std::uint64_t k) const noexcept {
        return std::chrono::nanoseconds(static_cast<std::int64_t>(std::llround(static_cast<double>(k) / rate_ * 1e9)));
    }
    /// How many are meant to begin before `t`.
    [[nodiscard]] std::uint64_t due_before(std::chrono::nanoseconds t) const noexcept {
        if (t.count() <= 0) return 0;
        auto k = static_cast<std::uint64_t>(std::ceil(static_cast<double>(t.count()) * rate_ / 1e9));
        // Rounding may put the last one on either side.
        while (k > 0 && begin_of(k - 1) >= t) --k;
        while (begin_of(k) < t) ++k;
        return k;
    }

private:
    double rate_;
};

}  // namespace hearth::cli
