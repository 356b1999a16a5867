// What is a character, in bytes that may or may not be UTF-8.
#pragma once

#include <cstddef>
#include <string_view>

namespace hearth::values {

/// The length of the UTF-8 sequence at the beginning of `text`, which is not empty; 0 when it is none (RFC 3629).
[[nodiscard]] std::size_t utf8_size(std::string_view text) noexcept;

}  // namespace hearth::values
