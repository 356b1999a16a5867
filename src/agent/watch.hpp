// How an agent is looked at from another thread.
#pragma once

#include <hearth/log.hpp>
#include <hearth/stats.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace hearth {

class agent;
class client;

namespace detail {

/// One connection of an agent, now.
struct connection_view {
    enum class state : std::uint8_t { connecting, in_use, idle, canary };
    std::uint64_t number = 0;  ///< as in connection_event
    enum state state = state::idle;
    std::chrono::nanoseconds in_state{0};  ///< how long it has been in this state
    std::chrono::nanoseconds limit{0};     ///< idle: retires after so long in it; 0 for no limit
    std::chrono::nanoseconds age{0};       ///< since it was opened; 0 while connecting
    std::uint64_t requests = 0;            ///< exchanges begun on it
};

struct watch_query {
    std::uint64_t events_after = 0;              ///< log events with a higher sequence number
    std::size_t connections_max = 4'096;         ///< connection views in all
    std::size_t connections_an_origin_max = 64;  ///< and of one origin: those that are most in use
};

struct watch_report {
    hearth::stats stats{};
    std::map<std::string, std::vector<connection_view>> connections{};  ///< by the name that the origin has in stats
    std::vector<log_event> events{};  ///< oldest first; a gap in their numbers: some were lost
};

/// One agent, seen from other threads. Does not keep it alive.
class watched {
public:
    watched() = default;
    virtual ~watched() = default;
    watched(const watched&) = delete;
    watched& operator=(const watched&) = delete;

    /// Asks for a report. `done` is called once, between the agent's steps, on whichever thread runs it; never when the
    /// agent ends before (it is destroyed then, so that what it holds can tell). False, and `done` is dropped, when the
    /// agent has ended. Any thread.
    [[nodiscard]] virtual bool ask(const watch_query& q, std::function<void(watch_report)> done) = 0;
};

/// REQUIRES: on the agent's executor, or before it runs.
[[nodiscard]] std::shared_ptr<watched> watch_agent(hearth::agent& a);
/// One for each of the client's loops. Any thread.
[[nodiscard]] std::vector<std::shared_ptr<watched>> watch_client(hearth::client& c);

}  // namespace detail
}  // namespace hearth
