// What a monitor knows at a moment: all agents' reports in one.
#pragma once

#include "agent/watch.hpp"

#include <hearth/log.hpp>
#include <hearth/stats.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace hearth::detail {

/// An event, and who told it.
struct told_event {
    std::string agent{};
    std::uint64_t sequence = 0;  ///< the monitor's own: a client's loops each count for themselves
    log_event event{};
};

struct agent_view {
    std::string name{};
    std::size_t loops = 1;
    bool alive = true;
    std::size_t retrying = 0;
    std::size_t budget_taken = 0;
    std::size_t budget_size = 0;
};

struct snapshot {
    std::uint64_t sequence = 0;
    std::chrono::system_clock::time_point time{};
    std::chrono::system_clock::time_point started{};
    std::chrono::milliseconds interval{0};
    std::vector<agent_view> agents{};
    hearth::stats stats{};  ///< of all agents together, the counts of those that ended included
    std::map<std::string, std::vector<connection_view>> connections{};
    std::vector<told_event> news{};    ///< events since the snapshot before this one, oldest first
    std::vector<told_event> recent{};  ///< the last of all events, oldest first; news included
    std::uint64_t events_lost = 0;     ///< since the snapshot before this one: too many came for an agent to keep
};

/// The agents' last reports, and what ended agents leave behind. Pure: knows no clock and no thread.
class gathering {
public:
    /// An agent's part: an agent is one, a client one for each of its loops.
    using part_id = std::uint64_t;

    /// `max_origins` bounds what is kept of ended agents' origins.
    explicit gathering(std::size_t max_origins) : max_origins_(max_origins) {}

    /// Gives the parts' ids. The name is made distinct where another agent has it.
    [[nodiscard]] std::vector<part_id> add(const std::string& name, std::size_t parts);
    /// The number of the last event that the part told.
    [[nodiscard]] std::uint64_t last_event(part_id id) const;
    /// A part's report takes the place of the one before.
    void take(part_id id, watch_report report);
    /// The part is no more: its counts stay, its connections and requests are gone.
    void end(part_id id);
    /// All of it, but for the times. Events are news once.
    [[nodiscard]] snapshot look();

private:
    struct part {
        watch_report last{};
        bool ended = false;
        bool told = false;
        std::uint64_t last_event = 0;
    };
    struct member {
        std::string name{};
        std::map<part_id, part> parts{};
        [[nodiscard]] bool alive() const;
    };

    [[nodiscard]] bool is_taken(const std::string& name) const;
    [[nodiscard]] member* member_of(part_id id);
    void take_events(const member& m, part& p, std::vector<log_event> events);
    void forget_quiet_origins();
    void forget_old_names();

    std::size_t max_origins_;
    std::vector<member> members_{};  // in the order in which they came
    part_id next_ = 1;
    hearth::stats ended_{};  // counts of parts that are no more
    std::vector<told_event> news_{};
    std::vector<told_event> recent_{};
    std::uint64_t told_ = 0;
    std::uint64_t lost_ = 0;
};

}  // namespace hearth::detail
