// How long it runs, and how fast: durations, rates, and what a stall of the server does to latency.

#include "cli/load_support.hpp"
#include "cli/running_origin.hpp"

#include <csignal>
#include <thread>

namespace hearth::test {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;

TEST(load_rate, a_duration_ends_it) {
    faulty_origin origin;
    const json::object o = load_json({"-d", "300ms", "-c", "2", origin.url() + "/"});
    EXPECT_GT(count_of(o, "requests"), 0U);
    EXPECT_EQ(origin.report().requests, count_of(o, "requests"));
    EXPECT_GE(o.at("duration_s").as_double(), 0.3);
}

TEST(load_rate, of_duration_and_requests_the_first_ends_it) {
    faulty_origin origin;
    EXPECT_EQ(load_json({"-d", "1h", "-n", "5", origin.url() + "/"}).at("requests"), 5);
    const json::object o = load_json({"-d", "200ms", "-n", "1000000000", "-c", "1", origin.url() + "/slow/20"});
    EXPECT_LE(count_of(o, "requests"), 10U);
}

TEST(load_rate, a_server_that_hangs_is_given_up_and_not_counted) {
    faulty_origin origin;
    const json::object o = load_json({"-d", "100ms", "-c", "3", origin.url() + "/slow/60000"});
    EXPECT_EQ(o.at("requests"), 0);
    EXPECT_EQ(o.at("unfinished"), 3);
}

TEST(load_rate, requests_begin_when_they_are_due) {
    faulty_origin origin;
    const json::object o = load_json({"-r", "100", "-n", "50", origin.url() + "/"});
    EXPECT_EQ(o.at("requests"), 50);
    EXPECT_EQ(o.at("unsent"), 0);
    EXPECT_EQ(o.at("target_rate"), 100);
    EXPECT_GE(o.at("duration_s").as_double(), 0.5);
    EXPECT_LE(o.at("rate").as_double(), 100.0);
    EXPECT_EQ(o.at("service_time_histogram").at("count"), 50);
}

TEST(load_rate, a_queue_of_one_counts_waiting_as_latency) {
    faulty_origin origin;
    // The first request takes a second; forty more are due while it does, and each waits for what is left of it.
    std::vector<std::string> arguments{"-r", "50", "-n", "40", "-c", "1", origin.url() + "/slow/1000"};
    for (int i = 1; i < 40; ++i) arguments.push_back(origin.url() + "/");
    const json::object o = load_json(arguments);
    EXPECT_GE(over(o.at("histogram"), 490ms), 25U);
    EXPECT_GE(o.at("latency_ms").at("p50").as_double(), 590);
    EXPECT_LE(o.at("service_time_ms").at("p50").as_double(), o.at("latency_ms").at("p50").as_double());
}

TEST(load_rate, a_stall_of_the_server_shows_in_the_corrected_latency) {
    running_origin origin({"-v"});
    process load(load_command({"--json", "-r", "100", "-d", "4s", "-c", "4", origin.url() + "/"}));
    ASSERT_TRUE(origin.its_process().wait_for_err("\n"));
    // The whole origin stands still for a second: what is measured, not a wait for something.
    origin.its_process().send_signal(SIGSTOP);
    std::this_thread::sleep_for(1s);
    origin.its_process().send_signal(SIGCONT);
    const json::object o = only_object(load.wait().out);
    EXPECT_GE(o.at("latency_ms").at("p99").as_double(), 500);
    // A hundred were due meanwhile, and fifty of these for at least half of it; only four were under way.
    EXPECT_GE(over(o.at("histogram"), 480ms), 40U);
    EXPECT_LT(over(o.at("service_time_histogram"), 480ms), over(o.at("histogram"), 480ms));
    EXPECT_GE(over(o.at("service_time_histogram"), 900ms), 1U);
}

TEST(load_rate, what_was_due_and_found_no_place_is_told) {
    faulty_origin origin;
    const json::object o = load_json({"-r", "100", "-d", "400ms", "-c", "1", origin.url() + "/slow/1000"});
    EXPECT_EQ(o.at("requests"), 1);
    EXPECT_EQ(o.at("unsent"), 39);
}

TEST(load_rate, warming_up_comes_before_the_schedule_counts) {
    faulty_origin origin;
    const json::object o = load_json({"-r", "100", "-n", "20", "--warm-up", "200ms", origin.url() + "/"});
    EXPECT_EQ(o.at("requests"), 20);
    EXPECT_EQ(origin.report().requests, 40U);
}

}  // namespace
}  // namespace hearth::test
