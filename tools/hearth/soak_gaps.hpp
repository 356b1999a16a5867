// When to pause for how long: idle gaps around a server's idle timeout, drawn from a seed.
#pragma once

#include <chrono>
#include <cstdint>
#include <random>

namespace hearth::cli {

/// When a server closes an idle connection, and since when its close is on the way.
struct closing_times {
    /// How long the server keeps idle connections. At least 1 ms.
    std::chrono::milliseconds idle{5'000};
    /// How long before that end a request is too late, since it crosses with the close. 0: not known, little.
    std::chrono::milliseconds in_flight{0};
};

/// Most gaps are short, as in a service at work. Some end while the server's close is on its way, or shortly after.
/// The same seed gives the same gaps.
class gaps {
public:
    gaps(std::uint64_t seed, closing_times closing) : random_(seed), closing_(closing) {}

    [[nodiscard]] std::chrono::microseconds next();
    /// Evenly from 0 to `most`.
    [[nodiscard]] std::chrono::microseconds up_to(std::chrono::microseconds most);
    /// True in `share` (0 to 1) of all cases.
    [[nodiscard]] bool chance(double share);

private:
    // Not std::uniform_real_distribution, whose results differ between libraries.
    [[nodiscard]] double between(double low, double high);

    std::mt19937_64 random_;
    closing_times closing_;
};

}  // namespace hearth::cli
