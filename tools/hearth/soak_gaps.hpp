// When to pause for how long: idle gaps around a server's idle timeout, drawn from a seed.
#pragma once

#include <chrono>
#include <cstdint>
#include <random>

namespace hearth::cli {

/// Most gaps are short, as in a service at work. Some end just as the server closes the connection, or shortly after.
/// The same seed gives the same gaps.
class gaps {
public:
    /// `idle`: how long the server keeps idle connections. At least 1 ms.
    gaps(std::uint64_t seed, std::chrono::milliseconds idle) : random_(seed), idle_(idle) {}

    [[nodiscard]] std::chrono::microseconds next();
    /// Evenly from 0 to `most`.
    [[nodiscard]] std::chrono::microseconds up_to(std::chrono::microseconds most);

private:
    // Not std::uniform_real_distribution, whose results differ between libraries.
    [[nodiscard]] double between(double low, double high);

    std::mt19937_64 random_;
    std::chrono::microseconds idle_;
};

}  // namespace hearth::cli
