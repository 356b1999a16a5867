// The results of `hearth load` as JSON, and back: docs/load.md describes it.
#pragma once

#include "load_result.hpp"

#include <string>
#include <string_view>

namespace hearth::cli {

/// One object on one line, without the line's end.
[[nodiscard]] std::string to_json(const load_result& r);

/// The result that to_json told, for merging: what the histograms and slots cannot tell apart stays so. Throws
/// std::runtime_error with a sentence on what is wrong.
[[nodiscard]] load_result load_result_from_json(std::string_view text);

}  // namespace hearth::cli
