// The command line as a user meets it: hearth itself, and hearth soak.
#include "cli/process.hpp"

#include <hearth/testing/faulty_origin.hpp>

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <string>
#include <vector>

namespace hearth::test {
namespace {

using namespace std::chrono_literals;

ended hearth(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), HEARTH_BINARY);
    return run(std::move(arguments));
}

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

void expect_usage_error(const std::vector<std::string>& arguments, std::string_view part) {
    const ended e = hearth(arguments);
    EXPECT_EQ(e.status, 2) << e.err;
    EXPECT_EQ(e.out, "");
    EXPECT_EQ(std::ranges::count(e.err, '\n'), 1) << e.err;
    EXPECT_TRUE(has(e.err, part)) << e.err;
    EXPECT_TRUE(has(e.err, "(try: hearth ")) << e.err;
}

TEST(command, wrong_usage_is_told_in_one_line) {
    expect_usage_error({}, "say what to do");
    expect_usage_error({"warm"}, "there is no verb 'warm'");
    expect_usage_error({"help", "warm"}, "there is no verb 'warm'");
    expect_usage_error({"--colour"}, "--colour");
    expect_usage_error({"soak", "--colour"}, "--colour");
    expect_usage_error({"soak", "--requests", "0"}, "--requests");
    expect_usage_error({"soak", "--requests", "many"}, "--requests");
    expect_usage_error({"soak", "--requests"}, "--requests");
    expect_usage_error({"soak", "--concurrency", "10001"}, "--concurrency");
    expect_usage_error({"soak", "--idle", "soon"}, "write 500ms, 10s, 2m or 1h");
    expect_usage_error({"soak", "--idle", "0"}, "--idle");
    expect_usage_error({"soak", "ftp://example.com/"}, "ftp");
    expect_usage_error({"soak", "http://a/", "http://b/"}, "http://b/");
}

TEST(command, help_and_version_go_to_stdout) {
    for (const std::vector<std::string>& arguments :
         {std::vector<std::string>{"--help"}, {"help"}, {"help", "soak"}, {"soak", "--help"}, {"help", "get"}}) {
        const ended e = hearth(arguments);
        EXPECT_EQ(e.status, 0);
        EXPECT_TRUE(has(e.out, "Examples:")) << e.out;
        EXPECT_EQ(e.err, "");
    }
    EXPECT_EQ(hearth({"help", "soak"}).out, hearth({"soak", "--help"}).out);
    const ended version = hearth({"--version"});
    EXPECT_EQ(version.status, 0);
    EXPECT_TRUE(version.out.starts_with("hearth ")) << version.out;
}

TEST(soak_command, a_plain_client_fails_requests_and_hearth_none) {
    const ended e = hearth({"soak", "--json", "--requests", "1500", "--concurrency", "100", "--idle", "120ms"});
    ASSERT_EQ(e.status, 0) << e.out << e.err;
    EXPECT_EQ(e.err, "") << "progress without a terminal";
    const auto both = boost::json::parse(e.out).as_object();
    const auto& plain = both.at("plain").as_object();
    const auto& hearth = both.at("hearth").as_object();
    EXPECT_GT(plain.at("failed").to_number<int>(), 0);
    EXPECT_EQ(plain.at("requests").to_number<int>(), 1'500);
    EXPECT_EQ(plain.at("replays").to_number<int>() + plain.at("retries").to_number<int>(), 0);
    EXPECT_EQ(hearth.at("failed").to_number<int>(), 0);
    EXPECT_EQ(hearth.at("requests").to_number<int>(), 1'500);
}

TEST(soak_command, runs_against_a_given_server) {
    testing::faulty_origin origin({.idle_timeout = 100ms});
    const ended e = hearth({"soak", origin.url() + "/", "--requests", "200", "--concurrency", "20", "--idle", "100ms"});
    EXPECT_EQ(e.status, 0) << e.out << e.err;
    EXPECT_TRUE(has(e.out, "Hearth failed none of 200 requests")) << e.out;
    EXPECT_FALSE(has(e.out, "\033")) << "colour without a terminal";
    EXPECT_GE(origin.report().requests, 200U);
}

TEST(soak_command, exits_with_1_when_requests_fail) {
    std::string url;
    {
        testing::faulty_origin origin;
        url = origin.url() + "/";
    }
    const ended e = hearth({"soak", url, "--requests", "5", "--concurrency", "5", "--idle", "10ms"});
    EXPECT_EQ(e.status, 1) << e.out << e.err;
    EXPECT_TRUE(has(e.out, "connection_refused")) << e.out;
    EXPECT_TRUE(has(e.out, "is the server there?")) << e.out;
}

TEST(soak_command, ends_when_its_time_is_up) {
    const ended e = hearth({"soak", "--json", "--requests", "1000000", "--duration", "300ms"});
    EXPECT_EQ(e.status, 0) << e.out << e.err;
    const auto both = boost::json::parse(e.out).as_object();
    EXPECT_GT(both.at("hearth").at("requests").to_number<int>(), 0);
    EXPECT_LT(both.at("hearth").at("requests").to_number<int>(), 1'000'000);
}

TEST(soak_command, says_what_it_has_on_ctrl_c) {
    process soak({HEARTH_BINARY, "soak", "--requests", "1000000"});
    ASSERT_TRUE(soak.wait_for_out("then by Hearth"));
    soak.send_signal(SIGINT);
    const ended e = soak.wait();
    EXPECT_EQ(e.status, 130);
    EXPECT_TRUE(has(e.out, "connections opened")) << e.out;
    EXPECT_TRUE(has(e.out, "Interrupted before Hearth's turn.")) << e.out;
}

}  // namespace
}  // namespace hearth::test
