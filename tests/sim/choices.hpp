// Where random worlds take their decisions from, and how a seed is given.
#pragma once

#include "values/sanitizers.hpp"

#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

namespace hearth::sim {

using std::chrono::nanoseconds;

inline constexpr bool sanitized = values::address_sanitizer || values::thread_sanitizer || values::memory_sanitizer;
#if defined(NDEBUG)
inline constexpr bool optimised = true;
#else
inline constexpr bool optimised = false;
#endif

/// A seeded generator in the tests, the fuzzer's bytes there.
class choices {
public:
    virtual ~choices() = default;
    /// A number from 0 to n - 1. REQUIRES: n > 0.
    virtual std::uint64_t below(std::uint64_t n) = 0;
    bool one_in(std::uint64_t n) { return below(n) == 0; }
    bool per_mille(std::uint64_t n) { return below(1000) < n; }
    /// In eight steps, so that equal times are met.
    nanoseconds up_to(nanoseconds t) { return t * static_cast<std::int64_t>(below(9)) / 8; }
    /// To the nanosecond.
    nanoseconds within(nanoseconds t) {
        return nanoseconds(static_cast<std::int64_t>(below(static_cast<std::uint64_t>(t.count()) + 1)));
    }
};

class seeded final : public choices {
public:
    explicit seeded(std::uint64_t seed) : state_(seed * 0x9E3779B97F4A7C15ULL) {}
    std::uint64_t below(std::uint64_t n) override {
        std::uint64_t z = state_ += 0x9E3779B97F4A7C15ULL;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
        return (z ^ (z >> 31)) % n;
    }

private:
    std::uint64_t state_;
};

inline std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
    const char* text = std::getenv(name);
    return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

/// While it is there, an abort (an assertion, the pool's own check) tells which seed ran.
class seed_teller {
public:
    seed_teller() : previous_(std::signal(SIGABRT, tell)) {}
    ~seed_teller() { std::signal(SIGABRT, previous_); }
    seed_teller(const seed_teller&) = delete;
    seed_teller& operator=(const seed_teller&) = delete;
    void runs(std::uint64_t seed) { current_ = seed; }

private:
    static void tell(int) {
        std::fprintf(stderr, "HEARTH_SEED=%llu\n", static_cast<unsigned long long>(current_));
        std::signal(SIGABRT, SIG_DFL);
    }
    static inline volatile std::uint64_t current_ = 0;
    void (*previous_)(int);
};

}  // namespace hearth::sim
