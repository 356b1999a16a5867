// The results of `hearth load` as a page to look at: one file that needs nothing else.
#pragma once

#include "load_result.hpp"

#include <string>

namespace hearth::cli {

/// The page, with the result in it as to_json tells it.
[[nodiscard]] std::string to_html(const load_result& r);

// From load_page/, by CMake. {{title}}, {{style}}, {{script}} and {{data}} stand for what goes there.
extern const char* const load_page;
extern const char* const load_page_style;
extern const char* const load_page_script;

}  // namespace hearth::cli
