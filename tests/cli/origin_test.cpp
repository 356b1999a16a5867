// `hearth origin`, as its users run it.
#include "cli/get_support.hpp"
#include "cli/running_origin.hpp"

#include <hearth/client.hpp>
#include <hearth/error.hpp>
#include <hearth/testing/faulty_origin.hpp>

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include <csignal>
#include <string>
#include <utility>
#include <vector>

namespace hearth::test {
namespace {

namespace json = boost::json;

/// Sends it once, whatever happens; the failure's code, or nothing when it was answered.
error_code send(const std::string& url, const std::string& method, const std::string& id, tls_options tls = {}) {
    client c({.retry = {.max_retries = 0}, .replay = {.enabled = false}, .tls = std::move(tls)});
    try {
        (void)c.send({method, url, {{"x-request-id", id}}}).text();
        return {};
    } catch (const hearth::error& e) {
        return e.info().code;
    }
}

TEST(origin, serves_until_ctrl_c_and_says_what_it_did) {
    running_origin origin({});
    EXPECT_EQ(send(origin.url() + "/", "POST", "a"), error_code());
    EXPECT_EQ(send(origin.url() + "/", "POST", "a"), error_code());
    const ended e = origin.interrupt();
    EXPECT_TRUE(e.out.starts_with("listening on http://127.0.0.1:")) << e.out;
    EXPECT_NE(e.out.find("requests executed                                      2\n"), std::string::npos) << e.out;
    EXPECT_NE(e.out.find("executed before, though they must not be             1\n"), std::string::npos) << e.out;
    EXPECT_EQ(e.err, "");
}

TEST(origin, json_says_what_it_did_to_whom) {
    running_origin origin({"--json", "--fault", "execute_then_rst", "--seed", "7"});
    EXPECT_EQ(send(origin.url() + "/path", "POST", "the \"id\""), errc::connection_reset);
    const json::object report = origin.report();
    EXPECT_EQ(report.at("url"), json::value(origin.url()));
    EXPECT_EQ(report.at("seed"), 7);
    EXPECT_EQ(report.at("executed"), 1);
    EXPECT_EQ(report.at("answered"), 0);
    EXPECT_EQ(report.at("interrupted"), true);
    EXPECT_EQ(report.at("faults").at("execute_then_rst").at("happened"), 1);
    EXPECT_EQ(report.at("faults").at("execute_then_rst").at("requests"), 1);
    EXPECT_EQ(report.at("victims_left_out"), 0);
    const auto& victims = report.at("victims").as_array();
    ASSERT_EQ(victims.size(), 1U);
    EXPECT_EQ(victims[0].at("fault"), "execute_then_rst");
    EXPECT_EQ(victims[0].at("connection"), 1);
    EXPECT_TRUE(victims[0].at("peer").as_string().starts_with("127.0.0.1:"));
    EXPECT_EQ(victims[0].at("method"), "POST");
    EXPECT_EQ(victims[0].at("target"), "/path");
    EXPECT_EQ(victims[0].at("request_id"), "the \"id\"");
    for (const char* key : {"seconds", "connections", "executed_twice", "repeated", "malformed", "idle_closes", "restarts",
                            "caught_in_flight"}) {
        EXPECT_TRUE(report.contains(key)) << key;
    }
}

TEST(origin, verbose_tells_each_thing_that_happens) {
    running_origin origin({"-v", "--fault", "execute_then_fin"});
    (void)send(origin.url() + "/x", "GET", "me");
    ASSERT_TRUE(origin.its_process().wait_for_err("closed"));
    const ended e = origin.interrupt();
    for (const char* part : {"#1     connected from 127.0.0.1:", "#1     executed GET /x (me)",
                             "#1     execute_then_fin GET /x (me)", "#1     closed"}) {
        EXPECT_NE(e.err.find(part), std::string::npos) << part << "\n" << e.err;
    }
}

TEST(origin, ends_by_itself_when_its_time_is_over) {
    const ended e = run(origin_command({"--duration", "50ms", "--json"}));
    EXPECT_EQ(e.status, 0) << e.err;
    const auto lines = objects(e.out);
    ASSERT_EQ(lines.size(), 2U);
    EXPECT_EQ(lines[1].at("interrupted"), false);
    EXPECT_GE(lines[1].at("seconds").to_number<double>(), 0.05);
}

TEST(origin, closes_and_hints_as_told) {
    running_origin origin({"--idle", "never", "--hint", "60s", "--close-after", "2", "--body", "mine"});
    client c;
    auto first = c.get(origin.url() + "/");
    EXPECT_EQ(first.headers().get("keep-alive"), "timeout=60");
    EXPECT_EQ(first.text(), "mine");
    auto second = c.get(origin.url() + "/");
    EXPECT_EQ(second.headers().get("connection"), "close");
    EXPECT_EQ(second.text(), "mine");
}

TEST(origin, restarts_as_told) {
    running_origin origin({"--json", "--restart-every", "20ms", "--downtime", "1ms", "--drain", "-v"});
    ASSERT_TRUE(origin.its_process().wait_for_err("restarted"));
    EXPECT_GE(origin.report().at("restarts").to_number<int>(), 1);
}

TEST(origin, speaks_tls_that_its_clients_can_trust) {
    const temporary_folder folder;
    running_origin origin({"--tls", "--cert-out", folder / "ca.pem"});
    EXPECT_TRUE(origin.url().starts_with("https://127.0.0.1:"));
    EXPECT_EQ(send(origin.url() + "/", "GET", "a", {.ca = content_of(folder / "ca.pem")}), error_code());
}

TEST(origin, speaks_tls_with_a_certificate_of_the_users) {
    const temporary_folder folder;
    const faulty_origin maker({.tls = true});
    std::ofstream(folder / "cert.pem") << maker.certificate();
    const ended no_key = run(origin_command({"--cert", folder / "cert.pem"}));
    EXPECT_EQ(no_key.status, 1);
    EXPECT_TRUE(one_line_with(no_key.err, "certificate, key: "));
    const ended missing = run(origin_command({"--cert", folder / "none.pem"}));
    EXPECT_EQ(missing.status, 1);
    EXPECT_TRUE(one_line_with(missing.err, "none.pem"));
}

TEST(origin, listens_where_it_is_told) {
    const temporary_folder folder;
    running_origin unix_socket({"--unix", folder / "s"});
    EXPECT_NE(unix_socket.its_process().out().find(" on " + (folder / "s")), std::string::npos);
    client c({.socket_path = folder / "s"});
    EXPECT_EQ(c.get("http://localhost/").text(), "hello from the origin\n");
    running_origin port({"--listen", ":0"});
    const std::string number = port.url().substr(port.url().rfind(':') + 1);
    const ended taken = run(origin_command({"--listen", "127.0.0.1:" + number}));
    EXPECT_EQ(taken.status, 1);
    EXPECT_TRUE(one_line_with(taken.err, "listening on 127.0.0.1:" + number));
}

struct misuse {
    std::vector<std::string> arguments;
    const char* says;
};

TEST(origin, wrong_usage_is_one_line_that_says_what_and_exit_2) {
    const std::vector<misuse> all{
        {{"extra"}, "the argument 'extra' was not expected"},
        {{"--listen", "here"}, "--listen \"here\": write ADDRESS:PORT"},
        {{"--listen", "127.0.0.1:70000"}, "--listen"},
        {{"--idle", "soon"}, "--idle \"soon\": write 500ms, 10s, 2m or 1h"},
        {{"--hint", "maybe"}, "--hint \"maybe\""},
        {{"--in-flight", "1h"}, "in_flight is 3600000 ms; it must be from 1 ms to 10 s"},
        {{"--fault", "nonsense"}, "there is no fault \"nonsense\""},
        {{"--fault", ""}, "there is no fault"},
        {{"--fault", "dribble:x"}, "a weight is a whole number from 1 to 1000000"},
        {{"--fault", "dribble:0"}, "weight is 0; it must be from 1 to 1000000"},
        {{"--fault", "dribble,fast"}, "write KIND[:WEIGHT]"},
        {{"--fault", "dribble,time=x"}, "500ms, 10s, 2m or 1h"},
        {{"--fault", "cut_short,count=-1"}, "count= takes a whole number from 1 on"},
        {{"--fault", "dribble,count=1"}, "fault dribble has no count"},
        {{"--fault", "dribble,in_flight"}, "fault dribble: cannot be in flight"},
        {{"--fault", "idle_fin,in_flight", "--idle", "20ms"}, "must be shorter than the 20 ms"},
        {{"--fault", "late_tickets"}, "fault late_tickets needs TLS"},
        {{"--unix", "/tmp/s", "--fault", "idle_silence"}, "needs TCP"},
        {{"--close-after", "0"}, "--close-after"},
        {{"--restart-every", "0"}, "--restart-every"},
        {{"--key", "k"}, "--key goes with --cert"},
        {{"--cert-out", "f"}, "--cert-out goes with --tls"},
        {{"--seed", "x"}, "--seed"},
    };
    for (const misuse& m : all) {
        const ended r = run(origin_command(m.arguments));
        EXPECT_EQ(r.status, 2) << m.says << ": " << r.err;
        EXPECT_EQ(r.out, "") << m.says;
        EXPECT_TRUE(one_line_with(r.err, m.says));
        EXPECT_TRUE(r.err.starts_with("hearth origin: ")) << r.err;
    }
}

TEST(origin, help_has_every_fault_the_examples_and_the_json_keys) {
    const ended r = run({HEARTH_BINARY, "help", "origin"});
    EXPECT_EQ(r.status, 0);
    for (std::size_t i = 0; i < testing::fault_kinds; ++i) {
        const auto name = to_string(static_cast<testing::fault_kind>(i));
        EXPECT_NE(r.out.find(name), std::string::npos) << name;
    }
    for (const char* part : {"--listen", "--fault", "Examples:", "executed_twice", "victims", "130"})
        EXPECT_NE(r.out.find(part), std::string::npos) << part;
}

}  // namespace
}  // namespace hearth::test
