#include "soak_faults.hpp"

#include "cli_common.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string>

namespace hearth::cli {
namespace {

using testing::fault_kind;

/// A connection draws one fault of each family: when it begins, whenever it is idle, and for each request.
enum class family : std::uint8_t { connection, idle, request };
constexpr std::size_t families = 3;

// The kinds of a family follow each other.
family family_of(fault_kind kind) {
    if (kind < fault_kind::idle_fin) return family::connection;
    return kind < fault_kind::early_answer ? family::idle : family::request;
}

bool can_be_in_flight(fault_kind kind) { return family_of(kind) == family::idle && kind != fault_kind::idle_silence; }

unsigned percent_of(const std::vector<wanted_fault>& wanted, family f) {
    unsigned sum = 0;
    for (const wanted_fault& w : wanted) {
        if (family_of(w.kind) == f) sum += w.percent;
    }
    return sum;
}

// Of the soak's server, which does not speak TLS.
bool is_possible(fault_kind kind) {
    switch (kind) {
        case fault_kind::none:
        case fault_kind::slow_handshake:
        case fault_kind::idle_close_notify:
        case fault_kind::late_tickets: return false;
        default: return true;
    }
}

std::string known_names() {
    std::string names;
    for (std::size_t i = 0; i < testing::fault_kinds; ++i) {
        const auto kind = static_cast<fault_kind>(i);
        if (is_possible(kind)) names += fmt::format("{}{}", names.empty() ? "" : ", ", to_string(kind));
    }
    return names;
}

wanted_fault parse_one(std::string_view text) {
    const std::size_t equals = text.find('=');
    const std::string_view name = text.substr(0, equals);
    const std::optional<fault_kind> kind = testing::fault_named(name);
    if (!kind || !is_possible(*kind))
        throw usage_error(fmt::format("--faults: there is no fault '{}' here; choose from {}", name, known_names()));
    wanted_fault wanted{.kind = *kind};
    if (equals == std::string_view::npos) return wanted;
    const std::string_view number = text.substr(equals + 1);
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), wanted.percent);
    if (error != std::errc() || end != number.data() + number.size() || wanted.percent < 1 || wanted.percent > 100)
        throw usage_error(fmt::format("--faults {}: write {}=PERCENT, from 1 to 100", text, name));
    return wanted;
}

}  // namespace

std::vector<wanted_fault> parse_faults(std::string_view list) {
    std::vector<wanted_fault> wanted;
    for (std::size_t begin = 0; begin <= list.size();) {
        const std::size_t end = std::min(list.find(',', begin), list.size());
        wanted.push_back(parse_one(list.substr(begin, end - begin)));
        begin = end + 1;
    }
    for (std::size_t i = 0; i < families; ++i) {
        const unsigned sum = percent_of(wanted, static_cast<family>(i));
        if (sum > 100)
            throw usage_error(fmt::format("--faults {}: of {} only one can happen at a time, and these add up to {} %", list,
                                          std::array{"close_after faults", "idle faults", "a request's faults"}.at(i), sum));
    }
    return wanted;
}

std::string fault_list() {
    std::string lines;
    for (std::size_t i = 0; i < testing::fault_kinds; ++i) {
        const auto kind = static_cast<fault_kind>(i);
        if (is_possible(kind)) lines += fmt::format("  {:<26}{}\n", to_string(kind), description(kind));
    }
    return lines;
}

std::vector<testing::fault> weigh_faults(const std::vector<wanted_fault>& wanted) {
    // A connection of the soak carries few requests.
    constexpr std::uint64_t responses = 10;
    // `none` has one weight for all families, so the others are weighed against it: so much a percent.
    constexpr std::uint32_t nothing = 1'000;
    constexpr std::uint32_t most = 1'000'000;
    std::vector<testing::fault> faults;
    for (const wanted_fault& w : wanted) {
        const unsigned sum = percent_of(wanted, family_of(w.kind));
        // Idle connections do not have nothing happen to them: they are closed, this way or another.
        const bool only_these = family_of(w.kind) == family::idle || sum == 100;
        const std::uint32_t weight = only_these ? w.percent * (most / 100) : w.percent * nothing / (100 - sum);
        faults.push_back({.kind = w.kind,
                          .weight = std::max(1U, weight),
                          .in_flight = can_be_in_flight(w.kind),
                          .count = family_of(w.kind) == family::connection ? responses : 0});
    }
    if (const unsigned sum = percent_of(wanted, family::idle); sum < 100)
        faults.push_back({.kind = fault_kind::idle_fin, .weight = (100 - sum) * (most / 100), .in_flight = true});
    if (!wanted.empty()) faults.push_back({.kind = fault_kind::none, .weight = nothing});
    return faults;
}

}  // namespace hearth::cli
