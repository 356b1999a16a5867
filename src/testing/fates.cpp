#include "testing/fates.hpp"

namespace hearth::testing {
namespace {

/// splitmix64: turns numbers that hardly differ into numbers that have nothing in common.
std::uint64_t mix(std::uint64_t x) noexcept {
    x += 0x9e3779b97f4a7c15U;
    x = (x ^ (x >> 30U)) * 0xbf58476d1ce4e5b9U;
    x = (x ^ (x >> 27U)) * 0x94d049bb133111ebU;
    return x ^ (x >> 31U);
}

}  // namespace

moment moment_of(fault_kind /*kind*/) noexcept { return moment::idle; }

fates::fates(const faulty_origin_options& options) : seed_(options.seed) {
    for (fault f : options.faults) {
        const auto add = [&](moment m) {
            if (m == moment::idle && f.time.count() == 0) f.time = options.idle_timeout;
            family& its = families_.at(static_cast<std::size_t>(m));
            its.faults.push_back(f);
            its.total += f.weight;
        };
        if (f.kind != fault_kind::none) {
            add(moment_of(f.kind));
            continue;
        }
        for (std::size_t m = 0; m < moments; ++m) add(static_cast<moment>(m));
    }
}

fault fates::draw(moment m, std::uint64_t connection, std::uint64_t turn) const noexcept {
    const family& its = families_.at(static_cast<std::size_t>(m));
    if (its.total == 0) return {};
    std::uint64_t drawn = mix(mix(mix(seed_) ^ connection) ^ (turn * moments + static_cast<std::uint64_t>(m))) % its.total;
    for (const fault& f : its.faults) {
        if (drawn < f.weight) return f;
        drawn -= f.weight;
    }
    return {};
}

}  // namespace hearth::testing
