// Which Hearth this is.
#pragma once

#include <string_view>

namespace hearth {

/// The library's version, "1.2.3" (semver.org), as it was compiled: not necessarily that of the headers included.
[[nodiscard]] std::string_view version() noexcept;

}  // namespace hearth
