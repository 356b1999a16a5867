// --log and --log-format, for verbs that send requests.
#pragma once

#include <hearth/log.hpp>

namespace CLI {
class App;
}

namespace hearth::cli {

/// Declares them on the verb; they are filled when the command line is parsed. Lines go to standard error, around a progress
/// line that is shown there.
void declare_log(CLI::App& verb, log_options& log);

}  // namespace hearth::cli
