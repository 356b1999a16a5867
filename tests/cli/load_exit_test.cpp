// How it ends: exit status, the one line that says why, Ctrl-C, and what people see.

#include "cli/load_support.hpp"

#include <csignal>

namespace hearth::test {
namespace {

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

TEST(load_exit, a_report_on_standard_output_and_nothing_else_in_a_pipe) {
    faulty_origin origin;
    const ended r = load({"-n", "20", "-c", "2", origin.url() + "/?secret=1"});
    EXPECT_EQ(r.status, 0);
    EXPECT_EQ(r.err, "");
    EXPECT_TRUE(r.out.starts_with("GET " + origin.url() + "/, 2 at a time, for ")) << r.out;
    for (const char* part : {"answered        20", "failed          0\n", "  200             20 (100 %)\n", "p99.9",
                             "Distribution", "Connections", "CPU"}) {
        EXPECT_TRUE(has(r.out, part)) << part;
    }
}

TEST(load_exit, failures_and_bad_statuses_are_1) {
    faulty_origin origin;
    EXPECT_EQ(load({"-n", "1", origin.url() + "/status/399"}).status, 0);
    EXPECT_EQ(load({"-n", "1", origin.url() + "/status/400"}).status, 1);
    const ended r = load({"-n", "1", "http://127.0.0.1:1/"});
    EXPECT_EQ(r.status, 1);
    EXPECT_EQ(r.err, "");
    EXPECT_TRUE(has(r.out, "1 connection_refused while in phase connect")) << r.out;
}

TEST(load_exit, ctrl_c_ends_with_what_there_is) {
    counting_origin origin(100);
    process p(load_command({"--json", "-d", "1h", "-c", "3", origin.url() + "/"}));
    ASSERT_TRUE(origin.wait());
    p.send_signal(SIGINT);
    const ended r = p.wait();
    EXPECT_EQ(r.status, 130);
    EXPECT_EQ(r.err, "");
    const boost::json::object o = only_object(r.out);
    EXPECT_EQ(o.at("interrupted"), true);
    EXPECT_GE(count_of(o, "requests"), 97U);
    EXPECT_EQ(count_of(o, "failed"), 0U);
    EXPECT_LE(count_of(o, "unfinished"), 3U);
    EXPECT_EQ(count_of(o, "requests"), count_of(o.at("histogram").as_object(), "count"));
}

TEST(load_exit, ctrl_c_ends_requests_and_pauses_that_would_last) {
    counting_origin slow(2);
    process waiting(load_command({"-c", "2", "-d", "1h", slow.url() + "/slow/60000"}));
    ASSERT_TRUE(slow.wait());
    waiting.send_signal(SIGINT);
    const ended w = waiting.wait();
    EXPECT_EQ(w.status, 130);
    EXPECT_TRUE(has(w.out, "unfinished      2 ")) << w.out;

    counting_origin idle(2);
    process pausing(load_command({"-c", "2", "-d", "1h", "--idle-gap", "1h", idle.url() + "/"}));
    ASSERT_TRUE(idle.wait());
    pausing.send_signal(SIGTERM);
    EXPECT_EQ(pausing.wait().status, 130);

    counting_origin warming(2);
    process warm(load_command({"-c", "2", "--warm-up", "1h", warming.url() + "/"}));
    ASSERT_TRUE(warming.wait());
    warm.send_signal(SIGINT);
    const ended e = warm.wait();
    EXPECT_EQ(e.status, 130);
    EXPECT_TRUE(has(e.out, "answered        0, 0 a second")) << e.out;
}

TEST(load_exit, html_is_written_beside_the_report) {
    faulty_origin origin;
    const temporary_folder folder;
    const ended r = load({"-n", "20", "-c", "2", "--json", "--html", folder / "r.html", origin.url() + "/"});
    EXPECT_EQ(r.status, 0);
    const std::string page = content_of(folder / "r.html");
    EXPECT_TRUE(page.starts_with("<!doctype html>"));
    // The same figures in both.
    EXPECT_TRUE(has(page, r.out.substr(0, r.out.size() - 1)));
    const ended nowhere = load({"-n", "1", "--html", folder / "no/such/folder", origin.url() + "/"});
    EXPECT_EQ(nowhere.status, 1);
    EXPECT_TRUE(one_line_with(nowhere.err, "cannot write"));
    EXPECT_TRUE(has(nowhere.out, "answered        1")) << nowhere.out;
}

struct misuse {
    std::vector<std::string> arguments;
    const char* says;
};

TEST(load_exit, wrong_usage_is_one_line_that_says_what_and_exit_2) {
    const std::vector<misuse> all{
        {{}, "a URL"},
        {{"ftp://h/"}, "scheme"},
        {{"http://h/ x"}, "http"},
        {{"--no-such-flag", "http://h/"}, "--no-such-flag"},
        {{"-c", "0", "http://h/"}, "--concurrency"},
        {{"-c", "many", "http://h/"}, "--concurrency"},
        {{"-n", "0", "http://h/"}, "--requests"},
        {{"-d", "soon", "http://h/"}, "500ms, 10s, 2m or 1h"},
        {{"-d", "0", "http://h/"}, "500ms, 10s, 2m or 1h"},
        {{"-r", "0", "http://h/"}, "--rate"},
        {{"-r", "fast", "http://h/"}, "--rate"},
        {{"-r", "10", "--idle-gap", "1s", "http://h/"}, "--rate and --idle-gap"},
        {{"--warm-up", "-1s", "http://h/"}, "--warm-up"},
        {{"--max-sockets", "0", "http://h/"}, "--max-sockets"},
        {{"-H", "no colon", "http://h/"}, "'Name: value'"},
        {{"-X", "GET /", "http://h/"}, "a method is a word"},
        {{"--key", "k", "http://h/"}, "--cert"},
        {{"--merge"}, "what to merge"},
    };
    for (const misuse& m : all) {
        const ended r = load(m.arguments);
        const std::string shown = m.arguments.empty() ? "nothing" : m.arguments[0];
        EXPECT_EQ(r.status, 2) << shown << ": " << r.err;
        EXPECT_EQ(r.out, "") << shown;
        EXPECT_TRUE(one_line_with(r.err, m.says)) << shown;
    }
}

TEST(load_exit, a_body_that_cannot_be_read_is_told) {
    const ended r = load({"-n", "1", "-b", "@/no/such/file", "http://127.0.0.1:1/"});
    EXPECT_EQ(r.status, 1);
    EXPECT_TRUE(one_line_with(r.err, "cannot read /no/such/file"));
}

TEST(load_exit, help_has_every_option_the_examples_and_the_json_keys) {
    const ended r = run({HEARTH_BINARY, "help", "load"});
    EXPECT_EQ(r.status, 0);
    for (const char* part : {"--concurrency", "--requests", "--duration", "--rate", "--warm-up", "--idle-gap",
                             "--max-sockets", "--data", "--cacert", "--html", "--merge", "Examples:", "latency_ms", "130"}) {
        EXPECT_TRUE(has(r.out, part)) << part;
    }
}

}  // namespace
}  // namespace hearth::test
