#include "policy/retry.hpp"

#include "policy/http_date.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace hearth::policy {
namespace {

constexpr std::int64_t wait_max_s = 1'000'000'000;

std::string_view trim(std::string_view s) noexcept {
    const auto first = s.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return s.substr(first, s.find_last_not_of(" \t") - first + 1);
}

// How a failure bears on trying again.
enum class kind : std::uint8_t {
    never,     // it would fail again, or must not go on
    unsent,    // nothing was sent
    exchange,  // the request may have been executed
};

kind kind_of(const retry_facts& facts) noexcept {
    switch (facts.code) {
        case errc::lookup_failed:
        case errc::connect_timeout:
        case errc::connection_refused:
        case errc::connect_failed:
        case errc::out_of_descriptors:
        case errc::out_of_ports: return kind::unsent;

        // A connection that ends before the request is written says the same while it is being made as connect_failed.
        case errc::connection_closed:
        case errc::connection_reset:
        case errc::truncated_response: return facts.phase < phase::write ? kind::unsent : kind::exchange;

        case errc::socket_timeout:
        case errc::headers_timeout:
        case errc::unacknowledged_timeout: return kind::exchange;

        case errc::invalid_url:
        case errc::unsupported_scheme:
        case errc::invalid_method:
        case errc::invalid_header:
        case errc::invalid_option:
        case errc::invalid_body:
        case errc::too_many_pending:
        case errc::pending_timeout:
        case errc::name_not_found:
        case errc::tls_failed:
        case errc::certificate_untrusted:
        case errc::certificate_expired:
        case errc::certificate_host_mismatch:
        case errc::body_timeout:
        case errc::deadline_exceeded:
        case errc::malformed_response:
        case errc::ambiguous_framing:
        case errc::head_too_large:
        case errc::too_many_headers:
        case errc::response_too_large:
        case errc::too_many_informational:
        case errc::canceled:
        case errc::agent_closed:
        case errc::body_already_read:
        case errc::file_failed: return kind::never;
    }
    return kind::never;
}

// Why a request that may have been executed is not sent again; empty when it may be.
std::string_view obstacle(const retry_facts& facts) noexcept {
    if (facts.never_replay) return "not retried because never_replay is set";
    if (facts.response_begun) return "not retried because the response had begun";
    if (!facts.body_replayable) return "not retried because its body cannot be sent again";
    if (!facts.repeatable && !facts.unprocessed) return "not retried because it may have been executed";
    return {};
}

std::string_view status_obstacle(const retry_facts& facts) noexcept {
    if (facts.never_replay) return "not retried because never_replay is set";
    if (!facts.body_replayable) return "not retried because its body cannot be sent again";
    if (!facts.repeatable) return "not retried because it may have been executed";
    return {};
}

}  // namespace

std::optional<std::chrono::seconds> retry_after(std::string_view value, std::chrono::sys_seconds now) {
    using std::chrono::seconds;
    value = trim(value);
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    if (!value.empty() && std::all_of(value.begin(), value.end(), is_digit)) {
        std::int64_t wait = 0;
        for (const char c : value) wait = std::min(wait * 10 + (c - '0'), wait_max_s);
        return seconds(wait);
    }
    const auto date = parse_http_date(value, now);
    if (!date) return std::nullopt;
    return std::clamp(*date - now, seconds(0), seconds(wait_max_s));
}

std::chrono::nanoseconds backoff(unsigned retry, const retry_options& options, double random) noexcept {
    const double base = static_cast<double>(std::chrono::nanoseconds(options.base_delay).count());
    const double cap = static_cast<double>(std::chrono::nanoseconds(options.max_delay).count());
    const double range = std::min(cap, std::ldexp(base, static_cast<int>(std::min(retry, 64U))));
    const double share = random > 0 ? std::min(random, 1.0) : 0.0;  // NaN too is 0
    return std::chrono::nanoseconds(static_cast<std::int64_t>(range * share));
}

bool is_refusal(errc code, const error_code& cause) noexcept {
    // A unix socket's path goes when its server does.
    return code == errc::connection_refused ||
           (code == errc::connect_failed && cause == boost::system::errc::no_such_file_or_directory);
}

bool is_loss(errc code, const error_code& cause) noexcept {
    return code == errc::connection_closed || code == errc::connection_reset || code == errc::truncated_response ||
           (code == errc::connect_failed && cause == boost::system::errc::connection_reset);
}

bool is_retryable_status(int status) noexcept { return status == 429 || status == 502 || status == 503 || status == 504; }

retry_decision may_retry(const retry_facts& facts, const retry_options& options) noexcept {
    std::string_view why;
    if (facts.status != 0) {
        if (!options.on_status || !is_retryable_status(facts.status)) return {};
        why = status_obstacle(facts);
    } else {
        const kind what = kind_of(facts);
        if (what == kind::never) return {};
        if (what == kind::exchange) why = obstacle(facts);
        if (what == kind::unsent && !facts.body_replayable) why = obstacle(facts);
    }
    if (!why.empty()) return {false, why};
    if (options.max_retries == 0) return {};
    if (facts.retries_so_far >= options.max_retries) return {false, "not retried because max_retries was reached"};
    return {true, {}};
}

std::size_t retry_budget::size(std::size_t exchanges_in_flight, const retry_options& options) noexcept {
    const std::size_t share =
        exchanges_in_flight / 100 * options.budget_percent + exchanges_in_flight % 100 * options.budget_percent / 100;
    return std::max<std::size_t>(options.min_budget, share);
}

bool retry_budget::try_take(std::size_t exchanges_in_flight, const retry_options& options) noexcept {
    if (taken_ >= size(exchanges_in_flight, options)) return false;
    ++taken_;
    return true;
}

void retry_budget::give_back() noexcept {
    assert(taken_ > 0);
    --taken_;
}

}  // namespace hearth::policy
