// --log and --log-format, of get, load and soak.

#include "cli/load_support.hpp"

namespace hearth::test {
namespace {

std::size_t lines_with(const std::string& text, std::string_view part) {
    std::istringstream in(text);
    std::size_t n = 0;
    for (std::string line; std::getline(in, line);) {
        if (line.find(part) != std::string::npos) ++n;
    }
    return n;
}

TEST(cli_log, is_off_unless_asked_for) {
    const ended r = get({"http://127.0.0.1:1/"});
    EXPECT_TRUE(one_line_with(r.err, "hearth: GET http://127.0.0.1:1/: the server refused the connection"));
}

TEST(cli_log, get_tells_each_retry_and_the_failure) {
    const std::vector<std::string> command{HEARTH_BINARY, "get", "--retry", "2",
                                           "http://user:hunter2@127.0.0.1:1/?q=hunter3"};
    const auto with = [&](std::vector<std::string> more) {
        more.insert(more.begin(), command.begin(), command.end());
        return run(more);
    };
    const ended all = with({"--log", "info"});
    EXPECT_EQ(all.status, 1);
    EXPECT_EQ(lines_with(all.err, " level=info event=retrying origin=http://127.0.0.1:1 method=GET request=1 "), 2U)
        << all.err;
    EXPECT_EQ(lines_with(all.err, " level=warning event=failed origin=http://127.0.0.1:1 "), 1U) << all.err;
    EXPECT_EQ(all.err.find("hunter"), std::string::npos) << all.err;
    EXPECT_EQ(all.out, "");
    const ended serious = with({"--log", "warning"});
    EXPECT_EQ(lines_with(serious.err, "event="), 1U) << serious.err;
    const ended none = with({"--log", "error"});
    EXPECT_EQ(lines_with(none.err, "event="), 0U) << "a connection refused is no stale one: " << none.err;
}

TEST(cli_log, as_json_is_an_object_a_line) {
    const ended r = load({"-n", "3", "-c", "1", "--log", "warning", "--log-format", "json", "http://127.0.0.1:1/"});
    std::istringstream in(r.err);
    std::size_t events = 0;
    for (std::string line; std::getline(in, line);) {
        if (!line.starts_with('{')) continue;
        const boost::json::object o = boost::json::parse(line).as_object();
        EXPECT_EQ(o.at("event").as_string(), "failed") << line;
        EXPECT_EQ(o.at("code").as_string(), "connection_refused") << line;
        EXPECT_EQ(o.at("level").as_string(), "warning") << line;
        ++events;
    }
    EXPECT_EQ(events, 3U) << r.err;
}

// Only Hearth's pass is told: a plain client prevents nothing.
TEST(cli_log, soak_tells_what_hearth_prevents) {
    const ended r = run({HEARTH_BINARY, "soak", "--requests", "600", "--idle", "100ms", "--json", "--log", "debug"});
    EXPECT_EQ(r.status, 0) << r.err;
    EXPECT_GT(lines_with(r.err, "event=stale_caught"), 0U) << r.err;
    EXPECT_EQ(lines_with(r.err, "event=failed"), 0U) << r.err;
}

TEST(cli_log, refuses_what_is_no_level) {
    const ended level = get({"--log", "loud", "http://127.0.0.1:1/"});
    EXPECT_EQ(level.status, 2);
    EXPECT_NE(level.err.find("--log"), std::string::npos) << level.err;
    EXPECT_EQ(get({"--log-format", "xml", "http://127.0.0.1:1/"}).status, 2);
}

}  // namespace
}  // namespace hearth::test
