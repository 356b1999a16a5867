// The report for people.
#include "load_report.hpp"

#include "load/results.hpp"

#include <gtest/gtest.h>

#include <string>

namespace hearth::cli {
namespace {

using namespace std::chrono_literals;

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

TEST(load_report, says_it_all) {
    const std::string text = as_text(some_result(), painter{false});
    for (const char* part :
         {"GET http://localhost:8080/, 10 at a time, for 1.00 s\n", "answered        96, 96.0 a second\n",
          "failed          4 (4.0 %)\n", "  200             90 (93.8 %)\n", "  503             6 (6.2 %)\n",
          "         4 connection_reset while in phase headers, evidence: acknowledged\n", "max                    96.0 ms\n",
          "min                    1.00 ms\n", "3.00 ms to  5.00 ms  ###                                      2.1 %\n",
          "opened          12\n", "reused          for 88 requests\n", "stale, idle     3 seen", "stale, at use   1 found",
          "stale, in use   2 whose", "replays         2 (closed_before 2)\n",
          "CPU             100.0 us a request (40.0 user, 60.0 system), 1 % of a core\n"}) {
        EXPECT_TRUE(has(text, part)) << part << "\n" << text;
    }
    EXPECT_FALSE(has(text, "It was busy"));
    EXPECT_FALSE(has(text, "service time"));
    EXPECT_FALSE(has(text, "\033"));
}

TEST(load_report, with_a_rate_service_time_stands_beside) {
    load_result r = some_result();
    r.target_rate = 100;
    r.service_time.emplace();
    for (int i = 0; i < 96; ++i) r.service_time->record(1ms);
    r.unsent = 7;
    const std::string text = as_text(r, painter{false});
    EXPECT_TRUE(has(text, "from when due      service time\n")) << text;
    EXPECT_TRUE(has(text, "max                    96.0 ms           1.00 ms\n")) << text;
    EXPECT_TRUE(has(text, "rate asked for  100 a second\n")) << text;
    EXPECT_TRUE(has(text, "not begun       7 were due")) << text;
}

TEST(load_report, warns_where_the_generator_was_the_limit) {
    load_result r = some_result();
    r.cpu_share = 0.97;
    EXPECT_TRUE(has(as_text(r, painter{false}), "It was busy all the time"));
}

TEST(load_report, nothing_answered_is_told_without_latencies) {
    const std::string text = as_text(load_result(), painter{false});
    EXPECT_TRUE(has(text, "answered        0, 0 a second\n")) << text;
    EXPECT_FALSE(has(text, "Latency"));
}

TEST(load_report, what_peers_say_does_not_drive_the_terminal) {
    load_result r;
    r.errors[{"code", "phase", "none"}] = {.count = 1, .message = "\033[2J"};
    EXPECT_TRUE(has(as_text(r, painter{false}), "\\x1B[2J"));
}

TEST(load_report, rows_cover_all_values_and_fit_a_screen) {
    for (const std::uint64_t min : {0U, 1U, 99U, 100U, 123'456U, 50'000'000U}) {
        for (const std::uint64_t over : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{1'000}, std::uint64_t{77'000'000},
                                         std::uint64_t{100'000'000'000}}) {
            const auto rows = histogram_rows(min, min + over);
            ASSERT_GE(rows.size(), 2U) << min << " " << over;
            EXPECT_LE(rows.size(), 18U) << min << " " << over;
            EXPECT_LE(rows.front(), min) << min << " " << over;
            EXPECT_GT(rows.back(), min + over) << min << " " << over;
            EXPECT_TRUE(std::ranges::is_sorted(rows));
        }
    }
}

TEST(load_report, progress_while_it_runs) {
    load_plan plan;
    plan.concurrency = 10;
    plan.duration = 2s;
    plan.requests.emplace_back("GET", "http://localhost/?secret");
    const load_result r = some_result();
    const std::string text = progress_text({.so_far = r, .elapsed = 1s, .in_flight = 3}, plan);
    EXPECT_TRUE(text.starts_with("1.00 s of 2.00 s  ")) << text;
    EXPECT_TRUE(has(text, "96 answered, 4 failed")) << text;
    EXPECT_TRUE(text.ends_with("3 in flight")) << text;
    EXPECT_EQ(progress_text({.so_far = r, .elapsed = -1500ms, .in_flight = 3}, plan),
              "warming up, 1.50 s more, 3 in flight");
    EXPECT_EQ(introduction(plan), "GET http://localhost/, 10 at a time, for 2.00 s");
    plan.count = 5000;
    plan.rate = 100;
    EXPECT_EQ(introduction(plan), "GET http://localhost/, 100 a second, up to 10 at a time, 5,000 requests, at most 2.00 s");
}

}  // namespace
}  // namespace hearth::cli
