#include <hearth/stats.hpp>

#include "values/stats_members.hpp"

#include <fmt/format.h>

#include <numeric>

namespace hearth {
namespace {

template <std::size_t Size>
void add(std::array<std::uint64_t, Size>& to, const std::array<std::uint64_t, Size>& from) noexcept {
    for (std::size_t i = 0; i < Size; ++i) to[i] += from[i];
}

}  // namespace

std::string_view to_string(close_reason r) noexcept {
    switch (r) {
        case close_reason::idle: return "idle";
        case close_reason::hint: return "hint";
        case close_reason::learnt: return "learnt";
        case close_reason::server_closed: return "server_closed";
        case close_reason::unsolicited: return "unsolicited";
        case close_reason::stale_at_use: return "stale_at_use";
        case close_reason::stale_in_use: return "stale_in_use";
        case close_reason::age: return "age";
        case close_reason::requests: return "requests";
        case close_reason::limit: return "limit";
        case close_reason::make_room: return "make_room";
        case close_reason::response: return "response";
        case close_reason::unread: return "unread";
        case close_reason::error: return "error";
        case close_reason::open_failed: return "open_failed";
        case close_reason::canceled: return "canceled";
        case close_reason::upgraded: return "upgraded";
        case close_reason::shutdown: return "shutdown";
    }
    return "unknown";
}

std::uint64_t counters::closed_total() const noexcept {
    return std::accumulate(closed.begin(), closed.end(), std::uint64_t{0});
}

counters& counters::operator+=(const counters& other) noexcept {
    for (const auto& [name, member] : values::counter_members) this->*member += other.*member;
    add(closed, other.closed);
    add(failures_by_phase, other.failures_by_phase);
    add(replays_by_evidence, other.replays_by_evidence);
    return *this;
}

stale_caught::stale_caught(const counters& c) noexcept {
    const auto of = [&c](close_reason r) { return c.closed[static_cast<std::size_t>(r)]; };
    left = of(close_reason::hint) + of(close_reason::learnt);
    watched = of(close_reason::server_closed) + of(close_reason::unsolicited);
    looked = of(close_reason::stale_at_use);
    matched = c.risk_avoided;
    silent = c.replays_by_evidence[static_cast<std::size_t>(evidence::silent)];
    replayed = c.replays - silent;
}

origin_stats& origin_stats::operator+=(const origin_stats& other) noexcept {
    pending += other.pending;
    in_use += other.in_use;
    free += other.free;
    connecting += other.connecting;
    count += other.count;
    latency += other.latency;
    if (other.learnt.closes > learnt.closes) learnt = other.learnt;  // the better founded
    return *this;
}

std::string learnt_timeout::in_words() const {
    if (closes == 0) return {};
    const auto seconds = [](std::chrono::nanoseconds t) { return std::chrono::duration<double>(t).count(); };
    return fmt::format("closes after {:.1f} s idle, learnt from {} close{}; using {:.1f} s", seconds(timeout), closes,
                       closes == 1 ? "" : "s", seconds(limit));
}

stats& stats::operator+=(const stats& other) {
    // First, since only this can throw.
    for (const auto& [name, one] : other.origins) origins.try_emplace(name);
    for (const auto& [name, one] : other.origins) origins.find(name)->second += one;
    pending += other.pending;
    in_use += other.in_use;
    free += other.free;
    connecting += other.connecting;
    retrying += other.retrying;
    budget_taken += other.budget_taken;
    budget_size += other.budget_size;
    count += other.count;
    latency += other.latency;
    return *this;
}

}  // namespace hearth
