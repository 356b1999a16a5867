// Random worlds: many seeds, many options, each event's consequences held against the rules.
//
// A failure prints its seed; HEARTH_SEED=<seed> runs that world alone. HEARTH_EVENTS=<n> changes how many events there are.
#include "sim/pool_world.hpp"

#include <gtest/gtest.h>

#include <cstdio>
#include <string>

namespace hearth::pool {
namespace {

constexpr std::uint64_t default_events = sim::sanitized ? 150'000 : sim::optimised ? 2'000'000 : 400'000;

struct tally {
    std::uint64_t events = 0, granted = 0, reused = 0, failed = 0, rooms_made = 0, worlds = 0;
};

// Every eighth world is large.
void run_world(std::uint64_t seed, tally& sum) {
    sim::seeded pick(seed);
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

TEST(pool_world, keeps_its_rules) {
    sim::seed_teller teller;
    tally sum;
    const auto run = [&](std::uint64_t seed) {
        teller.runs(seed);
        run_world(seed, sum);
    };
    if (const std::uint64_t seed = sim::from_environment("HEARTH_SEED", 0); seed != 0) {
        run(seed);
    } else {
        const std::uint64_t events = sim::from_environment("HEARTH_EVENTS", default_events);
        for (std::uint64_t next = 1; sum.events < events && !HasFatalFailure(); ++next) run(next);
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
}

}  // namespace
}  // namespace hearth::pool
