// The members of statistics by their names: what adds them up, shows them or takes them apart goes through these lists.
#pragma once

#include <hearth/stats.hpp>

#include <array>
#include <cstdint>
#include <string_view>

namespace hearth::values {

/// A member of `Struct`, and what JSON and metrics call it.
template <class Struct, class Member>
struct named_member {
    std::string_view name;
    Member Struct::*member;
};

/// Those of counters that are a number each; not those by reason, phase and evidence.
inline constexpr auto counter_members = std::to_array<named_member<counters, std::uint64_t>>({
    {"requests", &counters::requests},
    {"responses", &counters::responses},
    {"failed", &counters::failed},
    {"canceled", &counters::canceled},
    {"opened", &counters::opened},
    {"reused", &counters::reused},
    {"replays", &counters::replays},
    {"retries", &counters::retries},
    {"budget_refusals", &counters::budget_refusals},
    {"risk_avoided", &counters::risk_avoided},
    {"stale_seen", &counters::stale_seen},
});

inline constexpr auto latency_members = std::to_array<named_member<latencies, duration_histogram>>({
    {"queue_wait", &latencies::queue_wait},
    {"lookup", &latencies::lookup},
    {"connect", &latencies::connect},
    {"tls", &latencies::tls},
    {"first_byte", &latencies::first_byte},
    {"total", &latencies::total},
});

/// The lines of defence, first to last.
inline constexpr auto caught_members = std::to_array<named_member<stale_caught, std::uint64_t>>({
    {"left", &stale_caught::left},
    {"watched", &stale_caught::watched},
    {"looked", &stale_caught::looked},
    {"matched", &stale_caught::matched},
    {"replayed", &stale_caught::replayed},
    {"silent", &stale_caught::silent},
});

}  // namespace hearth::values
