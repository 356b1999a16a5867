// How long, and for how many requests, a connection is kept: the server's hints and the options, as numbers for the pool.
#pragma once

#include <hearth/options.hpp>
#include <hearth/stats.hpp>

#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>

namespace hearth::policy {

/// What a server has said on one connection so far. A hint holds until the next one; 24 bytes a connection.
class keep_hints {
public:
    static constexpr std::uint64_t unlimited = std::numeric_limits<std::uint64_t>::max();

    /// A response came with these Keep-Alive parameters. `requests_done`: exchanges on this connection, this one included.
    /// Servers mean two things by max: the total (Node), or what is left (Apache, which counts down). Taken as the total
    /// until it is seen to go down, so that neither is ever asked for one request too many.
    void heard(std::optional<std::chrono::seconds> timeout, std::optional<std::uint64_t> max,
               std::uint64_t requests_done) noexcept;

    [[nodiscard]] std::optional<std::chrono::seconds> timeout() const noexcept;
    /// Requests the server will still take after `requests_done`.
    [[nodiscard]] std::uint64_t requests_left(std::uint64_t requests_done) const noexcept;

private:
    std::int64_t timeout_s_ = -1;  // none
    std::uint64_t last_max_ = unlimited;
    std::uint64_t total_ = unlimited;  // requests this connection may carry, from first to last
};

/// What the pool is told. The same members as pool::verdict.
struct keep_terms {
    bool keep = false;
    close_reason reason = close_reason::hint;       ///< when not kept
    std::chrono::nanoseconds idle_limit{0};         ///< when kept: retire after so long idle
    close_reason idle_reason = close_reason::idle;  ///< what that is called: hint when the server told, else idle
    std::uint64_t requests_left = keep_hints::unlimited;
};

/// Terms for a connection that http1::may_reuse() allows to keep. Idle limit: the hint (at most keep_alive_max_timeout),
/// less keep_alive_timeout_threshold; without a hint keep_alive_timeout. Not kept when keep_alive is off (reason response),
/// when that leaves no time (reason hint), or no request is left (reason requests). max_requests_per_connection is the
/// pool's business.
[[nodiscard]] keep_terms keep(const keep_hints& hints, std::uint64_t requests_done, const agent_options& options) noexcept;

}  // namespace hearth::policy
