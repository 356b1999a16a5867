// What `hearth load` tells people: the line while it runs, and the report at its end.
#pragma once

#include "cli_common.hpp"
#include "load_result.hpp"
#include "load_run.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace hearth::cli {

[[nodiscard]] std::string progress_text(const load_progress& p, const load_plan& plan);

/// "GET http://localhost/, 50 at a time, for 10 s": what is about to be done.
[[nodiscard]] std::string introduction(const load_plan& plan);

[[nodiscard]] std::string as_text(const load_result& r, const painter& paint);

/// The limits of a histogram's rows, in ns: round numbers from under the smallest value to over the largest, about as many
/// as fit a screen.
[[nodiscard]] std::vector<std::uint64_t> histogram_rows(std::uint64_t min, std::uint64_t max);

/// Whether every request was answered, and none with a status over 399.
[[nodiscard]] bool all_went_well(const load_result& r) noexcept;

}  // namespace hearth::cli
