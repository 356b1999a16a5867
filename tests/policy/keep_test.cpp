#include "policy/keep.hpp"

#include <gtest/gtest.h>

namespace hearth::policy {
namespace {

using namespace std::chrono_literals;
constexpr std::uint64_t unlimited = keep_hints::unlimited;

keep_terms terms_after(std::optional<std::chrono::seconds> timeout, const agent_options& options = {}) {
    keep_hints hints;
    hints.heard(timeout, {}, 1);
    return keep(hints, 1, options);
}

TEST(keep, without_a_hint_for_keep_alive_timeout) {
    const keep_terms terms = terms_after({});
    EXPECT_TRUE(terms.keep);
    EXPECT_EQ(terms.idle_limit, 55s);
    EXPECT_EQ(terms.idle_reason, close_reason::idle);
    EXPECT_EQ(terms.requests_left, unlimited);
}

// Behaviour 33.
TEST(keep, a_hint_less_the_threshold) {
    const keep_terms terms = terms_after(5s);
    EXPECT_TRUE(terms.keep);
    EXPECT_EQ(terms.idle_limit, 4s);
    EXPECT_EQ(terms.idle_reason, close_reason::hint);
    EXPECT_EQ(terms_after(120s).idle_limit, 119s) << "a hint may be longer than keep_alive_timeout";
    EXPECT_EQ(terms_after(5s, {.keep_alive_timeout_threshold = 0ms}).idle_limit, 5s);
    EXPECT_EQ(terms_after(5s, {.keep_alive_timeout_threshold = 4999ms}).idle_limit, 1ms);
}

TEST(keep, not_when_the_threshold_leaves_no_time) {
    for (const auto hint : {0s, 1s}) {
        const keep_terms terms = terms_after(hint);
        EXPECT_FALSE(terms.keep);
        EXPECT_EQ(terms.reason, close_reason::hint);
    }
}

TEST(keep, a_hint_is_capped) {
    EXPECT_EQ(terms_after(86400s).idle_limit, 599s);
    EXPECT_EQ(terms_after(std::chrono::seconds::max()).idle_limit, 599s);
    EXPECT_EQ(terms_after(86400s, {.keep_alive_max_timeout = 1500ms}).idle_limit, 500ms);
    EXPECT_FALSE(terms_after(86400s, {.keep_alive_max_timeout = 1ms}).keep);
}

TEST(keep, never_when_keep_alive_is_off) {
    const keep_terms terms = terms_after(5s, {.keep_alive = false});
    EXPECT_FALSE(terms.keep);
    EXPECT_EQ(terms.reason, close_reason::response);
}

TEST(keep, a_hint_holds_until_the_next_one) {
    keep_hints hints;
    hints.heard(5s, 10, 1);
    hints.heard({}, {}, 2);
    EXPECT_EQ(hints.timeout(), 5s);
    EXPECT_EQ(hints.requests_left(2), 8U);
    hints.heard(7s, {}, 3);
    EXPECT_EQ(hints.timeout(), 7s);
}

// Behaviour 34: a server that says the same max each time means the total.
TEST(keep, a_constant_max_is_the_total) {
    keep_hints hints;
    for (std::uint64_t done = 1; done <= 3; ++done) {
        hints.heard(5s, 3, done);
        EXPECT_EQ(hints.requests_left(done), 3 - done);
        EXPECT_EQ(keep(hints, done, {}).keep, done < 3);
    }
    EXPECT_EQ(keep(hints, 3, {}).reason, close_reason::requests);
}

// Apache says how many are left.
TEST(keep, a_max_that_goes_down_is_what_is_left) {
    keep_hints hints;
    hints.heard(5s, 99, 1);
    EXPECT_EQ(hints.requests_left(1), 98U) << "the first time it may be the total";
    for (std::uint64_t done = 2; done <= 100; ++done) {
        hints.heard(5s, 100 - done, done);
        EXPECT_EQ(hints.requests_left(done), 100 - done);
    }
    EXPECT_FALSE(keep(hints, 100, {}).keep);
}

TEST(keep, absurd_numbers_do_not_wrap) {
    keep_hints hints;
    hints.heard({}, 0, 5);
    EXPECT_EQ(hints.requests_left(5), 0U);
    hints.heard({}, unlimited, 6);
    EXPECT_EQ(hints.requests_left(6), unlimited);
    hints.heard({}, unlimited - 1, 7);
    EXPECT_EQ(hints.requests_left(7), unlimited - 8);
    hints.heard({}, unlimited - 2, 8);
    EXPECT_EQ(hints.requests_left(8), unlimited);
    hints.heard(-5s, {}, 9);
    EXPECT_EQ(hints.timeout(), 0s);
}

TEST(keep, hints_are_small) { EXPECT_LE(sizeof(keep_hints), 24U); }

}  // namespace
}  // namespace hearth::policy
