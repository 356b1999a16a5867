// What a monitor tells: its event stream, cut into frames, and a frame as values.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace hearth::cli {

/// Cuts a stream of server-sent events into the data of each. What is not data is passed over.
class event_reader {
public:
    /// A monitor shows 50,000 origins at most, with up to 4,096 connections.
    static constexpr std::size_t event_max = 64 * 1024 * 1024;

    /// Calls `on_data` for each event that ends in `bytes`. Throws std::runtime_error for one that does not end in event_max
    /// bytes.
    void push(std::string_view bytes, const std::function<void(std::string_view data)>& on_data);

private:
    void take_line(const std::function<void(std::string_view data)>& on_data);

    std::string line_;
    std::string data_;
    bool has_data_ = false;
};

enum class tile_state : std::uint8_t { connecting, in_use, idle, canary };

struct top_tile {
    std::uint64_t number = 0;
    tile_state state = tile_state::idle;
    double spent = 0;  ///< idle: its age against its limit, 0 to 1; 0 where there is no limit
};

/// All texts are printable ASCII: what the peer wrote otherwise is escaped.
struct top_origin {
    std::string name;
    std::uint64_t pending = 0;
    std::uint64_t in_use = 0;
    std::uint64_t free = 0;
    std::uint64_t connecting = 0;
    std::uint64_t requests = 0;
    std::uint64_t failed = 0;
    std::uint64_t caught = 0;
    std::vector<top_tile> tiles;  ///< by number
    std::uint64_t tiles_left_out = 0;
};

struct top_event {
    std::string agent;
    std::uint64_t sequence = 0;
    std::chrono::system_clock::time_point time{};
    std::string level;
    std::string event;
    std::string origin;
    std::string says;
};

/// Stale connections caught by a line of defence.
struct top_defence {
    const char* name;
    std::uint64_t caught = 0;
};

struct top_frame {
    std::string version;
    std::string agents;  ///< the name of one, or how many
    std::chrono::system_clock::time_point time{};
    std::chrono::system_clock::time_point started{};
    std::chrono::duration<double> interval{1};
    std::vector<top_defence> lines;
    top_origin totals;  ///< without name and tiles
    std::uint64_t stale_seen = 0;
    std::uint64_t budget_taken = 0;
    std::uint64_t budget_size = 0;
    std::vector<top_origin> origins;
    std::uint64_t origins_left_out = 0;
    std::vector<top_event> events;  ///< oldest first
};

/// Throws std::runtime_error when that is no frame of a monitor.
[[nodiscard]] top_frame parse_frame(std::string_view json);

/// Printable ASCII: control characters become \xNN, each other character beyond ASCII a '?'. Nothing that comes from
/// elsewhere can move the cursor, change a title or hide text, and every character takes one column.
[[nodiscard]] std::string terminal_text(std::string_view text);

}  // namespace hearth::cli
