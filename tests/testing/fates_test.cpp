#include "testing/fates.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <set>
#include <string>

namespace hearth::testing {
namespace {

using namespace std::chrono_literals;

fates with(std::vector<fault> faults, std::uint64_t seed = 1) {
    return fates({.idle_timeout = 5s, .faults = std::move(faults), .seed = seed});
}

TEST(fates, nothing_goes_wrong_unless_asked_for) {
    const fates f = with({});
    for (const moment m : {moment::connected, moment::idle, moment::requested})
        EXPECT_EQ(f.draw(m, 1, 1).kind, fault_kind::none);
}

TEST(fates, one_alone_always_happens_and_only_at_its_moment) {
    const fates f = with({{.kind = fault_kind::dribble}});
    for (std::uint64_t turn = 0; turn < 100; ++turn) {
        EXPECT_EQ(f.draw(moment::requested, 3, turn).kind, fault_kind::dribble);
        EXPECT_EQ(f.draw(moment::idle, 3, turn).kind, fault_kind::none);
        EXPECT_EQ(f.draw(moment::connected, 3, turn).kind, fault_kind::none);
    }
}

TEST(fates, are_drawn_by_weight) {
    const fates f = with({{.kind = fault_kind::none, .weight = 7},
                          {.kind = fault_kind::idle_fin, .weight = 2},
                          {.kind = fault_kind::idle_rst, .weight = 1},
                          {.kind = fault_kind::dribble, .weight = 7}});
    std::map<fault_kind, int> idle;
    std::map<fault_kind, int> requested;
    constexpr int draws = 100'000;
    for (std::uint64_t i = 0; i < draws; ++i) {
        ++idle[f.draw(moment::idle, i / 10, i % 10).kind];
        ++requested[f.draw(moment::requested, i / 10, i % 10).kind];
    }
    EXPECT_NEAR(idle[fault_kind::none], 0.7 * draws, 0.01 * draws);
    EXPECT_NEAR(idle[fault_kind::idle_fin], 0.2 * draws, 0.01 * draws);
    EXPECT_NEAR(idle[fault_kind::idle_rst], 0.1 * draws, 0.01 * draws);
    EXPECT_NEAR(requested[fault_kind::dribble], 0.5 * draws, 0.01 * draws);
}

TEST(fates, repeat_with_the_seed_and_with_no_other) {
    const std::vector<fault> two{{.kind = fault_kind::none}, {.kind = fault_kind::idle_fin}};
    const auto story = [&](std::uint64_t seed, std::uint64_t connection) {
        const fates f = with(two, seed);
        std::string all;
        for (std::uint64_t turn = 0; turn < 64; ++turn)
            all += f.draw(moment::idle, connection, turn).kind == fault_kind::none ? '.' : 'x';
        return all;
    };
    EXPECT_EQ(story(1, 1), story(1, 1));
    std::set<std::string> different;
    for (std::uint64_t n = 0; n < 20; ++n) {
        different.insert(story(n, 1));
        different.insert(story(1, n + 2));
    }
    EXPECT_EQ(different.size(), 40U);
}

TEST(fates, fill_in_what_kinds_say_of_time_and_count) {
    EXPECT_EQ(with({{.kind = fault_kind::idle_fin}}).draw(moment::idle, 1, 1).time, 5s);
    EXPECT_EQ(with({{.kind = fault_kind::idle_fin, .time = 7ms}}).draw(moment::idle, 1, 1).time, 7ms);
    EXPECT_EQ(with({{.kind = fault_kind::slow_handshake}}).draw(moment::connected, 1, 0).time, 1s);
    EXPECT_EQ(with({{.kind = fault_kind::dribble}}).draw(moment::requested, 1, 1).time, 10ms);
    EXPECT_EQ(with({{.kind = fault_kind::close_after}}).draw(moment::connected, 1, 0).count, 100U);
    EXPECT_EQ(with({{.kind = fault_kind::close_after, .count = 2}}).draw(moment::connected, 1, 0).count, 2U);
}

TEST(fault_names, are_different_and_lead_back) {
    std::set<std::string_view> names;
    for (std::size_t i = 0; i < fault_kinds; ++i) {
        const auto kind = static_cast<fault_kind>(i);
        EXPECT_TRUE(names.insert(to_string(kind)).second) << i;
        EXPECT_EQ(fault_named(to_string(kind)), kind);
        EXPECT_FALSE(description(kind).empty()) << i;
    }
    EXPECT_EQ(fault_named("unknown"), std::nullopt);
    EXPECT_EQ(fault_named(""), std::nullopt);
    EXPECT_EQ(to_string(static_cast<fault_kind>(200)), "unknown");
}

// The table is written in the order of the enumeration.
TEST(fault_names, are_those_of_the_enumerators) {
    EXPECT_EQ(to_string(fault_kind::none), "none");
    EXPECT_EQ(to_string(fault_kind::close_after_silently), "close_after_silently");
    EXPECT_EQ(to_string(fault_kind::idle_fin), "idle_fin");
    EXPECT_EQ(to_string(fault_kind::late_tickets), "late_tickets");
    EXPECT_EQ(to_string(fault_kind::early_answer), "early_answer");
    EXPECT_EQ(to_string(fault_kind::dribble), "dribble");
    EXPECT_EQ(to_string(fault_kind::framing_unasked_body), "framing_unasked_body");
}

}  // namespace
}  // namespace hearth::testing
