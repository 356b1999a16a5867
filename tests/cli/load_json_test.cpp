// Counts: what was sent is what arrived, and what JSON says of it.

#include "cli/load_support.hpp"
#include "support/nginx.hpp"

namespace hearth::test {
namespace {

namespace json = boost::json;

TEST(load_json, counts_every_request_once) {
    faulty_origin origin({.body = "0123456789"});
    const json::object o = load_json({"-n", "500", "-c", "7", origin.url() + "/?secret=1"});
    EXPECT_EQ(origin.report().requests, 500U);
    EXPECT_EQ(o.at("hearth_load"), 1);
    EXPECT_EQ(o.at("urls"), json::array({origin.url() + "/"}));
    EXPECT_EQ(o.at("method"), "GET");
    EXPECT_EQ(o.at("concurrency"), 7);
    EXPECT_TRUE(o.at("target_rate").is_null());
    EXPECT_EQ(o.at("interrupted"), false);
    EXPECT_EQ(o.at("requests"), 500);
    EXPECT_EQ(o.at("failed"), 0);
    EXPECT_EQ(o.at("unfinished"), 0);
    EXPECT_EQ(o.at("statuses"), json::value({{"200", 500}}));
    EXPECT_EQ(o.at("bytes_received"), 5000);
    EXPECT_TRUE(o.at("errors").as_array().empty());
    const double seconds = o.at("duration_s").as_double();
    EXPECT_NEAR(o.at("rate").as_double(), 500 / seconds, 0.01 * 500 / seconds);

    const json::object& h = o.at("histogram").as_object();
    EXPECT_EQ(h.at("count"), 500);
    EXPECT_EQ(over(h, std::chrono::nanoseconds(0)), 500U);
    EXPECT_TRUE(o.at("service_time_histogram").is_null());
    double last = o.at("latency_ms").at("min").as_double();
    EXPECT_GT(last, 0);
    for (const char* p : {"p50", "p75", "p90", "p95", "p99", "p99_9", "max"}) {
        const double next = o.at("latency_ms").at(p).as_double();
        EXPECT_GE(next, last) << p;
        last = next;
    }
    EXPECT_LE(last, seconds * 1000);

    const json::object& c = o.at("connections").as_object();
    EXPECT_GE(count_of(c, "opened"), 1U);
    EXPECT_LE(count_of(c, "opened"), 7U);
    EXPECT_EQ(count_of(c, "opened") + count_of(c, "reused"), 500U);
    std::uint64_t answered = 0;
    for (const auto& slot : o.at("series").at("slots").as_array()) answered += count_of(slot.as_object(), "answered");
    EXPECT_EQ(answered, 500U);
    EXPECT_GT(o.at("generator").at("cpu_share").as_double(), 0);
}

TEST(load_json, nginx_counts_the_same) {
    nginx server({.keep_books = true});
    const json::object o = load_json({"-n", "1000", "-c", "20", "-H", "x-request-id: load", server.url()});
    EXPECT_EQ(o.at("requests"), 1000);
    EXPECT_EQ(o.at("failed"), 0);
    server.stop();
    EXPECT_EQ(server.executed().at("load"), 1000);
}

TEST(load_json, urls_take_turns_and_bad_statuses_fail_the_run) {
    faulty_origin origin;
    const json::object o = load_json(
        {"-n", "30", "-c", "3", origin.url() + "/", origin.url() + "/status/404", origin.url() + "/status/500"}, 1);
    EXPECT_EQ(o.at("statuses"), json::value({{"200", 10}, {"404", 10}, {"500", 10}}));
    EXPECT_EQ(o.at("statuses_by_class"), json::value({{"2xx", 10}, {"4xx", 10}, {"5xx", 10}}));
    EXPECT_EQ(o.at("failed"), 0);
    EXPECT_EQ(o.at("urls").as_array().size(), 3U);
}

TEST(load_json, failures_are_told_by_kind) {
    faulty_origin origin({.faults = {{.kind = testing::fault_kind::cut_short}}});
    const json::object o =
        load_json({"-n", "20", "-c", "2", "http://127.0.0.1:1/?secret=1", origin.url() + "/bytes/100"}, 1);
    EXPECT_EQ(o.at("requests"), 20);
    EXPECT_EQ(o.at("failed"), 20);
    EXPECT_EQ(o.at("rate"), 0.0);
    EXPECT_EQ(o.at("histogram").at("count"), 0);
    const json::array& errors = o.at("errors").as_array();
    ASSERT_EQ(errors.size(), 2U);
    EXPECT_EQ(errors[0].at("code"), "connection_refused");
    EXPECT_EQ(errors[0].at("phase"), "connect");
    EXPECT_EQ(errors[0].at("evidence"), "not_sent");
    EXPECT_EQ(errors[0].at("count"), 10);
    EXPECT_EQ(errors[0].at("message").as_string().find("secret"), std::string::npos);
    EXPECT_EQ(errors[1].at("code"), "truncated_response");
    EXPECT_EQ(errors[1].at("phase"), "body");
    EXPECT_EQ(errors[1].at("evidence"), "response_begun");
    EXPECT_EQ(errors[1].at("count"), 10);
}

TEST(load_json, warming_up_is_not_counted) {
    faulty_origin origin;
    const json::object o = load_json({"-n", "50", "-c", "2", "--warm-up", "300ms", origin.url() + "/"});
    EXPECT_EQ(o.at("requests"), 50);
    EXPECT_EQ(o.at("histogram").at("count"), 50);
    EXPECT_GT(origin.report().requests, 50U);
    EXPECT_LE(count_of(o.at("connections").as_object(), "reused"), 52U);
}

TEST(load_json, two_runs_merge_into_one) {
    faulty_origin origin;
    const temporary_folder folder;
    for (const char* name : {"a", "b"}) {
        const ended r = load({"--json", "-n", "40", "-c", "4", origin.url() + "/", origin.url() + "/status/418"});
        ASSERT_EQ(r.status, 1);
        std::ofstream(folder / name) << r.out;
    }
    const json::object both = load_json({"--merge", folder / "a", folder / "b"});
    EXPECT_EQ(both.at("machines"), 2);
    EXPECT_EQ(both.at("concurrency"), 8);
    EXPECT_EQ(both.at("requests"), 80);
    EXPECT_EQ(both.at("statuses"), json::value({{"200", 40}, {"418", 40}}));
    EXPECT_EQ(both.at("histogram").at("count"), 80);
    std::uint64_t in_each = 0;
    for (const char* name : {"a", "b"})
        in_each += over(json::parse(content_of(folder / name)).at("histogram"), std::chrono::microseconds(200));
    EXPECT_EQ(over(both.at("histogram"), std::chrono::microseconds(200)), in_each);
    const ended text = load({"--merge", folder / "a", folder / "b", "--html", folder / "h"});
    EXPECT_EQ(text.status, 0);
    EXPECT_NE(text.out.find("on 2 machines"), std::string::npos) << text.out;
    EXPECT_NE(content_of(folder / "h").find("\"machines\": 2"), std::string::npos);
}

TEST(load_json, what_cannot_be_merged_is_named) {
    faulty_origin origin;
    const temporary_folder folder;
    std::ofstream(folder / "a") << load({"--json", "-n", "1", origin.url() + "/"}).out;
    std::ofstream(folder / "rate") << load({"--json", "-n", "1", "-r", "100", origin.url() + "/"}).out;
    std::ofstream(folder / "other") << "{\"requests\": 1}";
    const auto refused = [&](const std::string& file, const char* says) {
        const ended r = load({"--merge", folder / "a", file});
        EXPECT_EQ(r.status, 1);
        EXPECT_EQ(r.out, "");
        EXPECT_TRUE(one_line_with(r.err, says));
        EXPECT_NE(r.err.find(file), std::string::npos) << r.err;
    };
    refused(folder / "other", "hearth load --json did not write it");
    refused(folder / "missing", "cannot read");
    refused(folder / "rate", "one is of a run with --rate");
}

}  // namespace
}  // namespace hearth::test
