// Dates in HTTP fields (RFC 9110, 5.6.7).
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace hearth::policy {

/// Parses "Sun, 06 Nov 1994 08:49:37 GMT" and the two obsolete forms, "Sunday, 06-Nov-94 08:49:37 GMT" and
/// "Sun Nov  6 08:49:37 1994". `now` places a year of two digits: at most 50 years ahead. Nothing when it is none of them.
/// The weekday must be a weekday's name, and need not be the right one.
[[nodiscard]] std::optional<std::chrono::sys_seconds> parse_http_date(std::string_view text, std::chrono::sys_seconds now);

}  // namespace hearth::policy
