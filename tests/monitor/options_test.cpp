// Where a monitor may listen, and what else it is told.
#include "monitor/access.hpp"
#include "monitor/address.hpp"

#include <hearth/error.hpp>
#include <hearth/monitor.hpp>

#include <gtest/gtest.h>

#include <functional>
#include <string>

namespace {

using namespace std::chrono_literals;
using hearth::monitor_options;
using hearth::detail::bears;
using hearth::detail::listen_address;
using hearth::detail::names_this_machine;
using hearth::detail::parse_listen_address;

std::string refusal_of(const monitor_options& o) {
    try {
        hearth::validate(o);
    } catch (const hearth::error& e) {
        EXPECT_EQ(e.code(), hearth::errc::invalid_option);
        return e.info().detail;
    }
    return "";
}

monitor_options with(const std::function<void(monitor_options&)>& change) {
    monitor_options o;
    change(o);
    return o;
}

std::string refusal_of_address(const char* address) {
    return refusal_of(with([&](auto& o) { o.address = address; }));
}

TEST(monitor_options, defaults_are_allowed) { EXPECT_EQ(refusal_of({}), ""); }

TEST(monitor_options, addresses) {
    EXPECT_EQ(parse_listen_address("127.0.0.1:9464").url(), "http://127.0.0.1:9464/");
    EXPECT_EQ(parse_listen_address(":80").url(), "http://127.0.0.1:80/");
    EXPECT_EQ(parse_listen_address("localhost:80").url(), "http://127.0.0.1:80/");
    EXPECT_EQ(parse_listen_address("[::1]:9464").url(), "http://[::1]:9464/");
    EXPECT_EQ(parse_listen_address("unix:/run/h.sock").url(), "unix:/run/h.sock");
    EXPECT_TRUE(parse_listen_address("127.8.0.1:1").loopback);
    EXPECT_TRUE(parse_listen_address("[::1]:1").loopback);
    EXPECT_FALSE(parse_listen_address("unix:/h").is_public());
    EXPECT_TRUE(parse_listen_address("0.0.0.0:1").is_public());
    EXPECT_TRUE(parse_listen_address("[::]:1").is_public());
}

TEST(monitor_options, addresses_that_are_none) {
    for (const char* bad : {"", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:8x", "::1:80",
                            "[::1]", "[::1", "example.com:80", "unix:", "unix:relative", "http://127.0.0.1:80"}) {
        EXPECT_NE(refusal_of_address(bad), "") << bad;
    }
    EXPECT_NE(refusal_of_address(("unix:/" + std::string(200, 'x')).c_str()).find("at most 107 bytes"), std::string::npos);
    EXPECT_EQ(refusal_of_address("unix:here"),
              "address is \"unix:here\"; a unix socket is given by its whole path, as in unix:/run/hearth.sock");
}

TEST(monitor_options, others_reach_it_only_when_that_is_said) {
    EXPECT_NE(refusal_of_address("0.0.0.0:9464").find("which others can reach"), std::string::npos);
    EXPECT_NE(refusal_of_address("[::]:9464"), "");
    EXPECT_EQ(refusal_of({.address = "0.0.0.0:9464", .token = "12345678"}), "");
    EXPECT_EQ(refusal_of({.address = "0.0.0.0:9464", .allow_public = true}), "");
}

TEST(monitor_options, a_refused_token_is_not_shown) {
    EXPECT_EQ(refusal_of({.token = "12345678"}), "");
    EXPECT_EQ(refusal_of({.token = std::string(256, 'x')}), "");
    EXPECT_EQ(refusal_of({.token = "secret!"}), "token has 7 characters; allowed: 0 (none), or 8 to 256");
    EXPECT_NE(refusal_of({.token = std::string(257, 'x')}), "");
    EXPECT_EQ(refusal_of({.token = "secret secret"}), "token holds a character that is not visible ASCII");
}

TEST(monitor_options, ranges) {
    EXPECT_EQ(refusal_of(with([](auto& o) { o.interval = 100ms; })), "");
    EXPECT_EQ(refusal_of(with([](auto& o) { o.interval = 1min; })), "");
    EXPECT_EQ(refusal_of(with([](auto& o) { o.interval = 99ms; })), "interval is 99 ms; allowed: 100 ms to 1 min");
    EXPECT_NE(refusal_of(with([](auto& o) { o.interval = 60'001ms; })), "");
    EXPECT_EQ(refusal_of(with([](auto& o) { o.max_metric_origins = 0; })), "max_metric_origins is 0; allowed: 1 to 10000");
    EXPECT_NE(refusal_of(with([](auto& o) { o.max_metric_origins = 10'001; })), "");
    EXPECT_EQ(refusal_of(with([](auto& o) { o.max_origins = 0; })), "max_origins is 0; allowed: 1 to 50000");
    EXPECT_NE(refusal_of(with([](auto& o) { o.max_origins = 50'001; })), "");
    EXPECT_EQ(refusal_of(with([](auto& o) { o.max_viewers = 0; })), "max_viewers is 0; allowed: 1 to 1000");
    EXPECT_NE(refusal_of(with([](auto& o) { o.max_viewers = 1'001; })), "");
    EXPECT_EQ(refusal_of(with([](auto& o) { o.max_connections = 32; })), "");
    EXPECT_EQ(refusal_of(with([](auto& o) { o.max_connections = 31; })),
              "max_connections is 31; allowed: max_viewers, which is 32, to 10000");
    EXPECT_NE(refusal_of(with([](auto& o) { o.max_connections = 10'001; })), "");
}

TEST(monitor_access, token) {
    EXPECT_TRUE(bears("Bearer open-sesame", "open-sesame"));
    EXPECT_TRUE(bears("bearer open-sesame", "open-sesame"));
    for (const char* wrong : {"", "Bearer", "Bearer ", "Bearer open-sesam", "Bearer open-sesame ", "Bearer open-sesamf",
                              "Bearer Open-sesame", "Basic open-sesame", "open-sesame"}) {
        EXPECT_FALSE(bears(wrong, "open-sesame")) << wrong;
    }
}

TEST(monitor_access, host) {
    const listen_address v4 = parse_listen_address("127.0.0.5:9464");
    for (const char* good : {"localhost", "LOCALHOST:9464", "127.0.0.1:9464", "[::1]:1", "127.0.0.5", "127.0.0.5:80"}) {
        EXPECT_TRUE(names_this_machine(good, v4)) << good;
    }
    for (const char* bad : {"", "example.com", "localhost.example.com", "127.0.0.1.example.com:9464", "127.0.0.6",
                            "localhost:80x", "evil@localhost", "[::2]", "::1", "[", "]", ":"}) {
        EXPECT_FALSE(names_this_machine(bad, v4)) << bad;
    }
    EXPECT_TRUE(names_this_machine("[::1]:9464", parse_listen_address("[::1]:9464")));
}

}  // namespace
