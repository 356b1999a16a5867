// What a run of `hearth load` found: a plain value that merges with those of other machines.
#pragma once

#include "load_histogram.hpp"
#include "load_series.hpp"

#include <hearth/error.hpp>
#include <hearth/stats.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace hearth::cli {

/// Failures that are counted together. Names, so that results of other versions can be merged.
struct load_error_kind {
    std::string code;
    std::string phase;
    std::string evidence;

    friend bool operator<(const load_error_kind& a, const load_error_kind& b) {
        return std::tie(a.code, a.phase, a.evidence) < std::tie(b.code, b.phase, b.evidence);
    }
};

struct load_error {
    std::uint64_t count = 0;
    std::string message;  ///< of the first
};

struct load_result {
    std::vector<std::string> urls;  ///< without credentials and queries
    std::string method;
    std::int64_t started_ms = 0;  ///< since 1970, by the system's clock
    std::uint64_t machines = 1;   ///< runs that were merged into this one
    std::uint64_t concurrency = 0;
    std::optional<double> target_rate;  ///< requests a second; nothing: as fast as answers come
    std::chrono::nanoseconds duration{0};
    bool interrupted = false;

    std::uint64_t answered = 0;    ///< whole responses, whatever their status
    std::uint64_t failed = 0;      ///< requests that got none
    std::uint64_t unfinished = 0;  ///< under way when the run gave them up
    std::uint64_t unsent = 0;      ///< due by the rate, and not begun before the end
    /// By status; those over 999 cannot be.
    std::array<std::uint64_t, 1000> statuses{};
    std::map<load_error_kind, load_error> errors;
    std::uint64_t bytes_received = 0;  ///< of bodies
    std::uint64_t bytes_sent = 0;      ///< of bodies, of the requests answered

    latency_histogram latency{};                      ///< from the intended begin to the body's end
    std::optional<latency_histogram> service_time{};  ///< with a rate: from the actual begin
    load_series series;

    std::uint64_t opened = 0;
    std::uint64_t reused = 0;
    std::uint64_t replays = 0;
    std::uint64_t retries = 0;
    std::map<std::string, std::uint64_t> closed;               ///< by close_reason's name
    std::map<std::string, std::uint64_t> replays_by_evidence;  ///< by evidence's name

    std::chrono::nanoseconds cpu_user{0};
    std::chrono::nanoseconds cpu_system{0};
    double cpu_share = 0;  ///< of one core, of the busiest machine

    [[nodiscard]] std::uint64_t requests() const noexcept { return answered + failed; }
    /// Answers a second.
    [[nodiscard]] double rate() const noexcept;
    [[nodiscard]] std::uint64_t statuses_from_to(int first, int last) const noexcept;
    [[nodiscard]] std::uint64_t bad_statuses() const noexcept { return statuses_from_to(400, 999); }
    [[nodiscard]] std::uint64_t closed_for(close_reason why) const;
    /// Idle connections that retired before their server would have closed them: the first line of defence.
    [[nodiscard]] std::uint64_t left_in_time() const;
    /// Idle connections that were seen to end: the second.
    [[nodiscard]] std::uint64_t stale_while_idle() const;
    /// CPU time a request, of the generator.
    [[nodiscard]] std::chrono::nanoseconds cpu_per_request() const noexcept;
    /// Whether the generator, rather than the server, may be what limited the rate.
    [[nodiscard]] bool generator_bound() const noexcept { return cpu_share >= 0.9; }

    void add_failure(const failure& f);
    /// Takes over what a pool counted meanwhile.
    void take_counters(const counters& before, const counters& after);
    /// Adds another machine's run, made at the same time.
    void merge(const load_result& other);
};

/// What a report says of latencies, in ms.
struct load_percentile {
    const char* name;  ///< in JSON
    const char* label;
    double share;
};
inline constexpr std::array load_percentiles{
    load_percentile{"p50", "p50", 0.5},  load_percentile{"p75", "p75", 0.75}, load_percentile{"p90", "p90", 0.9},
    load_percentile{"p95", "p95", 0.95}, load_percentile{"p99", "p99", 0.99}, load_percentile{"p99_9", "p99.9", 0.999},
};

}  // namespace hearth::cli
