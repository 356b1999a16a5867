#include "monitor/tally.hpp"

#include <algorithm>

namespace hearth::detail {
namespace {

constexpr std::array<std::uint64_t counters::*, tally::plain_count> plain = {
    &counters::requests,        &counters::responses,    &counters::failed,    &counters::canceled,
    &counters::opened,          &counters::reused,       &counters::replays,   &counters::retries,
    &counters::budget_refusals, &counters::risk_avoided, &counters::stale_seen};

constexpr std::array<duration_histogram latencies::*, tally::histogram_count> histograms = {
    &latencies::queue_wait, &latencies::lookup,     &latencies::connect,
    &latencies::tls,        &latencies::first_byte, &latencies::total};

}  // namespace

tally::tally(const counters& c, const latencies& l) {
    auto* out = at.data();
    for (const auto member : plain) *out++ = c.*member;
    out = std::ranges::copy(c.closed, out).out;
    out = std::ranges::copy(c.failures_by_phase, out).out;
    out = std::ranges::copy(c.replays_by_evidence, out).out;
    for (const auto member : histograms) {
        const duration_histogram& h = l.*member;
        out = std::ranges::copy(h.buckets(), out).out;
        *out++ = static_cast<std::uint64_t>(h.sum().count());
    }
}

counters tally::count() const noexcept {
    counters c;
    const auto* in = at.data();
    for (const auto member : plain) c.*member = *in++;
    const auto take = [&in](auto& into) {
        std::copy_n(in, into.size(), into.begin());
        in += into.size();
    };
    take(c.closed);
    take(c.failures_by_phase);
    take(c.replays_by_evidence);
    return c;
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
