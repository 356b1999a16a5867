// The examples that need an origin, each run against one that misbehaves.

#include "cli/process.hpp"
#include "monitor/peer.hpp"

#include <hearth/testing/faulty_origin.hpp>

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <string>

namespace hearth::test {
namespace {

using testing::faulty_origin;

ended example(const char* name, const std::string& url) { return run({std::string(HEARTH_EXAMPLES_DIR) + "/" + name, url}); }

TEST(examples, quickstart_agent) {
    faulty_origin origin({.body = "home\n"});
    const ended r = example("quickstart_agent", origin.url());
    EXPECT_EQ(r.status, 0) << r.err;
    EXPECT_EQ(r.out, "200 home\n200 two apples\nreused: 1\n");
    EXPECT_EQ(origin.report().connections, 1U);
}

TEST(examples, quickstart_client) {
    faulty_origin origin({.body = "home\n"});
    const ended r = example("quickstart_client", origin.url());
    EXPECT_EQ(r.status, 0) << r.err;
    EXPECT_EQ(r.out, "200 home\n200 two apples\n1000 bytes\n");
}

TEST(examples, callback) {
    faulty_origin origin({.body = "home\n"});
    const ended r = example("callback", origin.url());
    EXPECT_EQ(r.status, 0) << r.err;
    EXPECT_EQ(r.out, "200 home\n");
}

TEST(examples, a_failure_is_one_sentence) {
    for (const char* name : {"quickstart_agent", "quickstart_client", "callback"}) {
        const ended r = example(name, "http://127.0.0.1:1");
        EXPECT_EQ(r.status, 1) << name;
        EXPECT_NE(r.err.find("refused the connection"), std::string::npos) << name << ": " << r.err;
    }
}

TEST(examples, pool_log) {
    faulty_origin origin;
    const ended r = example("pool_log", origin.url());
    EXPECT_EQ(r.status, 0) << r.err;
    EXPECT_NE(r.out.find(": pending 0, in use 0, free "), std::string::npos) << r.out;
    EXPECT_NE(r.out.find("; 400 responses, "), std::string::npos) << r.out;
    EXPECT_LE(origin.report().connections, 4U);
}

TEST(examples, monitored_service) {
    if (!HEARTH_HAS_MONITOR) GTEST_SKIP() << "built without the monitor";
    faulty_origin origin;
    process service({std::string(HEARTH_EXAMPLES_DIR) + "/monitored_service", origin.url(), "127.0.0.1:0"});
    ASSERT_TRUE(service.wait_for_out("/\n"));
    const std::string& said = service.out();
    const std::string monitor = said.substr(said.find("http"), said.find('\n') - said.find("http"));
    // Eight workers, and more than one job each.
    const auto begin = std::chrono::steady_clock::now();
    std::int64_t requests = 0;
    while (requests < 20 && std::chrono::steady_clock::now() - begin < std::chrono::seconds(20)) {
        const auto stats = boost::json::parse(body_of(ask(monitor, "/stats.json")));
        requests = stats.at("totals").at("count").at("requests").as_int64();
    }
    EXPECT_GE(requests, 20);
    service.send_signal(SIGTERM);
    const ended r = service.wait();
    EXPECT_EQ(r.status, 0);
    EXPECT_EQ(r.err, "");
}

TEST(examples, upload_stream) {
    faulty_origin origin;
    const ended r = example("upload_stream", origin.url() + "/echo");
    EXPECT_EQ(r.status, 0) << r.err;
    // The numbers 0 to 999'999 and as many newlines.
    EXPECT_EQ(r.out, "200, 6888890 bytes of answer\n");
}

}  // namespace
}  // namespace hearth::test
