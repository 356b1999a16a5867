// How it ends: exit status, the one line that says why, Ctrl-C.

#include "cli/get_support.hpp"

#include <csignal>

namespace hearth::test {
namespace {

TEST(get_exit, a_status_of_400_or_more_fails_only_with_fail) {
    faulty_origin origin;
    EXPECT_EQ(get({origin.url() + "/status/404"}).status, 0);
    const ended r = get({"--fail", origin.url() + "/status/404", origin.url() + "/bytes/2", origin.url() + "/status/500"});
    EXPECT_EQ(r.status, 1);
    EXPECT_EQ(r.out, "ab");
    EXPECT_NE(r.err.find("hearth: GET " + origin.url() + "/status/404: the server answered 404"), std::string::npos)
        << r.err;
    EXPECT_NE(r.err.find("/status/500: the server answered 500"), std::string::npos) << r.err;
    EXPECT_EQ(get({"--fail", origin.url() + "/status/304"}).status, 0);
}

TEST(get_exit, failures_are_one_line_each_and_do_not_stop_the_others) {
    faulty_origin origin({.body = "fine"});
    const ended r = get({"http://127.0.0.1:1/", origin.url() + "/", "http://no-such-host.invalid/"});
    EXPECT_EQ(r.status, 1);
    EXPECT_EQ(r.out, "fine");
    std::istringstream lines(r.err);
    std::string first, second, third;
    std::getline(lines, first);
    std::getline(lines, second);
    EXPECT_TRUE(first.starts_with("hearth: GET http://127.0.0.1:1/: the server refused the connection")) << first;
    EXPECT_TRUE(second.starts_with("hearth: GET http://no-such-host.invalid/: ")) << second;
    EXPECT_FALSE(std::getline(lines, third)) << third;
}

TEST(get_exit, credentials_and_queries_do_not_get_into_messages) {
    const ended r = get({"http://user:hunter2@127.0.0.1:1/path?token=hunter3"});
    EXPECT_EQ(r.status, 1);
    EXPECT_TRUE(one_line_with(r.err, "http://127.0.0.1:1/path:"));
    EXPECT_EQ(r.err.find("hunter"), std::string::npos) << r.err;
}

TEST(get_exit, a_deadline_and_a_timeout_end_a_slow_call) {
    faulty_origin origin;
    const ended deadline = get({"--deadline", "50ms", origin.url() + "/slow/60000"});
    EXPECT_EQ(deadline.status, 1);
    EXPECT_TRUE(one_line_with(deadline.err, "the deadline passed"));
    const ended timeout = get({"--timeout", "0.05", origin.url() + "/slow/60000"});
    EXPECT_EQ(timeout.status, 1);
    EXPECT_TRUE(one_line_with(timeout.err, "/slow/60000: "));
}

TEST(get_exit, retry_tries_again_after_a_status_that_may_pass) {
    faulty_origin origin({.fields = {{"Retry-After", "0"}}});
    const ended once = run({HEARTH_BINARY, "get", "--json", "--retry", "0", origin.url() + "/status/503"});
    EXPECT_EQ(only_object(once.out).at("attempts"), 1);
    const ended thrice = run({HEARTH_BINARY, "get", "--json", "--retry", "2", origin.url() + "/status/503"});
    EXPECT_EQ(only_object(thrice.out).at("attempts"), 3);
    EXPECT_EQ(only_object(thrice.out).at("status"), 503);
}

struct misuse {
    std::vector<std::string> arguments;
    const char* says;
};

TEST(get_exit, wrong_usage_is_one_line_that_says_what_and_exit_2) {
    const std::vector<misuse> all{
        {{}, "a URL"},
        {{"ftp://h/"}, "scheme"},
        {{"h"}, "h"},
        {{"http://h/ x"}, "http"},
        {{"--no-such-flag", "http://h/"}, "--no-such-flag"},
        {{"-H", "no colon", "http://h/"}, "'Name: value'"},
        {{"-H", "bad name: x", "http://h/"}, "'Name: value'"},
        {{"-H", "X: a\r\nY: b", "http://h/"}, "no CR, LF or NUL"},
        {{"-X", "GET /", "http://h/"}, "a method is a word"},
        {{"-d", "x", "-T", "y", "http://h/"}, "-d and -T"},
        {{"-I", "-d", "x", "http://h/"}, "-I"},
        {{"-I", "-X", "GET", "http://h/"}, "-I"},
        {{"-o", "a", "-O", "http://h/"}, "-o and -O"},
        {{"-o", "a", "-o", "b", "http://h/"}, "more -o than URLs"},
        {{"-o", "a", "--input", "f"}, "--input"},
        {{"-i", "--json", "http://h/"}, "--json"},
        {{"--key", "k", "http://h/"}, "--cert"},
        {{"--input", "-", "-d", "@-"}, "standard input"},
        {{"-T", "-", "http://h/", "http://i/"}, "one URL only"},
        {{"--parallel", "0", "http://h/"}, "--parallel"},
        {{"--retry", "101", "http://h/"}, "--retry"},
        {{"--max-sockets", "-1", "http://h/"}, "--max-sockets"},
        {{"--deadline", "soon", "http://h/"}, "500ms, 10s, 2m or 1h"},
        {{"--timeout", "0", "http://h/"}, "500ms, 10s, 2m or 1h"},
        {{"--connect-timeout", "25h", "http://h/"}, "24 hours"},
    };
    for (const misuse& m : all) {
        const ended r = get(m.arguments);
        const std::string shown = m.arguments.empty() ? "nothing" : m.arguments[0];
        EXPECT_EQ(r.status, 2) << shown << ": " << r.err;
        EXPECT_EQ(r.out, "") << shown;
        EXPECT_TRUE(one_line_with(r.err, m.says)) << shown;
        EXPECT_TRUE(r.err.starts_with("hearth")) << r.err;
    }
}

TEST(get_exit, help_has_every_option_the_examples_and_the_json_keys) {
    const ended r = run({HEARTH_BINARY, "help", "get"});
    EXPECT_EQ(r.status, 0);
    for (const char* part : {"--request", "--data", "--upload-file", "--output-dir", "--parallel", "--unix-socket",
                             "Examples:", "timings_ms", "130"}) {
        EXPECT_NE(r.out.find(part), std::string::npos) << part;
    }
}

TEST(get_exit, ctrl_c_ends_it_with_what_it_has) {
    faulty_origin origin({.body = "first\n"});
    process p(get_command({origin.url() + "/", origin.url() + "/slow/60000", origin.url() + "/"}));
    ASSERT_TRUE(p.wait_for_out("first\n"));
    p.send_signal(SIGINT);
    const ended r = p.wait();
    EXPECT_EQ(r.status, 130);
    EXPECT_EQ(r.out, "first\n");
    EXPECT_TRUE(one_line_with(r.err, "interrupted: 1 of 3 done"));
}

TEST(get_exit, ctrl_c_lets_json_tell_what_was_done_and_what_was_not) {
    faulty_origin origin;
    process p(get_command({"--json", "-P", "3", "-v", origin.url() + "/slow/60000", origin.url() + "/bytes/1"}));
    // The second is done, and waits for the first to be printed.
    ASSERT_TRUE(p.wait_for_err("< HTTP/1.1 200"));
    p.send_signal(SIGINT);
    const ended r = p.wait();
    EXPECT_EQ(r.status, 130);
    const auto all = objects(r.out);
    ASSERT_EQ(all.size(), 2U) << r.err;
    EXPECT_EQ(all[0].at("error").at("code"), "canceled");
    EXPECT_EQ(all[1].at("status"), 200);
}

TEST(get_exit, ctrl_c_ends_waits_for_standard_input) {
    faulty_origin origin;
    const std::string echo = origin.url() + "/echo";
    for (const std::vector<std::string>& arguments :
         {std::vector<std::string>{"--input", "-"}, {"-d", "@-", echo}, {"-T", "-", echo}}) {
        process p(get_command(arguments));
        // More than the pipe holds: once it is written, some of it has been read.
        ASSERT_TRUE(p.write(std::string(200'000, '\n')));
        p.send_signal(SIGINT);
        ASSERT_TRUE(p.wait_for_err("hearth: interrupted: 0 ")) << arguments[0];
        EXPECT_EQ(p.wait().status, 130) << arguments[0];
    }
}

TEST(get_exit, ctrl_c_ends_the_wait_for_a_reader) {
    faulty_origin origin;
    process p(get_command({origin.url() + "/bytes/10000000"}));
    ASSERT_TRUE(p.wait_for_out("abc"));
    p.send_signal(SIGTERM);
    EXPECT_TRUE(p.wait_for_err("hearth: interrupted: 0 of 1 done"));
    EXPECT_EQ(p.wait().status, 143);
}

}  // namespace
}  // namespace hearth::test
