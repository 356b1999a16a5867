// How the verbs say what they take from the command line. Apart from cli_common.hpp, since CLI11 costs seconds to compile.
#pragma once

#include "cli_common.hpp"

#include <CLI/CLI.hpp>

#include <chrono>
#include <functional>
#include <optional>

namespace hearth::cli {

/// What to do once the whole command line has been understood; gives the exit status.
using action = std::function<int()>;

// Each verb adds its subcommand, and sets `chosen` when the user asked for it. The footer of a subcommand holds its
// examples: `hearth help VERB` prints the same as `hearth VERB --help`.
void add_soak(CLI::App& app, action& chosen);
void add_get(CLI::App& app, action& chosen);
void add_origin(CLI::App& app, action& chosen);
void add_load(CLI::App& app, action& chosen);
void add_top(CLI::App& app, action& chosen);

/// A CLI11 check for http and https URLs; names what is wrong with others.
[[nodiscard]] CLI::Validator is_url();

/// An option that takes a duration.
CLI::Option* add_duration(CLI::App& verb, const char* name, std::chrono::milliseconds& target, const char* help);
CLI::Option* add_duration(CLI::App& verb, const char* name, std::optional<std::chrono::milliseconds>& target,
                          const char* help);

}  // namespace hearth::cli
