// The command line as a user meets it: hearth itself, and hearth soak.
#include "cli/process.hpp"
#include "support/scripted_server.hpp"

#include <hearth/testing/faulty_origin.hpp>

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <future>
#include <mutex>
#include <set>
#include <string>
#include <utility>
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
    expect_usage_error({"soak", "--idle", "9ms"}, "--idle must be at least 10 ms");
    expect_usage_error({"soak", "--posts", "101"}, "--posts");
    expect_usage_error({"soak", "--faults", "meteor"}, "there is no fault 'meteor'");
    expect_usage_error({"soak", "http://a/", "--faults", "cut_short"}, "--faults are of the server built in");
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

boost::json::object parsed(const ended& e) { return boost::json::parse(e.out).as_object(); }

std::int64_t number(const boost::json::object& all, std::string_view pass, std::string_view key) {
    return all.at(pass).at(key).to_number<std::int64_t>();
}

TEST(soak_command, a_plain_client_fails_requests_and_hearth_none) {
    const ended e = hearth({"soak", "--json", "--requests", "1500"});
    ASSERT_EQ(e.status, 0) << e.out << e.err;
    EXPECT_EQ(e.err, "") << "progress without a terminal";
    const auto both = parsed(e);
    EXPECT_EQ(number(both, "plain", "requests"), 1'500);
    EXPECT_GT(number(both, "plain", "failed"), 0);
    EXPECT_EQ(number(both, "plain", "replays") + number(both, "plain", "retries"), 0);
    EXPECT_EQ(number(both, "hearth", "requests"), 1'500);
    EXPECT_EQ(number(both, "hearth", "failed"), 0);
    EXPECT_EQ(number(both, "hearth", "executed_twice"), 0);
    EXPECT_GT(number(both, "hearth", "caught_in_flight"), 0);
    EXPECT_GE(number(both, "hearth", "replays"), number(both, "hearth", "caught_in_flight"));
    std::int64_t replays = 0;
    for (const auto& kind : both.at("hearth").at("replays_by_evidence").as_object()) replays += kind.value().as_int64();
    EXPECT_EQ(replays, number(both, "hearth", "replays"));
}

TEST(soak_command, runs_against_a_given_server) {
    testing::faulty_origin origin({.idle_timeout = 100ms});
    const ended e = hearth({"soak", origin.url() + "/", "--requests", "200", "--concurrency", "20", "--idle", "100ms"});
    EXPECT_EQ(e.status, 0) << e.out << e.err;
    EXPECT_TRUE(has(e.out, "200 GETs, ")) << e.out;
    EXPECT_TRUE(has(e.out, "Hearth failed none of 200 requests;")) << e.out;
    EXPECT_FALSE(has(e.out, "twice")) << e.out;
    EXPECT_FALSE(has(e.out, "\033")) << "colour without a terminal";
    EXPECT_GE(origin.report().requests, 200U);
}

/// Answers everything, and keeps the heads of the requests.
class recording_server {
public:
    recording_server()
        : server_([this](peer& p) {
              for (std::string head = p.read_head(); !head.empty(); head = p.read_head()) {
                  const std::size_t length = head.find("Content-Length: ");
                  if (length != std::string::npos) (void)p.read_exactly(std::stoul(head.substr(length + 16)));
                  {
                      const std::scoped_lock lock(mutex_);
                      heads_.push_back(head);
                  }
                  p.respond("ok");
              }
          }) {}

    [[nodiscard]] std::string url() const { return server_.url(); }
    [[nodiscard]] std::vector<std::string> take() {
        const std::scoped_lock lock(mutex_);
        return std::exchange(heads_, {});
    }

private:
    std::mutex mutex_;
    std::vector<std::string> heads_;
    scripted_server server_;
};

/// "GPPG...": the methods in order. Adds the ids to `ids`.
std::string methods(const std::vector<std::string>& heads, std::set<std::string>& ids) {
    std::string letters;
    for (const std::string& head : heads) {
        letters += head.front();
        const std::size_t id = head.find("x-request-id: ");
        if (id != std::string::npos) ids.insert(head.substr(id, head.find('\r', id) - id));
    }
    return letters;
}

TEST(soak_command, the_same_seed_sends_the_same_requests_under_other_ids) {
    recording_server server;
    std::set<std::string> ids;
    const auto sent = [&](const char* seed) {
        const ended e = hearth({"soak", server.url(), "--requests", "20", "--concurrency", "1", "--idle", "4ms", "--posts",
                                "50", "--seed", seed});
        EXPECT_EQ(e.status, 0) << e.out << e.err;
        EXPECT_TRUE(has(e.out, "20 requests, 50 % of them POSTs")) << e.out;
        return methods(server.take(), ids);
    };
    const std::string first = sent("7");
    ASSERT_EQ(first.size(), 40U);
    EXPECT_EQ(first.substr(0, 20), first.substr(20)) << "both clients send the same";
    EXPECT_TRUE(has(first, "G") && has(first, "P")) << first;
    EXPECT_EQ(sent("7"), first);
    EXPECT_NE(sent("8"), first);
    EXPECT_EQ(ids.size(), 120U);
}

/// Answers one request, and closes when it has read the next.
void read_and_close(peer& p) {
    (void)p.read_head();
    p.respond("ok");
    (void)p.read_head();
    p.half_close();
}

TEST(soak_command, a_lost_post_that_may_have_been_executed_is_no_failure) {
    scripted_server server(read_and_close);
    const ended e =
        hearth({"soak", server.url(), "--json", "--requests", "2", "--concurrency", "1", "--idle", "2ms", "--posts", "100"});
    EXPECT_EQ(e.status, 0) << e.out << e.err;
    const auto both = parsed(e);
    for (const char* pass : {"plain", "hearth"}) {
        EXPECT_EQ(number(both, pass, "requests"), 2) << e.out;
        EXPECT_EQ(number(both, pass, "maybe_executed"), 1) << e.out;
        EXPECT_EQ(number(both, pass, "failed"), 0) << e.out;
    }
    EXPECT_EQ(number(both, "hearth", "replays"), 0) << e.out;
    EXPECT_TRUE(both.at("hearth").at("executed_twice").is_null());
}

TEST(soak_command, a_lost_get_is_a_failure_of_the_client_that_does_not_repeat_it) {
    scripted_server server(read_and_close);
    const ended e = hearth({"soak", server.url(), "--json", "--requests", "2", "--concurrency", "1", "--idle", "2ms"});
    EXPECT_EQ(e.status, 0) << e.out << e.err;
    const auto both = parsed(e);
    EXPECT_EQ(number(both, "plain", "failed"), 1) << e.out;
    EXPECT_EQ(number(both, "hearth", "failed"), 0) << e.out;
    EXPECT_EQ(number(both, "hearth", "replays"), 1) << e.out;
}

TEST(soak_command, does_worse_where_it_is_asked_to) {
    const ended e = hearth({"soak", "--json", "--requests", "600", "--faults", "execute_then_rst=3"});
    const auto both = parsed(e);
    // A GET that meets the fault at every try fails.
    EXPECT_EQ(e.status, number(both, "hearth", "failed") == 0 ? 0 : 1) << e.out << e.err;
    EXPECT_GT(number(both, "hearth", "maybe_executed"), 0) << "POSTs are not sent again";
    EXPECT_GT(number(both, "hearth", "repeated_safely"), 0) << "GETs are";
    EXPECT_EQ(number(both, "hearth", "executed_twice"), 0);
    EXPECT_GT(number(both, "plain", "maybe_executed"), 0);
}

TEST(soak_command, exits_with_1_when_hearth_fails) {
    const ended e = hearth({"soak", "--requests", "200", "--posts", "0", "--faults", "cut_short=50"});
    EXPECT_EQ(e.status, 1) << e.out << e.err;
    EXPECT_TRUE(has(e.out, "Asked for besides: cut_short (50 %).")) << e.out;
    EXPECT_TRUE(has(e.out, "truncated_response")) << e.out;
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

TEST(soak_command, says_what_hearth_had_on_ctrl_c) {
    std::promise<void> asked;
    scripted_server server({[](peer& p) {
                                (void)p.read_head();
                                p.respond("for the plain client");
                                p.wait_closed();
                            },
                            [&](peer& p) {
                                (void)p.read_head();
                                asked.set_value();
                                p.hold();
                            }});
    process soak({HEARTH_BINARY, "soak", server.url(), "--requests", "1", "--idle", "1ms"});
    ASSERT_EQ(asked.get_future().wait_for(60s), std::future_status::ready);
    soak.send_signal(SIGINT);
    const ended e = soak.wait();
    EXPECT_EQ(e.status, 130);
    EXPECT_TRUE(has(e.out, "Interrupted: so far Hearth failed none of 0 requests")) << e.out;
}

TEST(soak_command, shows_its_progress_on_a_terminal) {
    const std::string command = std::string(HEARTH_BINARY) + " soak --requests 400";
    const ended e = run({"/usr/bin/env", "TERM=xterm", "script", "--quiet", "--return", "--command", command, "/dev/null"});
    EXPECT_EQ(e.status, 0) << e.out << e.err;
    EXPECT_TRUE(has(e.out, "\rplain  [")) << e.out;
    EXPECT_TRUE(has(e.out, "\rHearth [")) << e.out;
    EXPECT_TRUE(has(e.out, " of 400 requests, ")) << e.out;
    EXPECT_TRUE(has(e.out, "\033[32m")) << "colour: " << e.out;
}

}  // namespace
}  // namespace hearth::test
