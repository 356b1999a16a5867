// What `hearth top` draws, as text: no terminal, no clock, no network.
#pragma once

#include "top_frame.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace hearth::cli {

enum class top_sort : std::uint8_t { busiest, name, caught, failed, pending };
inline constexpr std::size_t top_sort_count = 5;

/// The newest frame, and what follows from those before it.
class top_model {
public:
    void take(top_frame f);
    /// The next frame is not compared with the last: time has passed unseen.
    void lose() noexcept { lost_ = true; }

    [[nodiscard]] const std::optional<top_frame>& frame() const noexcept { return frame_; }
    /// Requests a second, of all origins, oldest first.
    [[nodiscard]] const std::deque<double>& rates() const noexcept { return rates_; }
    /// Nothing for an origin that the frame before did not have: one frame cannot know it.
    [[nodiscard]] std::optional<double> rate(const top_origin& o) const;
    /// Oldest first.
    [[nodiscard]] const std::deque<top_event>& events() const noexcept { return events_; }

private:
    std::optional<top_frame> frame_;
    bool lost_ = false;
    std::deque<double> rates_;
    std::map<std::string, double> origin_rates_;
    std::deque<top_event> events_;
    std::map<std::string, std::uint64_t> told_;  // by agent: the last event's number
};

/// What the person at the keyboard has chosen.
struct top_choices {
    top_sort sort = top_sort::busiest;
    std::string filter{};
    bool typing = false;  ///< the filter
    std::size_t scroll = 0;
    bool paused = false;
    bool help = false;
};

struct top_paper {
    std::size_t width = 100;
    std::size_t height = 0;  ///< 0: as much as there is
    bool color = false;
    bool unicode = true;  ///< tiles and bars of block elements; else of ASCII
};

/// A key, by the bytes that a terminal sends, and what it does. False for one that ends `hearth top`. Takes it from `keys`.
[[nodiscard]] bool press(std::string& keys, top_choices& choices, std::size_t page);

/// Lines without their ends, none wider than the paper; `link` says how the monitor is. `choices.scroll` is brought in
/// range.
[[nodiscard]] std::vector<std::string> draw_top(const top_model& m, top_choices& choices, const std::string& link,
                                                const top_paper& paper);

}  // namespace hearth::cli
