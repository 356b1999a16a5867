// How options that are out of their range are refused.
#pragma once

#include "values/text.hpp"

#include <hearth/error.hpp>

#include <cstdint>
#include <string_view>

namespace hearth::values {

/// Throws hearth::error (errc::invalid_option) with the parts, one behind the other.
template <class... Parts>
[[noreturn]] void refuse(const Parts&... parts) {
    throw error(errc::invalid_option, concat(parts...));
}

inline void check_count(std::string_view name, std::uint64_t value, std::uint64_t least, std::uint64_t most) {
    if (value < least || value > most) refuse(name, " is ", value, "; allowed: ", least, " to ", most);
}

}  // namespace hearth::values
