#include "monitor/tally.hpp"

#include <algorithm>

namespace hearth::detail {
tally::tally(const counters& c, const latencies& l) {
    auto* out = at.data();
    for (const auto& [name, member] : values::counter_members) *out++ = c.*member;
    out = std::ranges::copy(c.closed, out).out;
    out = std::ranges::copy(c.failures_by_phase, out).out;
    out = std::ranges::copy(c.replays_by_evidence, out).out;
    for (const auto& [name, member] : values::latency_members) {
        const duration_histogram& h = l.*member;
        out = std::ranges::copy(h.buckets(), out).out;
        *out++ = static_cast<std::uint64_t>(h.sum().count());
    }
}

counters tally::count() const noexcept {
    counters c;
    const auto* in = at.data();
    for (const auto& [name, member] : values::counter_members) c.*member = *in++;
    const auto take = [&in](auto& into) {
        std::copy_n(in, into.size(), into.begin());
        in += into.size();
    };
    take(c.closed);
    take(c.failures_by_phase);
    take(c.replays_by_evidence);
    return c;
}

std::span<const std::uint64_t> tally::histogram(duration_histogram latencies::*which) const noexcept {
    const auto it =
        std::ranges::find(values::latency_members, which, &values::named_member<latencies, duration_histogram>::member);
    const auto number = static_cast<std::size_t>(it - values::latency_members.begin());
    return std::span(at).subspan(histograms_from + number * histogram_size, histogram_size);
}

tally& tally::operator+=(const tally& other) noexcept {
    for (std::size_t i = 0; i < at.size(); ++i) at[i] += other.at[i];
    return *this;
}

tally& tally::operator-=(const tally& other) noexcept {
    for (std::size_t i = 0; i < at.size(); ++i) at[i] -= std::min(at[i], other.at[i]);
    return *this;
}

bool tally::fell_behind(const tally& other) const noexcept {
    for (std::size_t i = 0; i < at.size(); ++i) {
        if (at[i] < other.at[i]) return true;
    }
    return false;
}

void tally::keep_most(const tally& other) noexcept {
    for (std::size_t i = 0; i < at.size(); ++i) at[i] = std::max(at[i], other.at[i]);
}

bool tally::is_zero() const noexcept {
    return std::ranges::all_of(at, [](std::uint64_t n) { return n == 0; });
}

}  // namespace hearth::detail
