// Bytes that may or may not be UTF-8, on their way into JSON.
#pragma once

#include <string>
#include <string_view>

namespace hearth::cli {

/// Whether it is UTF-8 without NUL.
[[nodiscard]] bool is_text(std::string_view bytes) noexcept;

/// JSON is UTF-8 (RFC 8259, 8.1), what peers send need not be: U+FFFD stands for a byte that is not.
[[nodiscard]] std::string to_utf8(std::string_view bytes);

}  // namespace hearth::cli
