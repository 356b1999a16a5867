// `hearth top` in a terminal, against a real monitor.
#include "terminal.hpp"
#include "cli/process.hpp"
#include "support/scripted_server.hpp"

#include <hearth/client.hpp>
#include <hearth/monitor.hpp>
#include <hearth/testing/faulty_origin.hpp>

#include <boost/json.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include <unistd.h>

namespace hearth::test {
namespace {

using namespace std::chrono_literals;
using ::testing::Contains;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr const char* enters = "\033[?1049h";
constexpr const char* leaves = "\033[?1049l";

class TopTerminal : public ::testing::Test {
protected:
    TopTerminal() { watch("127.0.0.1:0"); }

    void watch(const std::string& address, const std::string& token = {}) {
        monitor_.reset();
        monitor_ =
            std::make_unique<monitor>(client_, monitor_options{.address = address, .token = token, .interval = 100ms});
    }
    [[nodiscard]] std::string address() const { return monitor_->url(); }
    [[nodiscard]] std::vector<std::string> command(std::vector<std::string> flags = {}) const {
        std::vector<std::string> all{HEARTH_BINARY, "top", address()};
        all.insert(all.end(), flags.begin(), flags.end());
        return all;
    }
    void load(int n) {
        for (int i = 0; i < n; ++i) (void)client_.get(origin_.url() + "/").discard();
    }

    testing::faulty_origin origin_{{.idle_timeout = 0ms}};
    client client_;
    std::unique_ptr<monitor> monitor_;
};

const std::vector<std::string> dressed{"TERM=xterm-256color", "LC_ALL=C.UTF-8"};

TEST_F(TopTerminal, shows_the_pool_and_gives_the_terminal_back) {
    load(3);
    terminal t(command(), dressed);
    ASSERT_TRUE(t.wait_for("live"));
    ASSERT_TRUE(t.wait_for("3 requests"));
    EXPECT_TRUE(t.wait_for(origin_.url()));
    EXPECT_THAT(t.written(), HasSubstr(enters));
    load(4);
    EXPECT_TRUE(t.wait_for("7 requests"));
    t.type("q");
    EXPECT_EQ(t.wait(), 0);
    EXPECT_THAT(t.written(), EndsWith(leaves));
}

TEST_F(TopTerminal, obeys_its_keys_and_its_size) {
    load(1);
    terminal t(command(), dressed);
    ASSERT_TRUE(t.wait_for("sort: busiest"));
    t.type("s");
    EXPECT_TRUE(t.wait_for("sort: name"));
    t.type("/nobody\r");
    EXPECT_TRUE(t.wait_for("no origin has that in its name"));
    t.type("?");
    EXPECT_TRUE(t.wait_for("scroll; so do"));
    t.type("?p");
    EXPECT_TRUE(t.wait_for("paused"));
    t.resize(60, 12);
    EXPECT_TRUE(t.wait_until([&] { return t.screen().size() == 12; }));
    t.type("\003");
    EXPECT_EQ(t.wait(), 130);
    EXPECT_THAT(t.written(), EndsWith(leaves));
}

TEST_F(TopTerminal, a_pause_outlasts_other_keys) {
    load(3);
    terminal t(command(), dressed);
    ASSERT_TRUE(t.wait_for("3 requests"));
    t.type("p");
    ASSERT_TRUE(t.wait_for("paused"));
    load(4);
    process other(command({"--json"}));
    ASSERT_TRUE(other.wait_for_out(R"("requests":7)"));
    t.type("s");
    ASSERT_TRUE(t.wait_for("sort: name"));
    EXPECT_THAT(t.screen(), Contains(HasSubstr(" 3 requests")));
    t.type("p");
    EXPECT_TRUE(t.wait_for("7 requests"));
}

TEST_F(TopTerminal, says_when_the_monitor_has_gone_and_finds_it_when_it_is_back) {
    terminal t(command(), dressed);
    ASSERT_TRUE(t.wait_for("live"));
    const std::string url = address();
    monitor_.reset();
    EXPECT_TRUE(t.wait_for("lost since"));
    watch(url.substr(7, url.size() - 8));
    EXPECT_TRUE(t.wait_for("live"));
    ::kill(t.pid(), SIGTERM);
    EXPECT_EQ(t.wait(), 128 + SIGTERM);
    EXPECT_THAT(t.written(), EndsWith(leaves));
}

TEST_F(TopTerminal, has_no_colours_when_none_are_wanted) {
    load(1);
    std::vector<std::string> plain = dressed;
    plain.emplace_back("NO_COLOR=1");
    terminal t(command(), plain);
    ASSERT_TRUE(t.wait_for("1 requests"));
    t.type("q");
    EXPECT_EQ(t.wait(), 0);
    EXPECT_THAT(t.written(), Not(HasSubstr("m0 seen")));
}

TEST_F(TopTerminal, where_there_is_no_terminal_it_shows_the_pool_once) {
    load(3);
    for (const auto& flags : {std::vector<std::string>{}, {"--once"}}) {
        const ended r = run(command(flags));
        EXPECT_EQ(r.status, 0) << r.err;
        EXPECT_THAT(r.out, HasSubstr("0 stale sockets caught, 0 seen by callers\n"));
        EXPECT_THAT(r.out, HasSubstr("\n" + origin_.url() + " "));
        EXPECT_THAT(r.out, Not(HasSubstr("\033")));
    }
}

TEST_F(TopTerminal, passes_the_monitors_words_on) {
    load(3);
    const ended once = run(command({"--once", "--json"}));
    EXPECT_EQ(once.status, 0) << once.err;
    EXPECT_EQ(boost::json::parse(once.out).at("totals").at("count").at("requests").to_number<int>(), 3);
    EXPECT_EQ(once.out.find('\n'), once.out.size() - 1);

    process p(command({"--json"}));
    ASSERT_TRUE(p.wait_for_out("}\n{")) << "a second one";
    p.send_signal(SIGINT);
    const ended r = p.wait();
    EXPECT_EQ(r.status, 130) << r.err;
    const std::string first = r.out.substr(0, r.out.find('\n'));
    EXPECT_TRUE(boost::json::parse(first).as_object().contains("sequence"));
}

TEST_F(TopTerminal, ends_when_its_reader_has_had_enough) {
    process p(command({"--json"}));
    ASSERT_TRUE(p.wait_for_out("}\n"));
    p.close_out();
    const ended r = p.wait();
    EXPECT_EQ(r.status, 0) << r.err;
    EXPECT_EQ(r.err, "");
}

TEST_F(TopTerminal, a_terminal_does_not_obey_the_monitor) {
    scripted_server other([](peer& p) {
        p.read_head();
        p.respond("\033]0;owned\007\n");
    });
    terminal t({HEARTH_BINARY, "top", other.url(), "--once", "--json"});
    EXPECT_EQ(t.wait(), 0);
    EXPECT_EQ(t.written(), "\\x1B]0;owned\\x07\r\n");
}

TEST_F(TopTerminal, a_token_comes_from_the_environment) {
    watch("127.0.0.1:0", "a-token-of-some-length");
    const ended without = run(command({"--once"}));
    EXPECT_EQ(without.status, 1);
    EXPECT_EQ(without.out, "");
    EXPECT_THAT(without.err, HasSubstr("it asks for a token: set HEARTH_MONITOR_TOKEN"));
    ::setenv("HEARTH_MONITOR_TOKEN", "a-token-of-some-length", 1);
    const ended with = run(command({"--once"}));
    ::setenv("HEARTH_MONITOR_TOKEN", "not-that-token", 1);
    const ended wrong = run(command({"--once"}));
    ::unsetenv("HEARTH_MONITOR_TOKEN");
    EXPECT_EQ(with.status, 0) << with.err;
    EXPECT_EQ(wrong.status, 1);
    EXPECT_THAT(wrong.err, HasSubstr("does not accept the token"));
}

TEST_F(TopTerminal, finds_a_monitor_on_a_unix_socket) {
    const std::string path = fmt::format("{}/hearth-top-{}.sock", ::testing::TempDir(), ::getpid());
    watch("unix:" + path);
    const ended r = run({HEARTH_BINARY, "top", "--once", "unix:" + path});
    EXPECT_EQ(r.status, 0) << r.err;
    EXPECT_THAT(r.out, StartsWith("Hearth "));
}

TEST_F(TopTerminal, wrong_usage_and_failure_have_their_own_statuses) {
    EXPECT_EQ(run({HEARTH_BINARY, "top", "--once", "unix:"}).status, 2);
    EXPECT_EQ(run({HEARTH_BINARY, "top", "--once", "http://user:secret@127.0.0.1/"}).status, 2);
    EXPECT_EQ(run({HEARTH_BINARY, "top", "--once", "ftp://127.0.0.1/"}).status, 2);
    const ended other = run({HEARTH_BINARY, "top", "--once", origin_.url()});
    EXPECT_EQ(other.status, 1);
    EXPECT_THAT(other.err, HasSubstr("404"));
}

}  // namespace
}  // namespace hearth::test
