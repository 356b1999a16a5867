#include <hearth/histogram.hpp>

namespace hearth {

std::chrono::nanoseconds duration_histogram::quantile(double q) const noexcept {
    const auto all = static_cast<double>(count());
    if (all == 0) return nanoseconds{0};
    const double rank = std::clamp(q, 0.0, 1.0) * all;
    double below = 0;
    for (std::size_t i = 0; i < bounds.size(); ++i) {
        const auto here = static_cast<double>(buckets_[i]);
        if (here > 0 && below + here >= rank) {
            const auto low = static_cast<double>(i == 0 ? 0 : bounds[i - 1].count());
            const auto high = static_cast<double>(bounds[i].count());
            return nanoseconds(static_cast<std::int64_t>(low + (high - low) * std::max(rank - below, 0.0) / here));
        }
        below += here;
    }
    return bounds.back();
}

}  // namespace hearth
