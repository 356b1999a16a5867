// What the pool knows of each connection and each origin.
#pragma once

#include "pool/slots.hpp"
#include "pool/types.hpp"
#include "pool/waiting_line.hpp"

#include <cstdint>
#include <limits>

namespace hearth::pool {

inline constexpr std::uint64_t unlimited = std::numeric_limits<std::uint64_t>::max();

enum class state : std::uint8_t { connecting, active, idle };

/// A connection. The first cache line is all that taking it from the idle list and putting it back need.
struct alignas(64) connection {
    conn_id id = conn_id::none;
    slot origin = nil;
    pool::state state = state::connecting;
    bool used = false;                              ///< carried a request or idled
    bool canary = false;                            ///< idle: retired, kept to see how long its server keeps it
    close_reason idle_reason = close_reason::idle;  ///< idle: what its retirement at expires_at is called
    links in_idle{};                                ///< its origin's idle connections
    links in_coldness{};                            ///< all idle connections
    nanoseconds idle_since{0};                      ///< idle: since when, on the boot clock
    nanoseconds expires_at = never;                 ///< idle: when it retires, on the boot clock
    nanoseconds armed_for = never;                  ///< the key it has in the heap of expiries, if it is in
    slot expiry = nil;                              ///< its place there

    request_id request = request_id::none;  ///< active: whose it is; connecting: for whom it was dialled
    needs wants{};                          ///< active: that request's, should it come back
    nanoseconds retires_at = never;         ///< its greatest age, on the boot clock
    std::uint64_t requests_left = unlimited;
    nanoseconds busy_since{0};  ///< active, connecting: since when, on the boot clock
    nanoseconds opened_at{0};   ///< the same clock
};

/// An origin. Its first cache line, too, is all that an exchange on an idle connection needs.
struct alignas(64) origin {
    origin_id id = origin_id::none;
    list<connection, &connection::in_idle> idle;  ///< coldest first
    std::uint32_t conns = 0;                      ///< connecting, active and idle
    std::uint32_t uncovered = 0;                  ///< waiters without a dial, as last added to the machine's total
    bool keep_warm = false;  ///< min_free_sockets applies: used, and no dial failed and no idle connection was lost since
    bool unused = false;     ///< in the list of unused origins
    bool has_canary = false;
    waiting_line line;
    slot wanting = nil;  ///< its place among the origins that want a dial
    links in_unused{};
    nanoseconds last_use{0};         ///< the last acquire(), on the boot clock
    nanoseconds unused_since{0};     ///< unused: since when, on the boot clock
    nanoseconds canary_age = never;  ///< how long a canary is kept, from its last use on; never: none is
};

}  // namespace hearth::pool
