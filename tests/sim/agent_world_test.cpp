// Many simulated worlds (see agent_world.hpp), each from its seed.
//
// A failure prints its seed; HEARTH_SEED=<seed> runs that world alone. HEARTH_WORLDS=<n> changes how many there are.
#include "sim/agent_world.hpp"

#include <gtest/gtest.h>

#include <cstdio>

namespace hearth::sim {
namespace {

constexpr std::uint64_t default_worlds = sanitized ? 500 : optimised ? 10'000 : 2'000;

agent_world::tally run_world(std::uint64_t seed, boost::asio::io_context& context) {
    agent_world world(seed, context);
    world.run();
    EXPECT_EQ(world.broken(), "") << "not so, at event " << world.counts().events << "\nHEARTH_SEED=" << seed;
    return world.counts();
}

TEST(agent_world, keeps_its_promise) {
    seed_teller teller;
    boost::asio::io_context context(1);
    agent_world::tally sum;
    const auto run = [&](std::uint64_t seed) {
        teller.runs(seed);
        sum += run_world(seed, context);
    };
    if (const std::uint64_t seed = from_environment("HEARTH_SEED", 0); seed != 0) {
        run(seed);
    } else {
        const std::uint64_t worlds = from_environment("HEARTH_WORLDS", default_worlds);
        for (std::uint64_t next = 1; next <= worlds && !HasFailure(); ++next) run(next);
    }
    const auto n = [](std::uint64_t x) { return static_cast<unsigned long long>(x); };
    std::printf("%llu worlds (%llu polite), %llu events, %llu requests: %llu answered, %llu failed, %llu given up\n",
                n(sum.worlds), n(sum.polite), n(sum.events), n(sum.requests), n(sum.answered), n(sum.failed),
                n(sum.canceled));
    std::printf(
        "%llu replays, %llu retries, %llu reused, %llu stale at use, %llu closed by the server, %llu repeated, "
        "%llu restarts, %llu faults\n",
        n(sum.replays), n(sum.retries), n(sum.reused), n(sum.stale_at_use), n(sum.server_closed), n(sum.repeated),
        n(sum.restarts), n(sum.faults));
    for (std::size_t i = 0; i < evidence_count; ++i) {
        if (sum.replays_by[i] + sum.refused_by[i] == 0) continue;
        const std::string name(to_string(static_cast<evidence>(i)));
        std::printf("    %-16s %llu replays, %llu unrepeatable requests failed\n", name.c_str(), n(sum.replays_by[i]),
                    n(sum.refused_by[i]));
    }
}

}  // namespace
}  // namespace hearth::sim
