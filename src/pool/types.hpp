// The words the pool and its shell exchange.
#pragma once

#include <hearth/error.hpp>
#include <hearth/options.hpp>
#include <hearth/stats.hpp>

#include <chrono>
#include <cstdint>
#include <limits>

namespace hearth::pool {

using std::chrono::nanoseconds;

/// Ids are never reused. Zero is nobody.
enum class request_id : std::uint64_t { none = 0 };
enum class conn_id : std::uint64_t { none = 0 };
enum class origin_id : std::uint64_t { none = 0 };

inline constexpr nanoseconds never = nanoseconds::max();

/// A moment, on two clocks: `mono` stands still while the machine sleeps (timeouts), `boot` does not (idle ages).
struct instant {
    nanoseconds mono{0};
    nanoseconds boot{0};
};

/// What a request asks of its connection.
struct needs {
    bool fresh = false;                    ///< only a connection that was never used and did not idle
    nanoseconds max_idle_age = never;      ///< only a connection idle for at most this (its safe age), else a fresh one
    nanoseconds pending_deadline = never;  ///< on the mono clock: fails with errc::pending_timeout then
};

/// What becomes of a connection that ends an exchange.
struct verdict {
    bool keep = false;
    close_reason reason = close_reason::error;  ///< when not kept
    /// Kept: idle time after which it retires, or never for no opinion. Told by a hint (idle_reason == hint) it replaces
    /// keep_alive_timeout; learnt, it only lowers it. 0 or less: not kept.
    nanoseconds idle_limit = never;
    close_reason idle_reason = close_reason::idle;  ///< what that retirement is called: idle, hint or learnt
    std::uint64_t requests_left = std::numeric_limits<std::uint64_t>::max();  ///< from the hint's max; 0 means: do not keep
};

/// What the shell must do. It carries them out, in order, after the call that made them has returned.
struct action {
    enum class kind : std::uint8_t {
        open,   ///< dial `conn` to `origin`, for `request` if that is not none; answer with opened() or open_failed()
        grant,  ///< `request` may use `conn`; answer with refused() or, in the end, released() or replay()
        close,  ///< close `conn` (or give up dialling it: no answer is expected); the pool has forgotten it
        fail,   ///< `request` failed with `error`; the pool has forgotten it
    };
    enum kind kind = kind::open;
    origin_id origin = origin_id::none;
    conn_id conn = conn_id::none;  ///< fail: the dial that failed, where that is why
    request_id request = request_id::none;
    bool reused = false;                        ///< grant, close: the connection idled before or carried a request before
    nanoseconds idle_age{0};                    ///< grant: how long it idled; close: the same if it was idle
    close_reason reason = close_reason::error;  ///< close
    errc error = errc::canceled;                ///< fail
    error_code cause{};                         ///< fail: what open_failed() was told
};

}  // namespace hearth::pool
