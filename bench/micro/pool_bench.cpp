// What the pool costs per exchange. Its promise: with 100,000 origins and idle connections an acquire and a release cost at
// most twice what they cost with one.
#include "fixtures/full_pool.hpp"

#include <benchmark/benchmark.h>

#include <chrono>
#include <cstdint>
#include <vector>

namespace {

using namespace hearth::pool;
using bench::full_pool;
using namespace std::chrono_literals;

// Origins one after the other. Arguments: origins, idle connections.
void exchanges_in_turn(benchmark::State& state) {
    full_pool p(static_cast<std::size_t>(state.range(0)), static_cast<std::size_t>(state.range(1)));
    std::size_t at = 0;
    for (auto _ : state) {
        p.exchange(at);
        if (++at == p.ids.size()) at = 0;
    }
}

// Origins in random order: with 100,000 every record is out of the near caches, so that this is the price of four or five of
// the memory's round trips (one_cache_miss), whatever the pool does.
void exchanges_at_random(benchmark::State& state) {
    full_pool p(static_cast<std::size_t>(state.range(0)), static_cast<std::size_t>(state.range(1)));
    std::uint64_t random = 1;
    for (auto _ : state) {
        random = random * 6364136223846793005U + 1442695040888963407U;
        p.exchange(static_cast<std::size_t>((random >> 33) % p.ids.size()));
    }
}

// One load from somewhere in as much memory as 100,000 origins and connections take.
void one_cache_miss(benchmark::State& state) {
    constexpr std::size_t stride = 8, n = 400'000;  // a cache line each, 25 MB
    std::vector<std::size_t> next(n * stride);
    std::size_t last = 0;
    for (std::size_t i = 1; i <= n; ++i) {
        const std::size_t at = i * 127'777 % n;  // coprime to n: visits all
        next[last * stride] = at;
        last = at;
    }
    std::size_t at = 0;
    for (auto _ : state) benchmark::DoNotOptimize(at = next[at * stride]);
}

// 50 exchanges are under way at a time at one origin, as in a busy client.
void exchanges_fifty_at_a_time(benchmark::State& state) {
    full_pool p(1, static_cast<std::size_t>(state.range(0)));
    std::vector<conn_id> busy;
    for (int i = 0; i < 50; ++i) busy.push_back(p.acquire(0));
    std::size_t at = 0;
    for (auto _ : state) {
        p.pool.released(busy[at], {.keep = true}, p.now);
        p.now.mono += 1us, p.now.boot += 1us;
        busy[at] = p.acquire(0);
        if (++at == busy.size()) at = 0;
    }
}

// A request waits and takes over what is released, with so many others in line behind it.
void hand_over_to_a_waiter(benchmark::State& state) {
    hearth::agent_options o;
    o.max_sockets = 1;
    o.max_pending = 1'000'000;
    machine pool(o, 1);
    const origin_id origin = pool.add_origin();
    instant now{.mono = 1h, .boot = 1h};
    std::vector<action> actions;
    std::uint64_t request = 0;
    const auto arrive = [&] { pool.acquire(request_id{++request}, origin, {.pending_deadline = now.mono + 10min}, now); };
    arrive();
    pool.take_actions(actions);
    const conn_id c = actions.front().conn;
    pool.opened(c, now);
    for (std::int64_t i = 0; i < state.range(0); ++i) arrive();
    for (auto _ : state) {
        arrive();
        pool.released(c, {.keep = true}, now);
        pool.take_actions(actions);
        now.mono += 1us, now.boot += 1us;
    }
}

// A connection is opened, used once and closed, beside so many idle ones.
void open_use_close(benchmark::State& state) {
    const auto n = static_cast<std::size_t>(state.range(0));
    full_pool p(n, n);
    for (auto _ : state) {
        p.pool.acquire(request_id{++p.request}, p.ids[0], {.fresh = true}, p.now);
        p.pool.take_actions(p.actions);
        const conn_id c = p.actions.front().conn;
        p.pool.opened(c, p.now);
        p.pool.released(c, {.keep = false, .reason = hearth::close_reason::response}, p.now);
        p.pool.take_actions(p.actions);
    }
}

BENCHMARK(exchanges_in_turn)
    ->Args({1, 1})
    ->Args({1, 1'000})
    ->Args({1, 100'000})
    ->Args({1'000, 1'000})
    ->Args({100'000, 100'000});
BENCHMARK(exchanges_at_random)->Args({1, 1})->Args({1'000, 1'000})->Args({100'000, 100'000});
BENCHMARK(one_cache_miss);
BENCHMARK(exchanges_fifty_at_a_time)->Arg(100)->Arg(100'000);
BENCHMARK(hand_over_to_a_waiter)->Arg(1)->Arg(100'000);
BENCHMARK(open_use_close)->Arg(1)->Arg(100'000);

}  // namespace

BENCHMARK_MAIN();
