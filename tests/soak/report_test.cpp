#include "soak_report.hpp"

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace hearth::cli {
namespace {

using namespace std::chrono_literals;

pass_result lossy() {
    return {.requests = 12'000,
            .failed = 300,
            .errors = {{"connection_closed", 290}, {"connection_reset", 10}},
            .connections = 400,
            .facts = server_facts{.caught_in_flight = 298},
            .latencies = {1ms, 2ms, 3ms, 1'500ms}};
}

pass_result whole() {
    pass_result p{.requests = 12'000,
                  .connections = 380,
                  .noticed = 270,
                  .replays = 17,
                  .facts = server_facts{.repeated_safely = 2, .caught_in_flight = 16},
                  .latencies = {1ms, 2ms}};
    p.replays_by_evidence[static_cast<std::size_t>(evidence::closed_before)] = 8;
    p.replays_by_evidence[static_cast<std::size_t>(evidence::unacknowledged)] = 6;
    p.replays_by_evidence[static_cast<std::size_t>(evidence::none)] = 3;
    return p;
}

/// As of a server that is not ours.
pass_result without_facts(pass_result p) {
    p.facts.reset();
    return p;
}

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

/// What stands in the two columns of the line that begins with `label`.
std::vector<std::string> cells(const std::string& table, std::string_view label) {
    const std::size_t at = table.find("\n" + std::string(label) + "  ");
    if (at == std::string::npos) return {};
    const std::string line = table.substr(at + 1, table.find('\n', at + 1) - at - 1);
    if (line.size() != 70) return {"wrong width: " + line};
    const auto trimmed = [](const std::string& cell) {
        return cell.substr(std::min(cell.find_first_not_of(' '), cell.size()));
    };
    return {trimmed(line.substr(40, 15)), trimmed(line.substr(55, 15))};
}

using row = std::vector<std::string>;

TEST(soak_report, puts_both_side_by_side) {
    const std::string table = as_table({lossy(), whole()}, {});
    EXPECT_EQ(cells(table, "requests"), (row{"12,000", "12,000"})) << table;
    EXPECT_EQ(cells(table, "failed"), (row{"300 (2.5 %)", "0 (0 %)"}));
    EXPECT_EQ(cells(table, "  connection_closed"), (row{"290", "-"}));
    EXPECT_EQ(cells(table, "lost, and maybe executed"), (row{"0", "0"}));
    EXPECT_EQ(cells(table, "POSTs executed twice"), (row{"0", "0"}));
    EXPECT_EQ(cells(table, "GETs executed twice, without harm"), (row{"0", "2"}));
    EXPECT_EQ(cells(table, "caught in flight"), (row{"298", "16"}));
    EXPECT_EQ(cells(table, "sent again at once"), (row{"0", "17"}));
    EXPECT_EQ(cells(table, "  proven: it met a closed socket"), (row{"-", "8"}));
    EXPECT_EQ(cells(table, "  safe to repeat; not acknowledged"), (row{"-", "9"}));
    EXPECT_EQ(cells(table, "latency of the answered  p50"), (row{"2.00 ms", "1.00 ms"}));
    EXPECT_TRUE(has(table,
                    "\nHearth failed none of 12,000 requests and had no POST executed twice; the plain client failed "
                    "300 (2.5 %) of 12,000.\n"))
        << table;
    EXPECT_FALSE(has(table, "\033")) << "colour without being asked";
}

TEST(soak_report, says_nothing_of_what_only_the_server_could_know) {
    const std::string table = as_table({without_facts(lossy()), without_facts(whole())}, {});
    EXPECT_FALSE(has(table, "twice")) << table;
    EXPECT_FALSE(has(table, "in flight")) << table;
    EXPECT_EQ(cells(table, "sent again at once"), (row{"0", "17"}));
}

TEST(soak_report, hides_no_failure_of_hearth) {
    pass_result bad = whole();
    EXPECT_TRUE(kept_its_promise(bad));
    EXPECT_TRUE(kept_its_promise(without_facts(bad)));
    bad.maybe_executed = 7;
    EXPECT_TRUE(kept_its_promise(bad)) << "the caller was told the truth";
    const std::string honest = as_table({lossy(), bad}, {});
    EXPECT_EQ(cells(honest, "lost, and maybe executed"), (row{"0", "7"}));
    EXPECT_TRUE(has(honest, "\nHearth lost 7 POSTs that the server may have executed, sent none of them again")) << honest;
    bad.facts->executed_twice = 1;
    EXPECT_FALSE(kept_its_promise(bad));
    EXPECT_TRUE(has(as_table({lossy(), bad}, {}), "failed none of 12,000 requests and had 1 POST executed twice; "));
    bad = whole();
    bad.failed = 2;
    bad.errors = {{"malformed_response", 2}};
    EXPECT_FALSE(kept_its_promise(bad));
    const std::string table = as_table({lossy(), bad}, {});
    EXPECT_EQ(cells(table, "  malformed_response"), (row{"-", "2"})) << table;
    EXPECT_TRUE(has(table, "\nHearth failed 2 of 12,000 requests and")) << table;
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
    pass_result interrupted = without_facts(lossy());
    interrupted.interrupted = true;
    const auto both = boost::json::parse(as_json({interrupted, whole()}));
    const auto expected = boost::json::parse(R"({
        "plain": {"requests": 12000, "failed": 300, "errors": {"connection_closed": 290, "connection_reset": 10},
                  "maybe_executed": 0, "executed_twice": null, "repeated_safely": null, "caught_in_flight": null,
                  "replays": 0, "replays_by_evidence": {}, "retries": 0, "stale_found_before_use": 0, "connections": 400,
                  "latency_ms": {"p50": 2.0, "p99": 1500.0, "max": 1500.0}, "interrupted": true},
        "hearth": {"requests": 12000, "failed": 0, "errors": {},
                   "maybe_executed": 0, "executed_twice": 0, "repeated_safely": 2, "caught_in_flight": 16,
                   "replays": 17, "replays_by_evidence": {"closed_before": 8, "unacknowledged": 6, "none": 3}, "retries": 0,
                   "stale_found_before_use": 270, "connections": 380,
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
