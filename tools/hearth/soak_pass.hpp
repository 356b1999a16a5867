// One pass of the soak: many callers, each sending bursts of GETs and POSTs with pauses between them, through agents of
// one configuration.
#pragma once

#include "soak_gaps.hpp"

#include <hearth/error.hpp>
#include <hearth/monitor.hpp>
#include <hearth/options.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace hearth::cli {

struct pass_options {
    std::string url;
    agent_options agent{};
    std::uint64_t requests = 0;
    /// Requests at a time: so many callers, each with an agent of its own and up to `burst` requests at once.
    std::uint64_t callers = 1;
    std::uint64_t burst = 1;
    /// POSTs among the requests; the others are GETs.
    double post_share = 0.5;
    /// Begins every request's x-request-id, which is unique when this is.
    std::string name = "soak";
    /// When the server closes idle connections: the pauses lie around it.
    closing_times closing{};
    std::uint64_t seed = 1;
    /// No new request after so long.
    std::chrono::milliseconds duration{60'000};
    /// Shows the callers' agents under this name, when there is one.
    monitor* watched_by = nullptr;
    std::string shown_as{};
};

/// What only the server can know.
struct server_facts {
    std::uint64_t executed_twice = 0;    ///< POSTs
    std::uint64_t repeated_safely = 0;   ///< executions of GETs that had been executed before
    std::uint64_t caught_in_flight = 0;  ///< requests that met a close on its way
};

struct pass_result {
    std::uint64_t requests = 0;                     ///< answered, failed or maybe executed
    std::uint64_t failed = 0;                       ///< what may have been executed is not counted here
    std::uint64_t maybe_executed = 0;               ///< may_have_been_executed()
    std::map<std::string, std::uint64_t> errors{};  ///< failed, by the error's name
    std::uint64_t statuses = 0;                     ///< answered, with a status over 399
    std::uint64_t connections = 0;
    std::uint64_t noticed = 0;  ///< connections found closed by the server before a request was written to them
    std::uint64_t replays = 0;
    std::array<std::uint64_t, evidence_count> replays_by_evidence{};
    std::uint64_t retries = 0;
    std::optional<server_facts> facts{};  ///< of the server built in
    /// From sending to the body's end, of those that were answered; sorted.
    std::vector<std::chrono::microseconds> latencies{};
    bool interrupted = false;

    /// The latency that `share` (0 to 1) of the answered requests did not exceed; 0 when none was.
    [[nodiscard]] std::chrono::microseconds latency(double share) const;
};

/// Whether this is a failure that no client can mend: the connection was lost with a POST that the server may have executed.
/// One that gave up by its own deadline is not excused so.
[[nodiscard]] bool may_have_been_executed(const failure& f) noexcept;

/// Runs a pass to its end, its time's end, or its interruption. `go_on` is asked about ten times a second.
[[nodiscard]] pass_result run_pass(const pass_options& options, const std::function<bool(const pass_result&)>& go_on);

}  // namespace hearth::cli
