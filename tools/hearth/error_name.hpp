// Errors' names for machines.
#pragma once

#include <boost/system/error_code.hpp>

#include <string>

namespace hearth::cli {

/// The enumerator's own name for one of Hearth's codes ("connection_reset"), "CATEGORY_VALUE" for any other. Stable: JSON
/// output uses it.
[[nodiscard]] std::string error_name(const boost::system::error_code& code);

}  // namespace hearth::cli
