// One run of `hearth load`: so many requests at a time through one agent, on one thread.
#pragma once

#include "load_result.hpp"

#include <hearth/monitor.hpp>
#include <hearth/options.hpp>
#include <hearth/request.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <vector>

namespace hearth::cli {

struct load_plan {
    std::vector<request> requests;  ///< sent in turn, over and over; at least one
    agent_options agent{};
    std::size_t concurrency = 1;
    /// Ends after so many requests.
    std::uint64_t count = std::numeric_limits<std::uint64_t>::max();
    [[nodiscard]] bool has_count() const noexcept { return count != std::numeric_limits<std::uint64_t>::max(); }
    /// Begins no request after so long. Those under way then have load_grace to end.
    std::optional<std::chrono::milliseconds> duration{};
    /// Requests a second, due whatever the server does; nothing: each when the one before it is answered.
    std::optional<double> rate{};
    /// Comes before the rest, and is not counted.
    std::chrono::milliseconds warm_up{0};
    /// Between an answer and the next request.
    std::chrono::milliseconds idle_gap{0};
    /// Shows the agent, when there is one.
    monitor* watched_by = nullptr;
};

inline constexpr std::chrono::seconds load_grace{5};

/// A run as it goes.
struct load_progress {
    const load_result& so_far;
    std::chrono::nanoseconds elapsed;  ///< since the begin of what counts; negative while warming up
    std::size_t in_flight;
};

/// Runs it to its end, or its interruption. `go_on` is asked about ten times a second.
[[nodiscard]] load_result run_load(const load_plan& plan, const std::function<bool(const load_progress&)>& go_on);

}  // namespace hearth::cli
