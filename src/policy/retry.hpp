// Trying again, with waits, what would otherwise fail: whether, when, and not too often.
#pragma once

#include <hearth/error.hpp>
#include <hearth/options.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string_view>

namespace hearth::policy {

/// A Retry-After field's value, seconds or a date, as a wait from `now` (UTC). A date in the past is 0; more than 10^9
/// seconds are 10^9 (compare with retry_options::max_delay). Nothing when it is neither.
[[nodiscard]] std::optional<std::chrono::seconds> retry_after(std::string_view value, std::chrono::sys_seconds now);

/// The wait before retry number `retry` (0 is the first): random * min(max_delay, base_delay * 2^retry), "full jitter".
/// `random` is in [0, 1); outside it is taken as the nearer end.
[[nodiscard]] std::chrono::nanoseconds backoff(unsigned retry, const retry_options& options, double random) noexcept;

/// What failed.
struct retry_facts {
    errc code{};  ///< ignored when status is set
    hearth::phase phase = phase::validate;
    int status = 0;               ///< a response's, or 0
    bool repeatable = false;      ///< policy::repeatable()
    bool body_replayable = true;  ///< as in replay_facts
    bool unprocessed = false;     ///< policy::proves_unprocessed(): the server never acted on it
    bool response_begun = false;  ///< the caller has, or was about to have, a part of the answer
    bool never_replay = false;    ///< request_options::never_replay: once sent, never again
    unsigned retries_so_far = 0;
};

struct retry_decision {
    bool retry = false;
    std::string_view
        why{};  ///< why not: "not retried because ..."; empty when it is simply not the kind that is. Static text
};

/// Decides by kind of failure:
/// - refused, timed out, reset, lookup that may pass, no local port, while connecting: for every method, since nothing was
/// sent;
///   descriptors running out too, which passes when other exchanges end;
/// - name_not_found, certificates, TLS handshakes, whatever the caller passed, limits, cancellation and deadlines: never;
/// - the connection ended or fell silent: when repeatable or unprocessed; not once the response had begun;
/// - 429, 502, 503, 504: when repeatable and options.on_status.
[[nodiscard]] retry_decision may_retry(const retry_facts& facts, const retry_options& options) noexcept;

/// Whether a dial's failure says that nobody listens there (any more): the server may be restarting.
[[nodiscard]] bool is_refusal(errc code, const error_code& cause) noexcept;

/// Whether a connection broke, before or after the request was written: the server may be on its way down or up.
[[nodiscard]] bool is_loss(errc code, const error_code& cause) noexcept;

/// Whether a status is one that options.on_status retries.
[[nodiscard]] bool is_retryable_status(int status) noexcept;

/// Keeps retries a fraction of the traffic. Counts those that wait or run; the caller pairs each true try_take() with one
/// give_back().
class retry_budget {
public:
    /// Takes a place if fewer than max(min_budget, budget_percent of `exchanges_in_flight`) are taken.
    [[nodiscard]] bool try_take(std::size_t exchanges_in_flight, const retry_options& options) noexcept;
    /// REQUIRES: taken() > 0.
    void give_back() noexcept;
    [[nodiscard]] std::size_t taken() const noexcept { return taken_; }
    /// How many may be taken.
    [[nodiscard]] static std::size_t size(std::size_t exchanges_in_flight, const retry_options& options) noexcept;

private:
    std::size_t taken_ = 0;
};

}  // namespace hearth::policy
