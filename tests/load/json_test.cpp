// JSON: its shape, which programs depend on, and the way back.
#include "load_json.hpp"

#include "load/results.hpp"

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include <array>
#include <stdexcept>
#include <string>

namespace hearth::cli {
namespace {

namespace json = boost::json;

TEST(load_json, every_key_is_always_there_in_this_order) {
    constexpr std::array keys{"hearth_load",
                              "version",
                              "urls",
                              "method",
                              "started",
                              "started_ms",
                              "machines",
                              "concurrency",
                              "target_rate",
                              "duration_s",
                              "interrupted",
                              "requests",
                              "rate",
                              "failed",
                              "unfinished",
                              "unsent",
                              "statuses",
                              "statuses_by_class",
                              "errors",
                              "bytes_received",
                              "bytes_sent",
                              "latency_ms",
                              "service_time_ms",
                              "histogram",
                              "service_time_histogram",
                              "connections",
                              "generator",
                              "series"};
    load_result with_rate = some_result();
    with_rate.target_rate = 100;
    with_rate.service_time = with_rate.latency;
    for (const load_result& r : {load_result(), some_result(), with_rate}) {
        const json::object o = json::parse(to_json(r)).as_object();
        ASSERT_EQ(o.size(), keys.size());
        std::size_t at = 0;
        for (const auto& [key, value] : o) EXPECT_EQ(key, keys[at++]);
    }
}

TEST(load_json, what_it_says) {
    const json::object o = json::parse(to_json(some_result())).as_object();
    EXPECT_EQ(o.at("requests"), 100);
    EXPECT_EQ(o.at("failed"), 4);
    EXPECT_EQ(o.at("rate"), 96.0);
    EXPECT_EQ(o.at("started"), "2025-11-24T16:00:00.123Z");
    EXPECT_EQ(o.at("statuses"), json::value({{"200", 90}, {"503", 6}}));
    EXPECT_EQ(o.at("statuses_by_class"), json::value({{"2xx", 90}, {"5xx", 6}}));
    const json::object& e = o.at("errors").at(0).as_object();
    EXPECT_EQ(e.at("code"), "connection_reset");
    EXPECT_EQ(e.at("phase"), "headers");
    EXPECT_EQ(e.at("evidence"), "acknowledged");
    EXPECT_EQ(e.at("count"), 4);
    EXPECT_NE(e.at("message").as_string().find("http://localhost:8080/"), std::string::npos);
    const json::object& latency = o.at("latency_ms").as_object();
    EXPECT_EQ(latency.at("min"), 1.0);
    EXPECT_EQ(latency.at("max"), 96.0);
    EXPECT_NEAR(latency.at("p50").as_double(), 48, 48.0 / 256);
    EXPECT_NEAR(latency.at("mean").as_double(), 48.5, 0.001);
    const json::object& c = o.at("connections").as_object();
    EXPECT_EQ(c.at("stale_while_idle"), 3);
    EXPECT_EQ(c.at("stale_at_use"), 1);
    EXPECT_EQ(c.at("stale_in_use"), 2);
    EXPECT_EQ(c.at("replays_by_evidence").at("closed_before"), 2);
    const json::object& h = o.at("histogram").as_object();
    EXPECT_EQ(h.at("unit"), "ns");
    EXPECT_EQ(h.at("precision_bits"), 8);
    EXPECT_EQ(h.at("count"), 96);
    EXPECT_EQ(h.at("buckets").at(0), json::array({999'424, 1}));
    EXPECT_EQ(o.at("generator").at("cpu_us_per_request"), 100.0);
}

TEST(load_json, there_and_back_is_the_same) {
    load_result r = some_result();
    r.target_rate = 1234.5;
    r.service_time = r.latency;
    r.unsent = 3;
    r.unfinished = 2;
    r.interrupted = true;
    r.series.at(std::chrono::seconds(100)).connections = 5;
    EXPECT_EQ(to_json(load_result_from_json(to_json(r))), to_json(r));
    EXPECT_EQ(to_json(load_result_from_json(to_json(load_result()))), to_json(load_result()));
}

TEST(load_json, merged_is_the_sum) {
    load_result r = some_result();
    load_result other = some_result();
    other.duration = std::chrono::seconds(2);
    other.urls = {"http://localhost:8081/"};
    r.merge(load_result_from_json(to_json(other)));
    EXPECT_EQ(r.machines, 2U);
    EXPECT_EQ(r.requests(), 200U);
    EXPECT_EQ(r.concurrency, 20U);
    EXPECT_EQ(r.rate(), 96.0);
    EXPECT_EQ(r.urls.size(), 2U);
    EXPECT_EQ(r.statuses[503], 12U);
    EXPECT_EQ(r.errors.size(), 1U);
    EXPECT_EQ(r.errors.begin()->second.count, 8U);
    EXPECT_EQ(r.latency.count(), 192U);
    EXPECT_EQ(r.latency.percentile(0.5), some_result().latency.percentile(0.5));
    EXPECT_EQ(r.series.slots()[5].latency.count(), 2 * some_result().series.slots()[5].latency.count());
}

std::string refusal(const std::string& text) {
    try {
        (void)load_result_from_json(text);
    } catch (const std::runtime_error& e) {
        return e.what();
    }
    return "accepted";
}

std::string changed(const std::string& from, const std::string& to) {
    std::string text = to_json(some_result());
    const std::size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return text.replace(at, from.size(), to);
}

TEST(load_json, what_is_wrong_is_refused_by_name) {
    EXPECT_NE(refusal("").find("not JSON"), std::string::npos);
    EXPECT_NE(refusal("[1]").find("hearth load --json did not write it"), std::string::npos);
    EXPECT_NE(refusal("{\"requests\": 1}").find("hearth load --json did not write it"), std::string::npos);
    EXPECT_EQ(refusal(changed("\"hearth_load\": 1", "\"hearth_load\": 2")),
              "\"hearth_load\" is not 1: another version wrote it");
    EXPECT_EQ(refusal(changed("\"failed\": 4", "\"failed\": 400")), "\"requests\" is less than \"failed\"");
    EXPECT_EQ(refusal(changed("\"failed\": 4", "\"failed\": -4")), "\"failed\" is no whole number");
    EXPECT_EQ(refusal(changed("\"bytes_sent\"", "\"bytes_lost\"")), "\"bytes_sent\" is missing");
    EXPECT_EQ(refusal(changed("\"unit\": \"ns\"", "\"unit\": \"ms\"")), "\"unit\" is not ns");
    EXPECT_EQ(refusal(changed("\"precision_bits\": 8", "\"precision_bits\": 7")), "\"precision_bits\" is not 8");
    EXPECT_EQ(refusal(changed("[999424, 1]", "[999424, 2]")), "\"count\" is not the sum of the buckets");
    EXPECT_EQ(refusal(changed("[999424, 1]", "[999424]")), "\"buckets\" holds other than pairs");
    EXPECT_EQ(refusal(changed("\"min\": 1000000", "\"min\": 999000000")), "\"min\" is over \"max\"");
    EXPECT_EQ(refusal(changed("\"503\"", "\"5030\"")), "\"statuses\" holds other than statuses");
    EXPECT_EQ(refusal(changed("\"slot_ms\": 100", "\"slot_ms\": 90")), "\"slot_ms\" is not 100 times a power of two");
    EXPECT_EQ(refusal(changed("\"duration_s\": 1.0", "\"duration_s\": -1.0")), "\"duration_s\" is out of range");
    EXPECT_EQ(refusal(changed("\"urls\": [", "\"urls\": [1, ")), "\"urls\" holds other than text");
}

}  // namespace
}  // namespace hearth::cli
