// Prometheus's own tools and server, and what docs/monitoring/ has for them.
#include "cli/process.hpp"
#include "monitor/endpoint.hpp"
#include "monitor/fake_agent.hpp"
#include "monitor/peer.hpp"
#include "support/server_process.hpp"

#include <hearth/client.hpp>
#include <hearth/monitor.hpp>
#include <hearth/testing/faulty_origin.hpp>

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <fstream>
#include <iterator>
#include <memory>
#include <regex>
#include <set>
#include <string>
#include <thread>

namespace hearth::test {
namespace {

using namespace std::chrono_literals;

constexpr const char* promtool = "/usr/bin/promtool";
constexpr const char* prometheus = "/usr/bin/prometheus";

std::string read(const std::string& name) {
    std::ifstream in(std::string(HEARTH_SOURCE_DIR) + "/docs/monitoring/" + name);
    EXPECT_TRUE(in) << name;
    return {std::istreambuf_iterator<char>(in), {}};
}

/// The endpoint's own output, with every family in it.
std::string all_metrics() {
    auto agent = std::make_shared<fake_agent>();
    detail::watch_report r;
    origin_stats& o = r.stats.origins["https://api.example.com"];
    for (auto* h : {&o.latency.queue_wait, &o.latency.lookup, &o.latency.connect, &o.latency.tls, &o.latency.first_byte,
                    &o.latency.total})
        h->record(2ms);
    o.learnt = {.timeout = 65s, .closes = 4, .limit = 61s};
    o.count.requests = 1;
    r.stats.count = o.count;
    r.stats.latency = o.latency;
    agent->report(r);
    detail::endpoint e({.address = "127.0.0.1:0"});
    e.watch("a", {agent});
    return body_of(ask(e.url(), "/metrics"));
}

TEST(monitor_prometheus, promtool_accepts_the_metrics) {
    if (!server_process::is_installed(promtool)) GTEST_SKIP() << promtool << " is not installed";
    const ended r = run({promtool, "check", "metrics"}, all_metrics());
    EXPECT_EQ(r.status, 0) << r.err;
    EXPECT_EQ(r.out + r.err, "");
}

TEST(monitor_prometheus, promtool_accepts_the_rules_and_they_fire_when_they_should) {
    if (!server_process::is_installed(promtool)) GTEST_SKIP() << promtool << " is not installed";
    const std::string folder = std::string(HEARTH_SOURCE_DIR) + "/docs/monitoring/";
    const ended checked = run({promtool, "check", "rules", folder + "hearth-alerts.yml"});
    EXPECT_EQ(checked.status, 0) << checked.out << checked.err;
    const ended tested = run({promtool, "test", "rules", folder + "hearth-alerts-test.yml"});
    EXPECT_EQ(tested.status, 0) << tested.out << tested.err;
}

// A dashboard or an alert about a metric that is not there is quiet when it matters.
TEST(monitor_prometheus, dashboard_and_rules_name_metrics_that_there_are) {
    const std::string metrics = all_metrics();
    const auto exists = [&](const std::string& name) {
        return metrics.find("\n" + name + "{") != std::string::npos || metrics.find("\n" + name + " ") != std::string::npos;
    };
    const std::regex name("hearth_\\w+");
    for (const char* file : {"hearth-dashboard.json", "hearth-alerts.yml"}) {
        const std::string text = read(file);
        std::set<std::string> names;
        for (std::sregex_iterator it(text.begin(), text.end(), name), end; it != end; ++it) names.insert(it->str());
        EXPECT_GE(names.size(), 5U) << file;
        for (const std::string& n : names) EXPECT_TRUE(exists(n)) << file << ": " << n;
    }
    const auto dashboard = boost::json::parse(read("hearth-dashboard.json")).as_object();
    EXPECT_GE(dashboard.at("panels").as_array().size(), 10U);
    for (const auto& panel : dashboard.at("panels").as_array()) {
        for (const auto& target : panel.at("targets").as_array()) {
            EXPECT_NE(target.at("expr").as_string().find("hearth_"), boost::json::string::npos) << panel.at("title");
        }
    }
}

/// A real one, in a folder of its own, that scrapes the monitor five times a second.
class real_prometheus {
public:
    explicit real_prometheus(const std::string& monitor_url, const std::string& token) {
        const std::string authority = monitor_url.substr(7, monitor_url.size() - 8);
        process_.write("token", token);
        process_.write("prometheus.yml",
                       "global: {scrape_interval: 200ms, scrape_timeout: 200ms, evaluation_interval: 200ms}\n"
                       "rule_files: [" +
                           std::string(HEARTH_SOURCE_DIR) +
                           "/docs/monitoring/hearth-alerts.yml]\n"
                           "scrape_configs:\n"
                           "  - job_name: hearth\n"
                           "    authorization: {credentials_file: " +
                           process_.path_of("token") +
                           "}\n"
                           "    static_configs: [{targets: ['" +
                           authority + "']}]\n");
        process_.start({prometheus, "--config.file=" + process_.path_of("prometheus.yml"),
                        "--storage.tsdb.path=" + process_.path_of("data"),
                        "--web.listen-address=127.0.0.1:" + std::to_string(process_.port()), "--log.level=warn"});
    }
    ~real_prometheus() { process_.kill(); }
    real_prometheus(const real_prometheus&) = delete;
    real_prometheus& operator=(const real_prometheus&) = delete;

    /// The one sample of an instant query; 0 when there is none, or it is not a number.
    double query(const std::string& escaped) {
        hearth::client_response r = client_.get(process_.url() + "/api/v1/query?query=" + escaped);
        if (r.status() != 200) return 0;  // it is starting up
        const auto answer = boost::json::parse(r.text()).as_object();
        const auto& result = answer.at("data").at("result").as_array();
        if (result.empty()) return 0;
        const double value = std::stod(std::string(result.at(0).at("value").at(1).as_string()));
        return value > 0 ? value : 0;
    }

private:
    server_process process_{"prometheus"};
    hearth::client client_;
};

// It takes 5 s, since Prometheus begins to scrape what it was told of no sooner.
TEST(monitor_prometheus, a_real_one_scrapes_it_and_tells_the_stale_rate) {
    if (!server_process::is_installed(prometheus)) GTEST_SKIP() << prometheus << " is not installed";
    testing::faulty_origin origin;
    hearth::client client;
    monitor_options o{.address = "127.0.0.1:0", .token = "open-sesame"};
    o.interval = 100ms;
    const hearth::monitor monitor(client, o);
    real_prometheus p(monitor.url(), o.token);
    const auto begin = std::chrono::steady_clock::now();
    double rate = 0;
    while (rate == 0 && std::chrono::steady_clock::now() - begin < 30s) {
        // Each time, one connection goes stale.
        EXPECT_EQ(client.get(origin.url()).text(), "hello from the origin\n");
        (void)origin.close_idle();
        rate = p.query("sum(rate(hearth_stale_caught_total[10s]))/sum(rate(hearth_requests_total[10s]))");
    }
    EXPECT_GT(rate, 0.1);
    EXPECT_LT(rate, 1.5);
    EXPECT_EQ(p.query("up%7Bjob=%22hearth%22%7D"), 1);
}

}  // namespace
}  // namespace hearth::test
