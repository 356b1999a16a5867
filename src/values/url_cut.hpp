// A URL in two steps, for those who have seen its first part before.
#pragma once

#include <cstddef>
#include <string_view>

namespace hearth::values {

/// A URL cut where its authority ends.
struct url_cut {
    bool tls = false;
    std::size_t authority = 0;  ///< where that begins, behind "https://"
    std::size_t end = 0;        ///< where path, query or fragment begin
};

/// Checks size and scheme, nothing else. Throws as url::parse does.
[[nodiscard]] url_cut cut_url(std::string_view text);
/// The path and query that begin at `from`, which may be empty, or a query alone: checked, without the fragment. Throws as
/// url::parse does.
[[nodiscard]] std::string_view checked_target(std::string_view text, std::size_t from);

}  // namespace hearth::values
