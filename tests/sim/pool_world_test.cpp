// Random worlds: many seeds, many options, each event's consequences held against the rules.
//
// A failure prints its seed; HEARTH_SEED=<seed> runs that world alone. HEARTH_EVENTS=<n> changes how many events there are.
#include "sim/pool_world.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace hearth::pool {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool sanitized = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
constexpr bool sanitized = true;
#else
constexpr bool sanitized = false;
#endif
#else
constexpr bool sanitized = false;
#endif
#if defined(NDEBUG)
constexpr bool optimised = true;
#else
constexpr bool optimised = false;
#endif
constexpr std::uint64_t default_events = sanitized ? 150'000 : optimised ? 2'000'000 : 400'000;

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

// Which world runs, for the handler of SIGABRT: check_invariants() aborts.
volatile std::uint64_t current_seed = 0;

void tell_seed(int) {
    std::fprintf(stderr, "HEARTH_SEED=%llu\n", static_cast<unsigned long long>(current_seed));
    std::signal(SIGABRT, SIG_DFL);
}

struct tally {
    std::uint64_t events = 0, granted = 0, reused = 0, failed = 0, rooms_made = 0, worlds = 0;
};

// Every eighth world is large.
void run_world(std::uint64_t seed, tally& sum) {
    current_seed = seed;
    seeded pick(seed);
    const bool large = seed % 8 == 0;
    const std::size_t size = large ? 20 : 5;
    const agent_options options = random_options(pick, size);
    pool_world world(pick, options, 1 + pick.below(large ? 12 : 4), 1 + pick.below(large ? 60 : 14), large ? 16 : 1);
    const std::uint64_t steps = large ? 1500 : 500 + pick.below(1500);
    try {
        // A world goes on for a little after its shutdown, and then ends.
        for (std::uint64_t i = 0; i < steps; ++i) {
            world.step();
            if (world.model().shut && pick.one_in(40)) break;
        }
        world.drain();
    } catch (const broken_rule& broken) {
        FAIL() << "not so: " << broken.what() << " (event " << world.events() << ")\nHEARTH_SEED=" << seed;
    }
    sum.events += world.events();
    sum.granted += world.model().granted;
    sum.reused += world.model().reused;
    sum.failed += world.model().failed;
    sum.rooms_made += world.model().rooms_made;
    ++sum.worlds;
}

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
    const char* text = std::getenv(name);
    return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

TEST(pool_world, keeps_its_rules) {
    const auto previous = std::signal(SIGABRT, tell_seed);
    tally sum;
    if (const std::uint64_t seed = from_environment("HEARTH_SEED", 0); seed != 0) {
        run_world(seed, sum);
    } else {
        const std::uint64_t events = from_environment("HEARTH_EVENTS", default_events);
        for (std::uint64_t next = 1; sum.events < events && !HasFatalFailure(); ++next) run_world(next, sum);
        // Worlds in which little happens would prove little.
        EXPECT_GT(sum.granted, events / 20);
        EXPECT_GT(sum.reused, events / 50);
        EXPECT_GT(sum.failed, events / 100);
        EXPECT_GT(sum.rooms_made, events / 200);
    }
    std::printf("%llu worlds, %llu events, %llu grants (%llu of idle connections), %llu failures, %llu rooms made\n",
                static_cast<unsigned long long>(sum.worlds), static_cast<unsigned long long>(sum.events),
                static_cast<unsigned long long>(sum.granted), static_cast<unsigned long long>(sum.reused),
                static_cast<unsigned long long>(sum.failed), static_cast<unsigned long long>(sum.rooms_made));
    std::signal(SIGABRT, previous);
}

}  // namespace
}  // namespace hearth::pool
