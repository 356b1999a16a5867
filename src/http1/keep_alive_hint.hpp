// The Keep-Alive response field: "timeout=5, max=100".
#pragma once

#include <hearth/headers.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace hearth::http1 {

/// What a server promised. A parameter that is absent, or not a plain number that fits, is not there.
struct keep_alive_hint {
    std::optional<std::chrono::seconds> timeout{};  ///< idle time after which it closes; 0 to 31 bits of seconds
    std::optional<std::uint64_t> max{};             ///< requests; in total or still to come, see policy::keep_terms

    [[nodiscard]] bool operator==(const keep_alive_hint&) const = default;
};

/// Reads one field value: parameters in any order and case, quoted or not, between commas (or semicolons). What is garbage
/// is left out. Of several values for a parameter the least counts.
[[nodiscard]] keep_alive_hint parse_keep_alive(std::string_view value);

/// The same over all Keep-Alive fields.
[[nodiscard]] keep_alive_hint find_keep_alive(const headers& fields);

}  // namespace hearth::http1
