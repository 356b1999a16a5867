// The few threads of the process that wait for names.
#pragma once

#include <functional>

namespace hearth::net {

/// Runs `job` on one of at most four threads, which are started on demand and end when they have been idle for a while.
/// False when too many jobs wait already or no thread can be had; `job` is then not run. A job that throws is dropped. Jobs
/// that wait when the process exits are not run. Thread-safe.
[[nodiscard]] bool run_on_lookup_thread(std::function<void()> job);

}  // namespace hearth::net
