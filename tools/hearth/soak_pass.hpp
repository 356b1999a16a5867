// One pass of the soak: many callers, each sending bursts of GETs with pauses between them, through agents of one
// configuration.
#pragma once

#include <hearth/options.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
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
    /// The server's idle timeout, around which the pauses lie.
    std::chrono::milliseconds idle{5'000};
    std::uint64_t seed = 1;
    /// No new request after so long.
    std::chrono::milliseconds duration{60'000};
};

struct pass_result {
    std::uint64_t requests = 0;  ///< answered or failed
    std::uint64_t failed = 0;
    std::map<std::string, std::uint64_t> errors{};  ///< failed, by the error's name
    std::uint64_t statuses = 0;                     ///< answered, with a status over 399
    std::uint64_t connections = 0;
    std::uint64_t noticed = 0;  ///< connections found closed by the server before a request was written to them
    std::uint64_t replays = 0;
    std::uint64_t retries = 0;
    /// From sending to the body's end, of those that were answered; sorted.
    std::vector<std::chrono::microseconds> latencies{};
    bool interrupted = false;

    /// The latency that `share` (0 to 1) of the answered requests did not exceed; 0 when none was.
    [[nodiscard]] std::chrono::microseconds latency(double share) const;
};

/// Runs a pass to its end, its time's end, or its interruption. `go_on` is asked about ten times a second.
[[nodiscard]] pass_result run_pass(const pass_options& options, const std::function<bool(const pass_result&)>& go_on);

}  // namespace hearth::cli
