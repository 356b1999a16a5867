// --monitor on the verbs that keep a pool.
#include "cli/get_support.hpp"
#include "cli/process.hpp"
#include "monitor/peer.hpp"

#include <hearth/testing/faulty_origin.hpp>

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <functional>
#include <string>

namespace hearth::test {
namespace {

using namespace std::chrono_literals;

/// Where a verb that has begun says that its monitor is.
std::string monitor_of(process& p) {
    EXPECT_TRUE(p.wait_for_err("/\n"));
    const std::string& err = p.err();
    const std::size_t from = err.find("monitor: ");
    EXPECT_NE(from, std::string::npos) << err;
    return from == std::string::npos ? "" : err.substr(from + 9, err.find('\n', from) - from - 9);
}

std::int64_t requests_at(const std::string& monitor) {
    const auto stats = boost::json::parse(body_of(ask(monitor, "/stats.json")));
    return stats.at("totals").at("count").at("requests").as_int64();
}

// A monitor may be away for a moment: between the passes of a soak it begins anew.
bool soon(const std::function<bool()>& holds) {
    const auto begin = std::chrono::steady_clock::now();
    while (std::chrono::steady_clock::now() - begin < 20s) {
        try {
            if (holds()) return true;
        } catch (const std::exception&) {
        }
    }
    return false;
}

TEST(monitor_flag, load_shows_its_pool) {
    faulty_origin origin;
    process load({HEARTH_BINARY, "load", "-d", "1m", "-c", "4", "--monitor", "127.0.0.1:0", origin.url()});
    const std::string monitor = monitor_of(load);
    EXPECT_TRUE(soon([&] { return requests_at(monitor) > 100; }));
    EXPECT_NE(ask(monitor, "/stats.json").find(R"([{"name":"load","loops":1,"alive":true}])"), std::string::npos);
    load.send_signal(SIGINT);
    EXPECT_EQ(load.wait().status, 130);
}

TEST(monitor_flag, get_shows_its_pool_to_those_with_the_token) {
    faulty_origin origin;
    ::setenv("HEARTH_MONITOR_TOKEN", "open-sesame", 1);
    process get(get_command({"--monitor", ":0", origin.url() + "/slow/30000"}));
    ::unsetenv("HEARTH_MONITOR_TOKEN");
    const std::string monitor = monitor_of(get);
    EXPECT_NE(ask(monitor, "/metrics").find("401"), std::string::npos);
    const std::string wanted = "hearth_connections{origin=\"" + origin.url() + "\",state=\"in_use\"} 1\n";
    EXPECT_TRUE(soon([&] {
        return ask(monitor, "/metrics", "Authorization: Bearer open-sesame\r\n").find(wanted) != std::string::npos;
    }));
    get.send_signal(SIGINT);
    EXPECT_EQ(get.wait().status, 130);
}

TEST(monitor_flag, soak_says_where_to_look) {
    const ended without = run({HEARTH_BINARY, "soak", "--requests", "100", "--idle", "20ms"});
    EXPECT_EQ(without.status, 0);
    EXPECT_TRUE(without.out.ends_with("hearth soak --monitor :9464, and open http://127.0.0.1:9464/\n")) << without.out;
    process soak({HEARTH_BINARY, "soak", "--requests", "100", "--idle", "20ms", "--monitor", ":0"});
    const std::string monitor = monitor_of(soak);
    EXPECT_TRUE(soon([&] { return ask(monitor, "/stats.json").find(R"("name":"Hearth")") != std::string::npos; }));
    // Its viewers see the last of it; the plain client's pass is no part of that.
    EXPECT_TRUE(soon([&] { return requests_at(monitor) == 100; }));
    const ended with = soak.wait();
    EXPECT_EQ(with.status, 0);
    EXPECT_TRUE(with.out.ends_with("The pools were shown at " + monitor + "\n")) << with.out;
}

TEST(monitor_flag, an_address_that_is_none_is_wrong_usage) {
    for (const std::string address : {"here", "0.0.0.0:0", "unix:here"}) {
        for (const std::string verb : {"get", "load", "soak"}) {
            const ended r = run({HEARTH_BINARY, verb, "http://127.0.0.1:1/", "--monitor", address});
            EXPECT_EQ(r.status, 2) << verb << ' ' << address;
            EXPECT_TRUE(one_line_with(r.err, "--monitor: address is \"" + address + "\""));
        }
    }
}

}  // namespace
}  // namespace hearth::test
