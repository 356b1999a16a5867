#include "policy/retry.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace hearth::policy {
namespace {

using namespace std::chrono_literals;
using std::chrono::sys_days;

constexpr std::chrono::sys_seconds now = sys_days(2025y / 11 / 22) + 12h;

// Behaviour 50.
TEST(retry, after_in_seconds_or_as_a_date) {
    EXPECT_EQ(retry_after("0", now), 0s);
    EXPECT_EQ(retry_after("120", now), 120s);
    EXPECT_EQ(retry_after(" 7\t", now), 7s);
    EXPECT_EQ(retry_after("007", now), 7s);
    EXPECT_EQ(retry_after("Sat, 22 Nov 2025 12:00:30 GMT", now), 30s);
    EXPECT_EQ(retry_after("Saturday, 22-Nov-25 12:00:30 GMT", now), 30s);
    EXPECT_EQ(retry_after("Sat Nov 22 12:00:30 2025", now), 30s);
}

TEST(retry, after_a_past_or_absurd_time) {
    EXPECT_EQ(retry_after("Sat, 22 Nov 2025 11:59:59 GMT", now), 0s);
    EXPECT_EQ(retry_after("Thu, 01 Jan 0000 00:00:00 GMT", now), 0s);
    EXPECT_EQ(retry_after("Fri, 31 Dec 9999 23:59:59 GMT", now), 1'000'000'000s);
    EXPECT_EQ(retry_after("1000000001", now), 1'000'000'000s);
    EXPECT_EQ(retry_after("99999999999999999999999999999999", now), 1'000'000'000s);
    for (const std::string_view text : {"", " ", "-1", "+1", "1.5", "1s", "soon", "1 2", "0x10", "\xb2"}) {
        EXPECT_EQ(retry_after(text, now), std::nullopt) << text;
    }
}

TEST(retry, waits_with_full_jitter) {
    const retry_options options{.base_delay = 100ms, .max_delay = 1s};
    EXPECT_EQ(backoff(0, options, 0.0), 0ms);
    EXPECT_EQ(backoff(0, options, 0.5), 50ms);
    EXPECT_EQ(backoff(1, options, 0.5), 100ms);
    EXPECT_EQ(backoff(3, options, 0.5), 400ms);
    EXPECT_EQ(backoff(4, options, 0.5), 500ms) << "capped by max_delay";
    for (const unsigned retry : {63U, 64U, 65U, 1000U, std::numeric_limits<unsigned>::max()}) {
        EXPECT_EQ(backoff(retry, options, 0.5), 500ms) << retry;
    }
}

TEST(retry, waits_within_bounds_whatever_the_random_number) {
    const retry_options options{.base_delay = 1h, .max_delay = 1h};
    EXPECT_EQ(backoff(9, options, -1.0), 0s);
    EXPECT_EQ(backoff(9, options, std::nan("")), 0s);
    EXPECT_EQ(backoff(9, options, 2.0), 1h);
    EXPECT_EQ(backoff(9, options, std::numeric_limits<double>::infinity()), 1h);
}

bool retried(retry_facts facts, const retry_options& options = {}) { return may_retry(facts, options).retry; }

TEST(retry, failures_to_connect_for_every_method) {
    for (const errc code : {errc::lookup_failed, errc::connect_timeout, errc::connection_refused, errc::connect_failed,
                            errc::out_of_descriptors, errc::out_of_ports}) {
        EXPECT_TRUE(retried({.code = code, .phase = phase::connect})) << make_error_code(code).message();
    }
    EXPECT_TRUE(retried({.code = errc::connection_reset, .phase = phase::connect}));
    EXPECT_TRUE(retried({.code = errc::connection_closed, .phase = phase::tls}));
    EXPECT_FALSE(retried({.code = errc::connection_refused, .phase = phase::connect, .body_replayable = false}));
}

// Behaviour 51: certificates among them.
TEST(retry, never_what_would_fail_again_or_must_not_go_on) {
    for (const errc code : {errc::invalid_url,
                            errc::unsupported_scheme,
                            errc::invalid_method,
                            errc::invalid_header,
                            errc::invalid_option,
                            errc::invalid_body,
                            errc::too_many_pending,
                            errc::pending_timeout,
                            errc::name_not_found,
                            errc::tls_failed,
                            errc::certificate_untrusted,
                            errc::certificate_expired,
                            errc::certificate_host_mismatch,
                            errc::body_timeout,
                            errc::deadline_exceeded,
                            errc::malformed_response,
                            errc::ambiguous_framing,
                            errc::head_too_large,
                            errc::too_many_headers,
                            errc::response_too_large,
                            errc::too_many_informational,
                            errc::canceled,
                            errc::agent_closed,
                            errc::body_already_read,
                            errc::file_failed}) {
        for (const phase where : {phase::connect, phase::tls, phase::headers}) {
            const retry_decision decision =
                may_retry({.code = code, .phase = where, .repeatable = true, .unprocessed = true}, {.max_retries = 100});
            EXPECT_FALSE(decision.retry) << make_error_code(code).message();
            EXPECT_EQ(decision.why, "");
        }
    }
}

TEST(retry, a_failed_exchange_when_that_does_no_harm) {
    for (const errc code : {errc::connection_closed, errc::connection_reset, errc::truncated_response, errc::socket_timeout,
                            errc::headers_timeout, errc::unacknowledged_timeout}) {
        SCOPED_TRACE(make_error_code(code).message());
        const retry_facts failed{.code = code, .phase = phase::headers};
        EXPECT_EQ(may_retry(failed, {}).why, "not retried because it may have been executed");
        retry_facts facts = failed;
        facts.repeatable = true;
        EXPECT_TRUE(retried(facts));
        facts.response_begun = true;
        EXPECT_EQ(may_retry(facts, {}).why, "not retried because the response had begun");
        facts = failed;
        facts.unprocessed = true;
        EXPECT_TRUE(retried(facts));
        facts.body_replayable = false;
        EXPECT_EQ(may_retry(facts, {}).why, "not retried because its body cannot be sent again");
        facts.never_replay = true;
        EXPECT_EQ(may_retry(facts, {}).why, "not retried because never_replay is set");
    }
}

TEST(retry, a_status_only_when_asked_for_and_repeatable) {
    const retry_options on{.on_status = true};
    for (int status = 100; status != 1000; ++status) {
        const bool passing = status == 429 || status == 502 || status == 503 || status == 504;
        EXPECT_EQ(is_retryable_status(status), passing) << status;
        EXPECT_EQ(retried({.status = status, .repeatable = true}, on), passing) << status;
        EXPECT_FALSE(retried({.status = status, .repeatable = true})) << status;
        EXPECT_FALSE(retried({.status = status, .repeatable = false}, on)) << status;
    }
    EXPECT_FALSE(retried({.status = 503, .repeatable = true, .body_replayable = false}, on));
    EXPECT_FALSE(retried({.status = 503, .repeatable = true, .never_replay = true}, on));
    EXPECT_TRUE(retried({.status = 503, .repeatable = true, .response_begun = true}, on))
        << "the answer itself is what is retried";
}

TEST(retry, at_most_max_retries_times) {
    retry_facts facts{.code = errc::connection_refused, .phase = phase::connect};
    EXPECT_TRUE(retried(facts, {.max_retries = 1}));
    facts.retries_so_far = 1;
    EXPECT_EQ(may_retry(facts, {.max_retries = 1}).why, "not retried because max_retries was reached");
    EXPECT_FALSE(retried({.code = errc::connection_refused}, {.max_retries = 0}));
}

TEST(retry, tells_a_server_that_is_away_from_one_that_breaks_connections) {
    namespace sys = boost::system::errc;
    const error_code none;
    const error_code reset = sys::make_error_code(sys::connection_reset);
    EXPECT_TRUE(is_refusal(errc::connection_refused, none));
    EXPECT_TRUE(is_refusal(errc::connect_failed, sys::make_error_code(sys::no_such_file_or_directory)));
    EXPECT_FALSE(is_refusal(errc::connect_failed, reset));
    EXPECT_FALSE(is_refusal(errc::connection_reset, reset));
    EXPECT_TRUE(is_loss(errc::connection_closed, none));
    EXPECT_TRUE(is_loss(errc::connection_reset, reset));
    EXPECT_TRUE(is_loss(errc::truncated_response, none));
    EXPECT_TRUE(is_loss(errc::connect_failed, reset));
    EXPECT_FALSE(is_loss(errc::connect_failed, sys::make_error_code(sys::host_unreachable)));
    EXPECT_FALSE(is_loss(errc::connection_refused, none));
    EXPECT_FALSE(is_loss(errc::headers_timeout, none));
}

// Behaviour 51.
TEST(retry, the_budget_is_a_share_of_the_traffic_but_never_less_than_its_minimum) {
    const auto places = [](std::size_t in_flight, const retry_options& options) {
        retry_budget budget;
        while (budget.taken() < 10'000 && budget.try_take(in_flight, options)) {
        }
        return budget.taken();
    };
    EXPECT_EQ(places(0, {}), 3U);
    EXPECT_EQ(places(15, {}), 3U);
    EXPECT_EQ(places(20, {}), 4U);
    EXPECT_EQ(places(199, {}), 39U);
    EXPECT_EQ(places(1000, {}), 200U);
    EXPECT_EQ(places(1000, {.budget_percent = 0, .min_budget = 0}), 0U);
    EXPECT_EQ(places(1000, {.budget_percent = 100}), 1000U);
}

TEST(retry, the_budget_gives_places_back) {
    retry_budget budget;
    const retry_options options{.budget_percent = 0, .min_budget = 1};
    EXPECT_TRUE(budget.try_take(0, options));
    EXPECT_FALSE(budget.try_take(0, options));
    budget.give_back();
    EXPECT_TRUE(budget.try_take(0, options));
}

}  // namespace
}  // namespace hearth::policy
