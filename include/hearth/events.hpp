// Hooks: what an agent tells as it happens.
#pragma once

#include <hearth/error.hpp>
#include <hearth/stats.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <string_view>

namespace hearth {

/// Something happened to a connection.
struct connection_event {
    enum class kind : std::uint8_t { connecting, opened, reused, idle, closed };
    enum kind kind = kind::opened;
    std::uint64_t connection = 0;      ///< unique within its agent
    std::string_view origin{};         ///< valid during the call
    close_reason reason{};             ///< closed only
    std::chrono::nanoseconds idle{0};  ///< reused, closed: how long it had been idle
};

/// Something happened to a request.
struct request_event {
    enum class kind : std::uint8_t { started, replayed, retrying, responded, failed };
    enum kind kind = kind::started;
    std::uint64_t request = 0;                   ///< unique within its agent
    std::string_view origin{};                   ///< valid during the call
    std::string_view method{};                   ///< valid during the call
    std::uint64_t connection = 0;                ///< replayed, responded: the connection it was on
    hearth::evidence evidence = evidence::none;  ///< replayed: why that was safe
    std::chrono::nanoseconds delay{0};           ///< retrying: how long it waits
    int status = 0;                              ///< responded
    const failure* why = nullptr;                ///< retrying, failed; valid during the call
};

/// Called on the agent's executor (a client says which of its threads), between its steps. They must be quick and must not
/// throw (an exception ends the process); they may call the agent. What an agent's destruction ends is told after it, as the
/// executor goes on: what hooks refer to must still be there then.
struct event_hooks {
    std::function<void(const connection_event&)> on_connection{};
    std::function<void(const request_event&)> on_request{};
};

}  // namespace hearth
