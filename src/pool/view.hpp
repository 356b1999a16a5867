// What a pool tells of its connections.
#pragma once

#include "pool/records.hpp"
#include "pool/types.hpp"

#include <cstddef>

namespace hearth::pool {

/// One connection, now.
struct connection_view {
    conn_id id = conn_id::none;
    origin_id origin = origin_id::none;
    pool::state state = state::idle;
    bool canary = false;      ///< idle, and retired already: kept to see how long its server keeps it
    nanoseconds in_state{0};  ///< how long it has been connecting, in use, idle
    nanoseconds limit{0};     ///< idle: when it has been so for this long it retires; 0 for never
    nanoseconds age{0};       ///< since it was opened; 0 while connecting
};

/// How many connections a view shows at most.
struct view_limits {
    std::size_t all = 4'096;
    std::size_t an_origin = 64;
};

}  // namespace hearth::pool
