#include "policy/replay.hpp"

#include <gtest/gtest.h>

namespace hearth::policy {
namespace {

using enum replay_action;

replay_facts post() { return {.method = "POST", .repeatable = false, .reused = true}; }
replay_facts get() { return {.method = "GET", .repeatable = true, .reused = true}; }

// One row of the table: what becomes of a request that may be repeated, and of one that may not.
struct row {
    evidence what;
    replay_action repeatable;
    replay_action other;
    bool abort_first;
    std::string_view other_verdict;
};
constexpr row rows[] = {
    {evidence::none, replay, fail, true, "not replayed because POST may have been executed"},
    {evidence::not_sent, replay, replay, false, ""},
    {evidence::closed_before, replay, replay, true, ""},
    {evidence::reset_in_flight, replay, replay, true, ""},
    {evidence::unacknowledged, replay, fail, true, "not replayed because POST may have been executed"},
    {evidence::half_closed, replay, fail, false,
     "not replayed because the half-closed server got the POST and may have executed it"},
    {evidence::acknowledged, replay, fail, false, "not replayed because POST may have been executed"},
    {evidence::silent, replay, fail, true, "not replayed because POST may yet arrive"},
    {evidence::unsolicited, replay, fail, true, "not replayed because POST may have been executed"},
    {evidence::refused, replay, replay, false, ""},
    {evidence::response_begun, fail, fail, false, "not replayed because the response had begun"},
};

TEST(replay, has_a_row_for_each_evidence) {
    ASSERT_EQ(std::size(rows), evidence_count);
    for (std::size_t i = 0; i != std::size(rows); ++i) EXPECT_EQ(static_cast<std::size_t>(rows[i].what), i);
}

TEST(replay, on_a_reused_connection_goes_by_the_table) {
    for (const row& r : rows) {
        SCOPED_TRACE(to_string(r.what));
        const replay_decision repeatable = decide(r.what, get());
        EXPECT_EQ(repeatable.action, r.repeatable);
        EXPECT_EQ(repeatable.abort_first, r.abort_first);
        EXPECT_EQ(repeatable.verdict.empty(), r.repeatable == replay);
        const replay_decision other = decide(r.what, post());
        EXPECT_EQ(other.action, r.other);
        EXPECT_EQ(other.abort_first, r.abort_first);
        EXPECT_EQ(other.verdict, r.other_verdict);
    }
}

// Behaviour 43: what a fresh connection's death leaves to the retry policy is what would have been replayed otherwise.
TEST(replay, on_a_fresh_connection_leaves_it_to_the_retry_policy) {
    for (const row& r : rows) {
        SCOPED_TRACE(to_string(r.what));
        replay_facts facts = get();
        facts.reused = false;
        EXPECT_EQ(decide(r.what, facts).action, r.repeatable == replay ? retry : fail);
        facts = post();
        facts.reused = false;
        const replay_decision other = decide(r.what, facts);
        EXPECT_EQ(other.action, r.other == replay ? retry : fail);
        EXPECT_EQ(other.verdict, r.other == replay ? "not replayed because the connection was fresh" : r.other_verdict);
    }
}

TEST(replay, a_half_closed_servers_request_when_the_option_says_so) {
    replay_facts facts = post();
    facts.options.half_closed = true;
    EXPECT_EQ(decide(evidence::half_closed, facts).action, replay);
    EXPECT_EQ(decide(evidence::acknowledged, facts).action, fail);
    EXPECT_TRUE(proves_unprocessed(evidence::half_closed, facts.options));
    EXPECT_FALSE(proves_unprocessed(evidence::half_closed, {}));
}

// Behaviour 45.
TEST(replay, never_what_cannot_be_sent_again) {
    for (const row& r : rows) {
        if (r.what == evidence::response_begun) continue;
        SCOPED_TRACE(to_string(r.what));
        replay_facts facts = get();
        facts.body_replayable = false;
        EXPECT_EQ(decide(r.what, facts).action, fail);
        EXPECT_EQ(decide(r.what, facts).verdict, "not replayed because its body cannot be sent again");
        facts = get();
        facts.never_replay = true;
        EXPECT_EQ(decide(r.what, facts).action, fail);
        EXPECT_EQ(decide(r.what, facts).verdict, "not replayed because never_replay is set");
    }
}

TEST(replay, never_once_the_response_had_begun) {
    for (const row& r : rows) {
        replay_facts facts = get();
        facts.response_begun = true;
        EXPECT_EQ(decide(r.what, facts).action, fail) << to_string(r.what);
        EXPECT_EQ(decide(r.what, facts).verdict, "not replayed because the response had begun");
    }
}

TEST(replay, stops_at_max_replays) {
    replay_facts facts = get();
    facts.replays_so_far = 1;
    EXPECT_EQ(decide(evidence::not_sent, facts).action, replay);
    facts.replays_so_far = 2;
    EXPECT_EQ(decide(evidence::not_sent, facts).action, retry);
    EXPECT_EQ(decide(evidence::not_sent, facts).verdict, "not replayed because it was replayed 2 times already");
    facts.options.max_replays = 0;
    facts.replays_so_far = 0;
    EXPECT_EQ(decide(evidence::not_sent, facts).action, retry);
    EXPECT_EQ(decide(evidence::not_sent, facts).verdict, "not replayed because max_replays is 0");
    facts = post();
    facts.replays_so_far = 9;
    EXPECT_EQ(decide(evidence::acknowledged, facts).action, fail) << "the stronger reason is told";
    EXPECT_EQ(decide(evidence::acknowledged, facts).verdict, "not replayed because POST may have been executed");
}

TEST(replay, switched_off_leaves_it_to_the_retry_policy) {
    replay_facts facts = get();
    facts.options.enabled = false;
    EXPECT_EQ(decide(evidence::not_sent, facts).action, retry);
    EXPECT_EQ(decide(evidence::not_sent, facts).verdict, "not replayed because replay is off");
    facts = post();
    facts.options.enabled = false;
    EXPECT_EQ(decide(evidence::acknowledged, facts).action, fail);
}

TEST(replay, only_what_can_always_be_replayed_may_take_any_connection) {
    EXPECT_TRUE(always_replayable(get()));
    EXPECT_FALSE(always_replayable(post()));
    replay_facts facts = get();
    facts.body_replayable = false;
    EXPECT_FALSE(always_replayable(facts));
    facts = get();
    facts.never_replay = true;
    EXPECT_FALSE(always_replayable(facts));
    facts = get();
    facts.options.enabled = false;
    EXPECT_FALSE(always_replayable(facts));
    facts = get();
    facts.options.max_replays = 0;
    EXPECT_FALSE(always_replayable(facts));
}

}  // namespace
}  // namespace hearth::policy
