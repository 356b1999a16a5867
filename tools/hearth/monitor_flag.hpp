// --monitor ADDRESS: what verbs that keep a pool show of it.
#pragma once

#include <hearth/monitor.hpp>

#include <memory>
#include <string>

namespace CLI {
class App;
}

namespace hearth::cli {

/// Declares --monitor on the verb.
void declare_monitor(CLI::App& verb, std::string& address);

/// Listens, and says on stderr where to look; null when no address was given. The token is in the environment, where neither
/// other users nor the shell's history see it: HEARTH_MONITOR_TOKEN. Throws usage_error; hearth::error when it cannot
/// listen.
[[nodiscard]] std::unique_ptr<monitor> open_monitor(const std::string& address);
/// Another one in its place, which knows nothing of what it watched. Its viewers come back by themselves.
[[nodiscard]] std::unique_ptr<monitor> open_again(std::unique_ptr<monitor> m);

}  // namespace hearth::cli
