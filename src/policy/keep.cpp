#include "policy/keep.hpp"

#include <algorithm>

namespace hearth::policy {

void keep_hints::heard(std::optional<std::chrono::seconds> timeout, std::optional<std::uint64_t> max,
                       std::uint64_t requests_done) noexcept {
    if (timeout) timeout_s_ = std::max<std::int64_t>(timeout->count(), 0);
    if (!max) return;
    const bool counts_down = last_max_ != unlimited && *max < last_max_;
    const std::uint64_t still_to_come = *max > unlimited - requests_done ? unlimited : requests_done + *max;
    total_ = counts_down ? still_to_come : *max;
    last_max_ = *max;
}

std::optional<std::chrono::seconds> keep_hints::timeout() const noexcept {
    if (timeout_s_ < 0) return std::nullopt;
    return std::chrono::seconds(timeout_s_);
}

std::uint64_t keep_hints::requests_left(std::uint64_t requests_done) const noexcept {
    if (total_ == unlimited) return unlimited;
    return total_ > requests_done ? total_ - requests_done : 0;
}

keep_terms keep(const keep_hints& hints, std::uint64_t requests_done, const agent_options& options) noexcept {
    using std::chrono::nanoseconds;
    using std::chrono::seconds;
    if (!options.keep_alive) return {.reason = close_reason::response};
    const std::uint64_t left = hints.requests_left(requests_done);
    if (left == 0) return {.reason = close_reason::requests};
    const auto hint = hints.timeout();
    if (!hint) return {.keep = true, .idle_limit = options.keep_alive_timeout, .requests_left = left};
    // Compared in seconds first: a hint in nanoseconds may not fit.
    const seconds hint_max = std::chrono::ceil<seconds>(options.keep_alive_max_timeout);
    const nanoseconds bounded = std::min<nanoseconds>(std::min(*hint, hint_max), options.keep_alive_max_timeout);
    const nanoseconds limit = bounded - options.keep_alive_timeout_threshold;
    if (limit <= nanoseconds(0)) return {.reason = close_reason::hint};
    return {.keep = true, .idle_limit = limit, .idle_reason = close_reason::hint, .requests_left = left};
}

}  // namespace hearth::policy
