// Snapshots of a pool.
#pragma once

#include <hearth/error.hpp>
#include <hearth/histogram.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace hearth {

/// Why a connection was closed.
enum class close_reason : std::uint8_t {
    idle,           ///< idle for keep_alive_timeout
    hint,           ///< the server's Keep-Alive hint was about to end
    learnt,         ///< what was learnt of the server's idle timeout was about to end
    server_closed,  ///< the server closed it while it was idle
    unsolicited,    ///< bytes came that nobody had asked for
    stale_at_use,   ///< found closed by the look before use
    stale_in_use,   ///< found closed when a request had been written
    age,            ///< max_connection_age
    requests,       ///< max_requests_per_connection, or the hint's max
    limit,          ///< over max_free_sockets
    make_room,      ///< another origin needed its place under max_total_sockets
    response,       ///< the response or request said close, or its framing ends with the connection
    unread,         ///< the response was abandoned unread
    error,          ///< an exchange on it failed
    open_failed,    ///< it was never opened
    canceled,       ///< the caller cancelled or timed out while it was in use
    upgraded,       ///< handed over to the caller by a 101
    shutdown,       ///< close_idle(), close() or destroy()
};
inline constexpr std::size_t close_reason_count = 18;
/// The enumerator's own name, as metrics and JSON use it.
[[nodiscard]] std::string_view to_string(close_reason r) noexcept;

/// Counts since the agent was made (or the origin was first used). They only grow.
struct counters {
    std::uint64_t requests = 0;         ///< calls accepted
    std::uint64_t responses = 0;        ///< calls that got a response head
    std::uint64_t failed = 0;           ///< calls that failed
    std::uint64_t canceled = 0;         ///< calls that the caller cancelled, not counted in failed
    std::uint64_t opened = 0;           ///< connections opened
    std::uint64_t reused = 0;           ///< exchanges begun on a connection that had been idle
    std::uint64_t replays = 0;          ///< requests sent again at once
    std::uint64_t retries = 0;          ///< requests tried again after a wait
    std::uint64_t budget_refusals = 0;  ///< retries refused since too many ran already
    std::uint64_t risk_avoided =
        0;                         ///< requests that must not be repeated and passed idle connections by as too old for them
    std::uint64_t stale_seen = 0;  ///< calls failed because their reused connection was closed before any response
    std::array<std::uint64_t, close_reason_count> closed{};           ///< connections closed, by close_reason
    std::array<std::uint64_t, phase_count> failures_by_phase{};       ///< failed calls, by phase
    std::array<std::uint64_t, evidence_count> replays_by_evidence{};  ///< replays, by evidence

    [[nodiscard]] std::uint64_t closed_total() const noexcept;
    counters& operator+=(const counters& other) noexcept;
};

/// Stale connections that callers did not get to see, by the line of defence that caught them. Sums of counters.
struct stale_caught {
    std::uint64_t left = 0;      ///< retired before the server would have closed them (closed: hint, learnt)
    std::uint64_t watched = 0;   ///< the server closed them while they idled (server_closed, unsolicited)
    std::uint64_t looked = 0;    ///< found by the look before use (stale_at_use)
    std::uint64_t matched = 0;   ///< not risked for a request that must not be repeated (risk_avoided)
    std::uint64_t replayed = 0;  ///< the close crossed with a request, which was sent again (replays, but for silent ones)
    std::uint64_t silent = 0;    ///< forgotten on the way; the request was sent again (replays by evidence::silent)

    explicit stale_caught(const counters& c) noexcept;
    [[nodiscard]] std::uint64_t total() const noexcept { return left + watched + looked + matched + replayed + silent; }
};

/// What was learnt of a server's idle timeout; all 0 when nothing was.
struct learnt_timeout {
    std::chrono::nanoseconds timeout{0};  ///< it closes connections after so long idle
    unsigned closes = 0;                  ///< learnt from so many closes
    std::chrono::nanoseconds limit{0};    ///< its connections retire after so long idle

    /// "closes after 65.0 s idle, learnt from 4 closes; using 61.6 s"; empty when nothing was learnt.
    [[nodiscard]] std::string in_words() const;
};

/// One origin, now.
struct origin_stats {
    std::size_t pending = 0;     ///< requests waiting for a connection (Node's agent.requests)
    std::size_t in_use = 0;      ///< connections carrying an exchange (Node's agent.sockets)
    std::size_t free = 0;        ///< idle connections (Node's agent.freeSockets)
    std::size_t connecting = 0;  ///< connections being opened
    learnt_timeout learnt{};     ///< with options.learn_idle_timeout
    counters count{};
    latencies latency{};

    origin_stats& operator+=(const origin_stats& other) noexcept;
};

/// All origins, now. A plain value: safe to keep and to pass around.
struct stats {
    std::size_t pending = 0;
    std::size_t in_use = 0;
    std::size_t free = 0;
    std::size_t connecting = 0;
    std::size_t retrying = 0;                       ///< calls waiting to be retried
    std::size_t budget_taken = 0;                   ///< retries that wait or run, by the retry budget
    std::size_t budget_size = 0;                    ///< retries that may, now
    counters count{};                               ///< includes origins that have been forgotten
    latencies latency{};                            ///< the same
    std::map<std::string, origin_stats> origins{};  ///< by "https://host:port", told apart further where TLS or path differ

    /// Adds another agent's snapshot to this one.
    stats& operator+=(const stats& other);
};

}  // namespace hearth
