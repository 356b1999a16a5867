// What happened when: a run cut into slots of equal length, in bounded memory.
#pragma once

#include "load_histogram.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace hearth::cli {

/// A piece of a run.
struct load_slot {
    slot_histogram latency{};       ///< of the requests answered in it
    std::uint64_t failed = 0;       ///< requests that failed in it
    std::uint64_t statuses = 0;     ///< answers with a status over 399 in it
    std::uint32_t connections = 0;  ///< open, the most that were seen
    std::uint32_t in_flight = 0;    ///< requests, the most that were seen
    std::uint64_t opened = 0;       ///< connections opened in it
    std::uint64_t sent_again = 0;   ///< replays and retries in it

    void merge_later(const load_slot& other) noexcept;
};

/// Slots begin with a width of 100 ms. When a run outgrows slots_max of them, each two become one and the width doubles.
class load_series {
public:
    static constexpr std::size_t slots_max = 600;
    static constexpr std::chrono::milliseconds first_width{100};

    load_series();

    /// The slot for what happens `at` after the run's begin; a little earlier counts as its begin. Never allocates.
    [[nodiscard]] load_slot& at(std::chrono::nanoseconds at);
    [[nodiscard]] std::chrono::milliseconds width() const noexcept { return width_; }
    [[nodiscard]] const std::vector<load_slot>& slots() const noexcept { return slots_; }

    /// Adds another run's, both taken to have begun at the same time. Connections and requests in flight add up.
    void merge(const load_series& other);
    /// Whether `width` is first_width times a power of two.
    [[nodiscard]] static bool is_width(std::chrono::milliseconds width) noexcept;
    /// Doubles the width until it is at least `width`.
    void widen_to(std::chrono::milliseconds width);

private:
    void halve();

    std::chrono::milliseconds width_ = first_width;
    std::vector<load_slot> slots_;
};

}  // namespace hearth::cli
