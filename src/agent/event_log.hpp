// What is told one by one: kept for a while for whoever looks, and written where there is a log.
#pragma once

#include <hearth/log.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace hearth::detail {

/// The latest log events of an agent. Each kind may come max_per_second times a second, and so many at once; what is over is
/// counted before anything is made of it.
class event_log {
public:
    using nanoseconds = std::chrono::nanoseconds;
    static constexpr std::size_t kept_max = 256;

    explicit event_log(const log_options& options) : options_(options) {}

    /// An event to fill in and give to add(), or nothing when there were too many of them. `now` is the mono clock.
    [[nodiscard]] std::optional<log_event> begin(enum log_event::kind kind, log_level level, nanoseconds now);
    /// Keeps it, dropping the oldest if need be. The line to be written, if one is.
    [[nodiscard]] std::optional<std::string> add(log_event e);

    /// Those with a higher number than `number`, oldest first.
    [[nodiscard]] std::vector<log_event> after(std::uint64_t number) const;

private:
    // Full at first.
    struct bucket {
        double tokens = -1;
        nanoseconds filled{0};
        std::uint64_t left_out = 0;
    };
    static constexpr std::size_t level_count = 5;

    const log_options& options_;
    // By level too: what is serious is not crowded out by what is not.
    std::array<std::array<bucket, level_count>, log_event_kind_count> buckets_{};
    std::vector<log_event> kept_;  // a ring once it is full: the oldest at last_ % kept_max
    std::uint64_t last_ = 0;       // number given
};

}  // namespace hearth::detail
