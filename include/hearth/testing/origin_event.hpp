// What the faulty origin tells as it happens.
#pragma once

#include <hearth/testing/fault.hpp>

#include <chrono>
#include <cstdint>
#include <string_view>

namespace hearth::testing {

enum class origin_event_kind : std::uint8_t {
    connected,  ///< a connection was accepted
    executed,   ///< a request was executed
    deaf,       ///< from now on, what the client sends is lost: a fault in flight has set out
    fault,      ///< a fault has happened, with a request or without
    closed,     ///< a connection has ended, whoever ended it
    restarted,  ///< the whole origin
};

/// Its texts are gone when the hook returns.
struct origin_event {
    origin_event_kind kind = origin_event_kind::connected;
    std::chrono::steady_clock::time_point at{};
    std::uint64_t connection = 0;        ///< 1 for the first one accepted; 0: none
    std::string_view peer{};             ///< the client, "127.0.0.1:50123"; empty on a unix socket
    fault_kind what = fault_kind::none;  ///< of deaf and fault
    bool caught = false;                 ///< of a fault in flight: a request ran into it
    std::string_view method{};           ///< the request's, where there is one
    std::string_view target{};
    std::string_view request_id{};  ///< its x-request-id
};

/// "connected".
[[nodiscard]] std::string_view to_string(origin_event_kind kind) noexcept;

}  // namespace hearth::testing
