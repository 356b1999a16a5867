// The shape of --json: programs depend on it.

#include "cli/get_support.hpp"
#include "support/certificates.hpp"

#include <array>

namespace hearth::test {
namespace {

namespace json = boost::json;

constexpr std::array keys{"url",  "status", "reason",   "version",    "headers", "body_size",  "body",
                          "file", "reused", "attempts", "connection", "remote",  "timings_ms", "error"};

void expect_all_keys(const json::object& o) {
    std::size_t at = 0;
    for (const auto& [key, value] : o) {
        ASSERT_LT(at, keys.size());
        EXPECT_EQ(key, keys[at++]);
    }
    EXPECT_EQ(at, keys.size());
}

TEST(get_json, an_answer) {
    faulty_origin origin({.body = "{\"a\": \"\\u00e4\"}\n", .fields = {{"X-Twice", "1"}, {"x-twice", "2"}}});
    const ended r = get({"--json", origin.url() + "/?secret=1"});
    EXPECT_EQ(r.status, 0);
    EXPECT_EQ(r.err, "");
    const json::object o = only_object(r.out);
    expect_all_keys(o);
    EXPECT_EQ(o.at("url").as_string(), origin.url() + "/?secret=1");
    EXPECT_EQ(o.at("status"), 200);
    EXPECT_EQ(o.at("reason"), "OK");
    EXPECT_EQ(o.at("version"), "1.1");
    EXPECT_EQ(o.at("headers").at("x-twice"), json::array({"1", "2"}));
    EXPECT_EQ(o.at("body_size"), 16);
    EXPECT_EQ(o.at("body"), "{\"a\": \"\\u00e4\"}\n");
    EXPECT_TRUE(o.at("file").is_null());
    EXPECT_EQ(o.at("reused"), false);
    EXPECT_EQ(o.at("attempts"), 1);
    EXPECT_GE(o.at("connection").to_number<int>(), 0);
    EXPECT_EQ(o.at("remote").as_string(), "127.0.0.1:" + std::to_string(origin.port()));
    const json::object& timings = o.at("timings_ms").as_object();
    for (const char* part : {"pending", "lookup", "connect", "tls", "first_byte", "total"})
        EXPECT_GE(timings.at(part).as_double(), 0) << part;
    EXPECT_EQ(timings.size(), 6U);
    EXPECT_GT(timings.at("total").as_double(), 0);
    EXPECT_GE(timings.at("total").as_double(), timings.at("first_byte").as_double());
    EXPECT_TRUE(o.at("error").is_null());
}

TEST(get_json, a_failure) {
    const ended r = get({"--json", "http://127.0.0.1:1/x?secret=1"});
    EXPECT_EQ(r.status, 1);
    EXPECT_TRUE(one_line_with(r.err, "hearth: GET http://127.0.0.1:1/x: the server refused the connection"));
    const json::object o = only_object(r.out);
    expect_all_keys(o);
    for (const char* unknown : {"status", "reason", "version", "headers", "body", "file", "remote", "timings_ms"}) {
        EXPECT_TRUE(o.at(unknown).is_null()) << unknown;
    }
    EXPECT_EQ(o.at("body_size"), 0);
    EXPECT_EQ(o.at("attempts"), 1);
    const json::object& e = o.at("error").as_object();
    EXPECT_EQ(e.size(), 6U);
    EXPECT_EQ(e.at("code"), "connection_refused");
    EXPECT_EQ(e.at("phase"), "connect");
    EXPECT_EQ(e.at("reused"), false);
    EXPECT_EQ(e.at("evidence").is_string(), true);
    EXPECT_EQ(e.at("attempts"), 1);
    EXPECT_EQ("hearth: " + std::string(e.at("message").as_string()) + "\n", r.err);
}

TEST(get_json, objects_come_in_the_order_of_the_urls_and_tell_of_reuse) {
    faulty_origin origin;
    const std::string base = origin.url();
    const ended r =
        get({"--json", "-P", "3", base + "/slow/200", base + "/status/404", "http://127.0.0.1:1/", base + "/bytes/3"});
    EXPECT_EQ(r.status, 1);
    const auto all = objects(r.out);
    ASSERT_EQ(all.size(), 4U);
    EXPECT_EQ(all[0].at("status"), 200);
    EXPECT_EQ(all[1].at("status"), 404);
    EXPECT_EQ(all[2].at("error").at("code"), "connection_refused");
    EXPECT_EQ(all[3].at("body"), "abc");
    const auto again = objects(get({"--json", base + "/", base + "/"}).out);
    ASSERT_EQ(again.size(), 2U);
    EXPECT_EQ(again[0].at("reused"), false);
    EXPECT_EQ(again[1].at("reused"), true);
    EXPECT_EQ(again[0].at("connection"), again[1].at("connection"));
}

TEST(get_json, a_body_that_is_no_text_or_too_long_is_left_out) {
    faulty_origin origin({.body = std::string("\xff\xfe", 2)});
    const json::object binary = only_object(get({"--json", origin.url() + "/"}).out);
    EXPECT_TRUE(binary.at("body").is_null());
    EXPECT_EQ(binary.at("body_size"), 2);
    const json::object large = only_object(get({"--json", origin.url() + "/chunked/1048577"}).out);
    EXPECT_TRUE(large.at("body").is_null());
    EXPECT_EQ(large.at("body_size"), 1'048'577);
    const json::object fits = only_object(get({"--json", origin.url() + "/bytes/1048576"}).out);
    EXPECT_EQ(fits.at("body").as_string().size(), 1'048'576U);
    const json::object head = only_object(get({"--json", "-I", origin.url() + "/bytes/10"}).out);
    EXPECT_EQ(head.at("body"), "");
    EXPECT_EQ(head.at("body_size"), 0);
}

TEST(get_json, bytes_that_are_not_utf8_do_not_spoil_the_line) {
    faulty_origin origin({.body = "", .fields = {{"X-Latin", "caf\xe9 \xe2\x82\xac \xed\xa0\x80"}}});
    const json::object o = only_object(get({"--json", origin.url() + "/"}).out);
    EXPECT_EQ(o.at("headers").at("x-latin").at(0), "caf\xef\xbf\xbd \xe2\x82\xac \xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
}

TEST(get_json, with_files_the_object_names_the_file) {
    faulty_origin origin;
    const temporary_folder folder;
    const json::object o = only_object(get({"--json", "-o", folder / "f", origin.url() + "/bytes/4"}).out);
    EXPECT_EQ(o.at("file").as_string(), folder / "f");
    EXPECT_TRUE(o.at("body").is_null());
    EXPECT_EQ(o.at("body_size"), 4);
    EXPECT_EQ(content_of(folder / "f"), "abcd");
}

TEST(get_json, a_closed_connection_is_replayed_and_the_attempts_say_so) {
    faulty_origin origin;
    process p(get_command({"--json", "--input", "-"}));
    ASSERT_TRUE(p.write(origin.url() + "/\n"));
    ASSERT_TRUE(p.wait_for_out("\n"));
    EXPECT_EQ(origin.close_idle(), 1U);
    ASSERT_TRUE(p.write(origin.url() + "/\n"));
    const ended r = p.wait();
    EXPECT_EQ(r.status, 0) << r.err;
    const auto all = objects(r.out);
    ASSERT_EQ(all.size(), 2U);
    EXPECT_EQ(all[1].at("status"), 200);
    EXPECT_NE(all[0].at("connection"), all[1].at("connection"));
    EXPECT_EQ(origin.report().requests, 2U);
}

}  // namespace
}  // namespace hearth::test
