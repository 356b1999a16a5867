#include <hearth/testing/fault.hpp>
#include <hearth/testing/origin_event.hpp>

#include <array>

namespace hearth::testing {
namespace {

// In the order of fault_kind.
constexpr std::array<std::string_view, fault_kinds> names{"none", "idle_fin", "idle_close_notify", "idle_rst"};

constexpr std::array<std::string_view, 6> events{"connected", "executed", "deaf", "fault", "closed", "restarted"};

}  // namespace

std::string_view to_string(fault_kind kind) noexcept {
    const auto at = static_cast<std::size_t>(kind);
    return at < names.size() ? names.at(at) : "unknown";
}

std::optional<fault_kind> fault_named(std::string_view name) noexcept {
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (names.at(i) == name) return static_cast<fault_kind>(i);
    }
    return std::nullopt;
}

std::string_view to_string(origin_event_kind kind) noexcept {
    const auto at = static_cast<std::size_t>(kind);
    return at < events.size() ? events.at(at) : "unknown";
}

}  // namespace hearth::testing
