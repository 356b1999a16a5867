// What `hearth load` was asked to do.
#pragma once

#include "load_run.hpp"
#include "send_flags.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace hearth::cli {

struct load_options : send_flags {
    std::vector<std::string> arguments;  ///< URLs, or files to merge
    bool merge = false;

    std::size_t concurrency = 50;
    std::optional<std::uint64_t> requests;
    std::optional<std::chrono::milliseconds> duration;
    std::optional<double> rate;
    std::chrono::milliseconds warm_up{0};
    std::chrono::milliseconds idle_gap{0};

    bool json = false;
    std::string html;  ///< file to write a report to
    bool no_progress = false;
};

/// Declares the options on the verb. They are filled when the command line is parsed.
void declare(CLI::App& verb, load_options& options);

/// Refuses what cannot work together. Throws usage_error.
void check(const load_options& options);

/// What to run. Reads the body where it is in a file. Throws usage_error; std::system_error when it cannot be read.
[[nodiscard]] load_plan make_plan(const load_options& options);

}  // namespace hearth::cli
