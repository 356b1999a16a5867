// What is sent, and over which connections.

#include "cli/load_support.hpp"

namespace hearth::test {
namespace {

namespace json = boost::json;

TEST(load_request, bodies_arrive_whole) {
    faulty_origin origin;
    const temporary_folder folder;
    const std::string body = alphabet(10'000);
    std::ofstream(folder / "body") << body;
    const std::string echo = origin.url() + "/echo";
    for (const std::string& data : {body, "@" + (folder / "body"), std::string("@-")}) {
        const json::object o = load_json({"-n", "20", "-c", "3", "-b", data, echo}, 0, data == "@-" ? body : "");
        EXPECT_EQ(o.at("method"), "POST");
        EXPECT_EQ(o.at("bytes_received"), 200'000);
        EXPECT_EQ(o.at("bytes_sent"), 200'000);
        EXPECT_EQ(o.at("statuses"), json::value({{"200", 20}}));
    }
    EXPECT_EQ(load_json({"-n", "3", "-X", "PUT", "-b", "x", echo}).at("method"), "PUT");
}

TEST(load_request, headers_arrive) {
    faulty_origin origin;
    // The origin answers with the request's head.
    const auto size = [&](std::vector<std::string> arguments) {
        arguments.insert(arguments.end(), {"-n", "10", "-c", "2", origin.url() + "/headers"});
        return count_of(load_json(std::move(arguments)), "bytes_received");
    };
    EXPECT_EQ(size({"-H", "X-One: 1", "-H", "X-Two: two"}),
              size({}) + 10 * std::string("X-One: 1\r\nX-Two: two\r\n").size());
}

TEST(load_request, no_more_connections_than_sockets) {
    faulty_origin origin;
    const json::object o = load_json({"-n", "60", "-c", "12", "--max-sockets", "2", origin.url() + "/"});
    EXPECT_EQ(o.at("requests"), 60);
    EXPECT_LE(count_of(o.at("connections").as_object(), "opened"), 2U);
    EXPECT_EQ(origin.report().connections, count_of(o.at("connections").as_object(), "opened"));
}

TEST(load_request, idle_gaps_provoke_stale_connections_and_nothing_fails) {
    faulty_origin origin({.idle_timeout = std::chrono::milliseconds(30)});
    const json::object o =
        load_json({"-n", "12", "-c", "3", "--idle-gap", "300ms", "-X", "POST", "-b", "x", origin.url() + "/"});
    EXPECT_EQ(o.at("requests"), 12);
    EXPECT_EQ(o.at("failed"), 0);
    const json::object& c = o.at("connections").as_object();
    EXPECT_GT(count_of(c, "opened"), 3U);
    EXPECT_GT(count_of(c, "stale_while_idle") + count_of(c, "stale_at_use") + count_of(c, "stale_in_use"), 0U);
    EXPECT_EQ(origin.report().executed, 12U);
    EXPECT_GE(o.at("duration_s").as_double(), 0.9);
}

TEST(load_request, over_tls_with_an_own_authority_or_none) {
    faulty_origin origin({.tls = true});
    const temporary_folder folder;
    std::ofstream(folder / "ca") << origin.certificate();
    EXPECT_EQ(load_json({"-n", "10", "-c", "2", "--cacert", folder / "ca", origin.url() + "/"}).at("failed"), 0);
    EXPECT_EQ(load_json({"-n", "10", "-c", "2", "-k", origin.url() + "/"}).at("failed"), 0);
    const json::object o = load_json({"-n", "4", "-c", "2", origin.url() + "/"}, 1);
    EXPECT_EQ(o.at("errors").at(0).at("code"), "certificate_untrusted");
    EXPECT_EQ(o.at("errors").at(0).at("phase"), "tls");
}

TEST(load_request, over_a_unix_socket) {
    const temporary_folder folder;
    faulty_origin origin({.socket_path = folder / "s"});
    EXPECT_EQ(load_json({"-n", "10", "--unix-socket", folder / "s", "http://localhost/"}).at("requests"), 10);
    EXPECT_EQ(origin.report().requests, 10U);
}

TEST(load_request, retries_are_off_unless_asked_for) {
    faulty_origin origin({.fields = {{"Retry-After", "0"}}});
    const std::string url = origin.url() + "/status/503";
    EXPECT_EQ(load_json({"-n", "4", url}, 1).at("connections").at("retries"), 0);
    EXPECT_EQ(load_json({"-n", "4", "--retry", "2", url}, 1).at("connections").at("retries"), 8);
}

}  // namespace
}  // namespace hearth::test
