#include "soak_faults.hpp"

#include "cli_common.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace hearth::cli {
namespace {

using testing::fault_kind;

std::string complaint(std::string_view list) {
    try {
        (void)parse_faults(list);
    } catch (const usage_error& e) {
        return e.what();
    }
    return "";
}

/// How many of 100 draws among `faults` give `kind`, when all of `faults` may be drawn.
double share(const std::vector<testing::fault>& faults, fault_kind kind) {
    double all = 0;
    double its = 0;
    for (const testing::fault& f : faults) {
        all += f.weight;
        if (f.kind == kind) its += f.weight;
    }
    return 100 * its / all;
}

TEST(soak_faults, are_understood) {
    const auto wanted = parse_faults("idle_rst=30,idle_fin");
    ASSERT_EQ(wanted.size(), 2U);
    EXPECT_EQ(wanted[0].kind, fault_kind::idle_rst);
    EXPECT_EQ(wanted[0].percent, 30U);
    EXPECT_EQ(wanted[1].kind, fault_kind::idle_fin);
    EXPECT_EQ(wanted[1].percent, 1U);
}

TEST(soak_faults, that_cannot_be_are_refused_in_words) {
    for (const char* bad : {"", ",", "idle_rst,", "meteor", "none", "idle_close_notify", "=5"})
        EXPECT_NE(complaint(bad).find(", idle_fin, idle_rst, "), std::string::npos) << bad << ": " << complaint(bad);
    for (const char* bad : {"idle_rst=", "idle_rst=0", "idle_rst=101", "idle_rst=1.5", "idle_rst=-1", "idle_rst=1%"})
        EXPECT_NE(complaint(bad).find("write idle_rst=PERCENT, from 1 to 100"), std::string::npos) << bad;
    EXPECT_NE(complaint("idle_rst=60,idle_fin=41").find("add up to 101 %"), std::string::npos);
}

TEST(soak_faults, are_closes_in_flight_unless_something_else_is_wanted) {
    const auto usual = weigh_faults({});
    ASSERT_EQ(usual.size(), 1U);
    EXPECT_EQ(usual[0].kind, fault_kind::idle_fin);
    EXPECT_TRUE(usual[0].in_flight);
}

TEST(soak_faults, happen_as_often_as_wanted) {
    const auto mixed = weigh_faults(parse_faults("idle_rst=30"));
    EXPECT_NEAR(share(mixed, fault_kind::idle_rst), 30, 0.1);
    EXPECT_NEAR(share(mixed, fault_kind::idle_fin), 70, 0.1);
    EXPECT_TRUE(std::ranges::all_of(mixed, [](const auto& f) { return f.in_flight || f.kind == fault_kind::none; }));
    EXPECT_NEAR(share(weigh_faults(parse_faults("idle_rst=100")), fault_kind::idle_rst), 100, 0.2);
}

TEST(soak_faults, of_requests_do_not_take_the_place_of_closes) {
    const auto faults = weigh_faults(parse_faults("execute_then_rst=2,cut_short=3,close_after_silently=50"));
    const auto weight = [&](fault_kind kind) {
        return static_cast<double>(std::ranges::find(faults, kind, &testing::fault::kind)->weight);
    };
    const double nothing = weight(fault_kind::none);
    const double of_requests = nothing + weight(fault_kind::execute_then_rst) + weight(fault_kind::cut_short);
    EXPECT_NEAR(weight(fault_kind::execute_then_rst) / of_requests, 0.02, 0.001);
    EXPECT_NEAR(weight(fault_kind::cut_short) / of_requests, 0.03, 0.001);
    EXPECT_NEAR(weight(fault_kind::close_after_silently) / (nothing + weight(fault_kind::close_after_silently)), 0.5, 0.001);
    EXPECT_NEAR(weight(fault_kind::idle_fin) / (nothing + weight(fault_kind::idle_fin)), 1, 0.002);
}

}  // namespace
}  // namespace hearth::cli
