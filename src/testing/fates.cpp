#include "testing/fates.hpp"

#include <algorithm>

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

fates::fates(const faulty_origin_options& options) : seed_(options.seed) {
    for (fault f : options.faults) {
        const fault_traits& its = traits_of(f.kind);
        if (f.time.count() == 0) f.time = its.when == moment::idle ? options.idle_timeout : its.time;
        if (f.count == 0) f.count = its.count;
        for (std::size_t m = 0; m < moments; ++m) {
            if (f.kind != fault_kind::none && static_cast<moment>(m) != its.when) continue;
            families_.at(m).faults.push_back(f);
            families_.at(m).total += f.weight;
        }
    }
}

bool fates::may_draw(fault_kind kind) const noexcept {
    const auto& faults = families_.at(static_cast<std::size_t>(traits_of(kind).when)).faults;
    return std::ranges::any_of(faults, [kind](const fault& f) { return f.kind == kind; });
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
