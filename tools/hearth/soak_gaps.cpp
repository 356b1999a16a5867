#include "soak_gaps.hpp"

#include <algorithm>

namespace hearth::cli {

double gaps::between(double low, double high) {
    const double unit = static_cast<double>(random_() >> 11U) * 0x1p-53;
    return low + (high - low) * unit;
}

std::chrono::microseconds gaps::up_to(std::chrono::microseconds most) {
    return std::chrono::microseconds(static_cast<std::int64_t>(between(0, static_cast<double>(most.count()))));
}

bool gaps::chance(double share) { return between(0, 1) < share; }

std::chrono::microseconds gaps::next() {
    using us = std::chrono::microseconds;
    const auto idle = static_cast<double>(us(closing_.idle).count());
    const auto in_flight = static_cast<double>(us(closing_.in_flight).count());
    const double kind = between(0, 1);
    double gap = 0;
    if (kind < 0.9) {
        gap = between(0.1, 0.7) * idle;
    } else if (kind < 0.98 && in_flight > 0) {
        gap = idle - between(0.2, 0.8) * in_flight;
    } else if (kind < 0.98) {
        // The server's timer and ours run out at nearly the same time.
        const double spread = std::max(500.0, 0.002 * idle);
        gap = idle + between(-spread, spread);
    } else {
        gap = between(1.0, 1.3) * idle;
    }
    return us(static_cast<std::int64_t>(gap));
}

}  // namespace hearth::cli
