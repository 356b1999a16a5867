// A random world around a pool: a shell that answers its actions in any order, callers, servers, clocks that jump. What
// happens comes from a `choices`: a seeded generator in the test, the fuzzer's bytes there.
#pragma once

#include "choices.hpp"
#include "pool_model.hpp"

#include <cstdint>
#include <memory>
#include <vector>

namespace hearth::pool {

using namespace std::chrono_literals;

using sim::choices;

/// Options of all kinds: small limits, so that all are met.
inline agent_options random_options(choices& pick, std::size_t size) {
    agent_options o;
    o.keep_alive = !pick.one_in(20);
    o.max_sockets = 1 + pick.below(size);
    o.max_total_sockets = 1 + pick.below(2 * size);
    if (pick.one_in(2)) o.max_connecting = 1 + pick.below(3);
    if (pick.one_in(2)) o.max_free_sockets = pick.below(o.max_sockets + 1);
    o.max_pending = pick.below(2 * size);
    if (pick.one_in(3))
        o.min_free_sockets = pick.below(1 + std::min<std::size_t>(2, o.max_free_sockets.value_or(o.max_sockets)));
    o.scheduling = pick.one_in(2) ? scheduling::fifo : scheduling::lifo;
    o.keep_alive_timeout = std::chrono::milliseconds(1 + pick.below(60) * 1000);
    if (pick.one_in(3)) o.max_connection_age = std::chrono::milliseconds(1 + pick.below(100) * 1000);
    if (pick.one_in(3)) o.max_requests_per_connection = 1 + pick.below(4);
    return o;
}

class pool_world {
public:
    /// `check_every`: how many events between two looks at the machine's own invariants, which cost O(everything).
    pool_world(choices& pick, const agent_options& options, std::size_t origins, std::size_t crowd, unsigned check_every)
        : pick_(pick),
          model_(options, origins),
          pool_(options, pick.below(1000)),
          origins_(origins, origin_id::none),
          crowd_(crowd),
          check_every_(check_every) {}

    /// One thing happens, and all its consequences are looked at.
    void step();
    /// Everybody answers from now on and nobody comes: all requests must end, all connections close.
    void drain();

    std::uint64_t events() const { return events_; }
    const pool_model& model() const { return model_; }

private:
    using stage = pool_model::stage;

    origin_id origin(std::size_t at) {
        if (origins_[at] == origin_id::none) origins_[at] = pool_.add_origin();
        return origins_[at];
    }
    // A connection in one of these stages, from a random position on; null if there is none.
    pool_model::conn* any(stage s) {
        const std::size_t n = model_.conns.size();
        const std::size_t from = n == 0 ? 0 : pick_.below(n);
        for (std::size_t i = 0; i < n; ++i) {
            if (pool_model::conn& c = model_.conns[(from + i) % n]; c.stage == s) return &c;
        }
        return nullptr;
    }

    needs random_needs();
    verdict random_verdict();
    void acquire();
    void cancel();
    void open(bool works);
    void release(const verdict& v);
    void come_back(bool replay);
    void stray();
    void learn();
    void time_passes();
    void tick() {
        event({pool_call::tick}, [&] { pool_.tick(now_); });
    }
    void forget();
    template <class Call>
    void event(const pool_event& e, Call call);
    void compare();

    choices& pick_;
    pool_model model_;
    machine pool_;
    std::vector<origin_id> origins_;
    std::size_t crowd_;
    unsigned check_every_;
    instant now_{.mono = 1h, .boot = 2h};
    std::uint64_t events_ = 0;
    std::uint64_t last_request_ = 0;
    std::vector<action> actions_;
    std::vector<conn_id> gone_;  // ids that the pool has forgotten, to call it with
};

}  // namespace hearth::pool

#include "pool_world_events.hpp"
