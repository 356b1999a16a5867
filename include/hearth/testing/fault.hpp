// What can go wrong with an origin.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace hearth::testing {

/// What the origin does wrong. A connection draws one fault of each family at each of the family's moments.
enum class fault_kind : std::uint8_t {
    none,  ///< nothing goes wrong; its weight counts at every moment

    // Drawn after each response; happen when no request has come for `time` (default: the origin's idle_timeout).
    idle_fin,           ///< closes by FIN; with TLS, without close_notify
    idle_close_notify,  ///< TLS: close_notify, then FIN
    idle_rst,           ///< closes by RST
};

/// How many kinds there are, `none` included.
inline constexpr std::size_t fault_kinds = static_cast<std::size_t>(fault_kind::idle_rst) + 1;

/// One fault, and how often it is drawn.
struct fault {
    fault_kind kind = fault_kind::none;
    /// Its share among the faults of its family and `none`. 1 to 1'000'000.
    std::uint32_t weight = 1;
    /// Overrides what the kind says of its time. 0: the kind's default. Up to 24 h.
    std::chrono::milliseconds time{0};
    /// What the client sends within the origin's `in_flight` before the fault is lost on the way. For idle faults on TCP.
    bool in_flight = false;
};

/// "idle_fin".
[[nodiscard]] std::string_view to_string(fault_kind kind) noexcept;
/// The kind of that name.
[[nodiscard]] std::optional<fault_kind> fault_named(std::string_view name) noexcept;

/// What a fault did.
struct fault_tally {
    std::uint64_t happened = 0;  ///< times
    std::uint64_t requests = 0;  ///< requests that are known to have met it
};

}  // namespace hearth::testing
