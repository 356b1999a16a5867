#include <hearth/events.hpp>
#include <hearth/stats.hpp>

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <set>
#include <string_view>

namespace {

using hearth::counters;

// Every counter different, so that none can be mistaken for another.
counters numbered(std::uint64_t start) {
    counters c;
    for (std::uint64_t* field : {&c.requests, &c.responses, &c.failed, &c.canceled, &c.opened, &c.reused, &c.replays,
                                 &c.retries, &c.budget_refusals, &c.risk_avoided, &c.stale_seen}) {
        *field = start++;
    }
    for (auto& n : c.closed) n = start++;
    for (auto& n : c.failures_by_phase) n = start++;
    for (auto& n : c.replays_by_evidence) n = start++;
    return c;
}

void expect_sum(const counters& sum, const counters& a, const counters& b) {
    EXPECT_EQ(sum.requests, a.requests + b.requests);
    EXPECT_EQ(sum.responses, a.responses + b.responses);
    EXPECT_EQ(sum.failed, a.failed + b.failed);
    EXPECT_EQ(sum.canceled, a.canceled + b.canceled);
    EXPECT_EQ(sum.opened, a.opened + b.opened);
    EXPECT_EQ(sum.reused, a.reused + b.reused);
    EXPECT_EQ(sum.replays, a.replays + b.replays);
    EXPECT_EQ(sum.retries, a.retries + b.retries);
    EXPECT_EQ(sum.budget_refusals, a.budget_refusals + b.budget_refusals);
    EXPECT_EQ(sum.risk_avoided, a.risk_avoided + b.risk_avoided);
    EXPECT_EQ(sum.stale_seen, a.stale_seen + b.stale_seen);
    for (std::size_t i = 0; i < sum.closed.size(); ++i) EXPECT_EQ(sum.closed[i], a.closed[i] + b.closed[i]);
    for (std::size_t i = 0; i < sum.failures_by_phase.size(); ++i) {
        EXPECT_EQ(sum.failures_by_phase[i], a.failures_by_phase[i] + b.failures_by_phase[i]);
    }
    for (std::size_t i = 0; i < sum.replays_by_evidence.size(); ++i) {
        EXPECT_EQ(sum.replays_by_evidence[i], a.replays_by_evidence[i] + b.replays_by_evidence[i]);
    }
}

TEST(close_reason, names_are_distinct_and_complete) {
    std::set<std::string_view> names;
    for (std::size_t i = 0; i < hearth::close_reason_count; ++i)
        names.insert(to_string(static_cast<hearth::close_reason>(i)));
    EXPECT_EQ(names.size(), hearth::close_reason_count);
    EXPECT_FALSE(names.contains("unknown"));
    EXPECT_EQ(to_string(hearth::close_reason::stale_at_use), "stale_at_use");
    EXPECT_EQ(to_string(hearth::close_reason::shutdown), "shutdown");
    EXPECT_EQ(to_string(static_cast<hearth::close_reason>(hearth::close_reason_count)), "unknown");
}

TEST(counters, add_up_field_by_field) {
    counters sum = numbered(1);
    sum += numbered(1000);
    expect_sum(sum, numbered(1), numbered(1000));
}

TEST(counters, total_what_was_closed) {
    counters c;
    EXPECT_EQ(c.closed_total(), 0U);
    for (std::size_t i = 0; i < c.closed.size(); ++i) c.closed[i] = i + 1;
    EXPECT_EQ(c.closed_total(), 18U * 19U / 2U);
}

TEST(stale_caught, is_told_by_the_line_of_defence) {
    using hearth::close_reason;
    counters c;
    for (std::size_t i = 0; i < c.closed.size(); ++i) c.closed[i] = 100 + i;
    const auto closed = [&](close_reason r) { return c.closed[static_cast<std::size_t>(r)]; };
    c.risk_avoided = 7;
    c.replays = 9;
    c.replays_by_evidence[static_cast<std::size_t>(hearth::evidence::silent)] = 2;
    c.stale_seen = 1;
    const hearth::stale_caught caught(c);
    EXPECT_EQ(caught.left, closed(close_reason::hint) + closed(close_reason::learnt));
    EXPECT_EQ(caught.watched, closed(close_reason::server_closed) + closed(close_reason::unsolicited));
    EXPECT_EQ(caught.looked, closed(close_reason::stale_at_use));
    EXPECT_EQ(caught.matched, 7U);
    EXPECT_EQ(caught.replayed, 7U);
    EXPECT_EQ(caught.silent, 2U);
    EXPECT_EQ(caught.total(), caught.left + caught.watched + caught.looked + 16);
    EXPECT_EQ(hearth::stale_caught(counters()).total(), 0U);
}

TEST(stats, add_up_what_they_measure) {
    using namespace std::chrono_literals;
    hearth::stats a{.budget_taken = 1, .budget_size = 3};
    a.latency.total.record(1ms);
    a.origins["http://a"].latency.connect.record(2ms);
    hearth::stats b{.budget_taken = 2, .budget_size = 4};
    b.latency.total.record(3ms);
    b.origins["http://a"].latency.connect.record(4ms);
    a += b;
    EXPECT_EQ(a.budget_taken, 3U);
    EXPECT_EQ(a.budget_size, 7U);
    EXPECT_EQ(a.latency.total.sum(), 4ms);
    EXPECT_EQ(a.origins["http://a"].latency.connect.sum(), 6ms);
}

TEST(stats, add_up_with_their_origins) {
    hearth::stats a{.pending = 1, .in_use = 2, .free = 3, .connecting = 4, .retrying = 5, .count = numbered(1)};
    a.origins["http://both"] = {.pending = 1, .in_use = 2, .free = 3, .connecting = 4, .count = numbered(10)};
    a.origins["http://a"] = {.pending = 7};
    hearth::stats b{.pending = 10, .in_use = 20, .free = 30, .connecting = 40, .retrying = 50, .count = numbered(100)};
    b.origins["http://both"] = {.pending = 10, .in_use = 20, .free = 30, .connecting = 40, .count = numbered(20)};
    b.origins["http://b"] = {.free = 8};

    a += b;
    EXPECT_EQ(a.pending, 11U);
    EXPECT_EQ(a.in_use, 22U);
    EXPECT_EQ(a.free, 33U);
    EXPECT_EQ(a.connecting, 44U);
    EXPECT_EQ(a.retrying, 55U);
    expect_sum(a.count, numbered(1), numbered(100));
    ASSERT_EQ(a.origins.size(), 3U);
    const hearth::origin_stats& both = a.origins["http://both"];
    EXPECT_EQ(both.pending, 11U);
    EXPECT_EQ(both.in_use, 22U);
    EXPECT_EQ(both.free, 33U);
    EXPECT_EQ(both.connecting, 44U);
    expect_sum(both.count, numbered(10), numbered(20));
    EXPECT_EQ(a.origins["http://a"].pending, 7U);
    EXPECT_EQ(a.origins["http://b"].free, 8U);
}

TEST(stats, tell_what_was_learnt_in_words) {
    using namespace std::chrono_literals;
    hearth::origin_stats o;
    EXPECT_EQ(o.learnt.in_words(), "");
    o += {.learnt = {.timeout = 65s, .closes = 4, .limit = 61'600ms}};
    EXPECT_EQ(o.learnt.in_words(), "closes after 65.0 s idle, learnt from 4 closes; using 61.6 s");
    o += {.learnt = {.timeout = 5s, .closes = 1, .limit = 4s}};
    EXPECT_EQ(o.learnt.closes, 4U) << "the better founded stays";
}

TEST(stats, can_be_added_to_themselves) {
    hearth::stats a{.pending = 1};
    a.origins["http://a"] = {.pending = 7};
    const hearth::stats& same = a;
    a += same;
    EXPECT_EQ(a.pending, 2U);
    EXPECT_EQ(a.origins["http://a"].pending, 14U);
}

TEST(event_hooks, are_unset_by_default) {
    const hearth::event_hooks hooks;
    EXPECT_FALSE(hooks.on_connection);
    EXPECT_FALSE(hooks.on_request);
}

}  // namespace
