#include "testing/ledger.hpp"

#include <gtest/gtest.h>

#include <string>

namespace hearth::testing {
namespace {

TEST(ledger, ignores_requests_without_an_id) {
    ledger l;
    faulty_origin_report report;
    l.note("POST", "", false, report);
    l.note("POST", "", false, report);
    EXPECT_EQ(report.executed_twice, 0U);
    EXPECT_EQ(l.executed(""), 0U);
}

TEST(ledger, counts_every_repetition) {
    ledger l;
    faulty_origin_report report;
    for (int i = 0; i < 3; ++i) l.note("POST", "id", false, report);
    EXPECT_EQ(l.executed("id"), 3U);
    EXPECT_EQ(report.executed_twice, 2U);
    l.note("PUT", "id", false, report);
    EXPECT_EQ(report.executed_twice, 2U);
    EXPECT_EQ(report.repeated, 1U);
}

TEST(ledger, tells_what_must_not_be_repeated_from_what_may) {
    ledger l;
    faulty_origin_report report;
    for (const char* method : {"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"}) {
        l.note(method, method, false, report);
        l.note(method, method, false, report);
    }
    l.note("POST", "key", true, report);
    l.note("POST", "key", true, report);
    EXPECT_EQ(report.repeated, 7U);
    EXPECT_EQ(report.executed_twice, 0U);
    for (const char* method : {"PATCH", "LOCK", "get"}) {
        l.note(method, method, false, report);
        l.note(method, method, false, report);
    }
    EXPECT_EQ(report.executed_twice, 3U);
}

TEST(ledger, remembers_the_first_bytes_of_an_id_only) {
    ledger l;
    faulty_origin_report report;
    const std::string same(ledger::max_id_size, 'x');
    l.note("POST", same + "1", false, report);
    l.note("POST", same + "2", false, report);
    EXPECT_EQ(l.executed(same), 2U);
}

TEST(ledger, is_bounded) {
    ledger l(2);
    faulty_origin_report report;
    for (const char* id : {"a", "b", "c", "c", "a"}) l.note("POST", id, false, report);
    EXPECT_EQ(l.executed("a"), 2U);
    EXPECT_EQ(l.executed("c"), 0U);
    EXPECT_EQ(report.executed_twice, 1U);
}

}  // namespace
}  // namespace hearth::testing
