#include "soak_report.hpp"

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include <string>

namespace hearth::cli {
namespace {

using namespace std::chrono_literals;

pass_result lossy() {
    return {.requests = 12'000,
            .failed = 300,
            .errors = {{"connection_closed", 290}, {"connection_reset", 10}},
            .connections = 400,
            .latencies = {1ms, 2ms, 3ms, 1'500ms}};
}

pass_result whole() {
    return {.requests = 12'000, .connections = 380, .noticed = 270, .replays = 17, .latencies = {1ms, 2ms}};
}

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

TEST(soak_report, puts_both_side_by_side) {
    const std::string table = as_table({lossy(), whole()}, {});
    EXPECT_TRUE(has(table, "300 (2.5 %)         0 (0 %)\n")) << table;
    EXPECT_TRUE(has(table, "  connection_closed                                290               -\n")) << table;
    EXPECT_TRUE(has(table, "sent again on a fresh connection                     0              17\n")) << table;
    EXPECT_TRUE(has(table, "\nHearth failed none of 12,000 requests; the plain client failed 300 (2.5 %) of 12,000.\n"))
        << table;
    EXPECT_FALSE(has(table, "\033")) << "colour without being asked";
}

TEST(soak_report, lines_up_in_colour_too) {
    const std::string plain = as_table({lossy(), whole()}, {});
    std::string painted = as_table({lossy(), whole()}, {.on = true});
    EXPECT_TRUE(has(painted, "\033[31m"));
    for (std::size_t at = 0; (at = painted.find('\033')) != std::string::npos;)
        painted.erase(at, painted.find('m', at) - at + 1);
    EXPECT_EQ(painted, plain);
}

TEST(soak_report, says_when_there_was_no_server_at_all) {
    pass_result none{.requests = 10, .failed = 10, .errors = {{"connection_refused", 10}}};
    EXPECT_TRUE(has(as_table({none, none}, {}), "\nHearth failed every request: is the server there?\n"));
}

TEST(soak_report, says_what_an_interruption_left_out) {
    pass_result plain = lossy();
    plain.interrupted = true;
    const std::string table = as_table({plain, {}}, {});
    EXPECT_TRUE(has(table, "Interrupted before Hearth's turn.")) << table;
    EXPECT_EQ(boost::json::parse(as_json({plain, {}})).at("hearth"), nullptr);
}

TEST(soak_report, json_has_its_documented_shape) {
    const auto both = boost::json::parse(as_json({lossy(), whole()}));
    const auto expected = boost::json::parse(R"({
        "plain": {"requests": 12000, "failed": 300, "errors": {"connection_closed": 290, "connection_reset": 10}, "replays": 0,
                  "retries": 0, "connections": 400, "latency_ms": {"p50": 2.0, "p99": 1500.0, "max": 1500.0}, "interrupted": false},
        "hearth": {"requests": 12000, "failed": 0, "errors": {}, "replays": 17, "retries": 0, "connections": 380,
                   "latency_ms": {"p50": 1.0, "p99": 2.0, "max": 2.0}, "interrupted": false}})");
    EXPECT_EQ(both, expected);
}

TEST(soak_report, latencies_are_by_nearest_rank) {
    pass_result p;
    EXPECT_EQ(p.latency(0.99), 0us);
    for (int i = 1; i <= 100; ++i) p.latencies.emplace_back(i);
    EXPECT_EQ(p.latency(0), 1us);
    EXPECT_EQ(p.latency(0.5), 50us);
    EXPECT_EQ(p.latency(0.99), 99us);
    EXPECT_EQ(p.latency(1), 100us);
}

TEST(cli_text, numbers_and_durations_read_well) {
    EXPECT_EQ(with_commas(0), "0");
    EXPECT_EQ(with_commas(999), "999");
    EXPECT_EQ(with_commas(1'000), "1,000");
    EXPECT_EQ(with_commas(1'234'567), "1,234,567");
    EXPECT_EQ(short_duration(250us), "0.25 ms");
    EXPECT_EQ(short_duration(9'996us), "10.0 ms");
    EXPECT_EQ(short_duration(999'600us), "1.00 s");
    EXPECT_EQ(short_duration(150s), "150 s");
}

TEST(cli_text, durations_are_understood) {
    EXPECT_EQ(parse_duration("250ms"), 250ms);
    EXPECT_EQ(parse_duration("5"), 5'000ms);
    EXPECT_EQ(parse_duration("0.5s"), 500ms);
    EXPECT_EQ(parse_duration("2m"), 120'000ms);
    EXPECT_EQ(parse_duration("24h"), 86'400'000ms);
    for (const char* bad : {"", "ms", "5 s", "-1s", "0", "25h", "1e99", "nan", "inf", "5x"})
        EXPECT_FALSE(parse_duration(bad)) << bad;
}

}  // namespace
}  // namespace hearth::cli
