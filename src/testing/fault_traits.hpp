// What is true of each kind of fault.
#pragma once

#include <hearth/testing/fault.hpp>

#include <chrono>
#include <cstdint>
#include <string_view>

namespace hearth::testing {

/// When a fault is drawn.
enum class moment : std::uint8_t {
    connected,  ///< a connection was accepted
    idle,       ///< it has nothing to do, after a response
    requested,  ///< a request begins
};
inline constexpr std::size_t moments = 3;

struct fault_traits {
    std::string_view name{};
    moment when = moment::connected;
    std::string_view description{};
    bool needs_tls = false;
    bool needs_tcp = false;
    bool in_flight = false;  ///< can be
    bool has_time = false;
    bool has_count = false;
    /// What 0 stands for; of idle faults, the idle timeout.
    std::chrono::milliseconds time{0};
    std::uint64_t count = 0;
};

/// REQUIRES: `kind` is one of those that have a name.
[[nodiscard]] const fault_traits& traits_of(fault_kind kind) noexcept;

}  // namespace hearth::testing
