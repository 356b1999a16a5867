// TCP over v4 and v6, and unix sockets.
#include "support/run.hpp"
#include "support/scripted_server.hpp"

#include <hearth/agent.hpp>
#include <hearth/testing/faulty_origin.hpp>

#include <unistd.h>

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

namespace {

using namespace hearth::test;
using hearth::agent;
using hearth::errc;

TEST(agent_transports, unix_sockets) {
    const std::string path =
        (std::filesystem::temp_directory_path() / ("hearth-unix-" + std::to_string(::getpid()))).string();
    scripted_server server(std::vector<scripted_server::script>{[](peer& p) {
                               for (std::string head = p.read_head(); !head.empty(); head = p.read_head()) {
                                   EXPECT_NE(head.find("Host: example.test\r\n"), std::string::npos) << head;
                                   p.respond("over a unix socket");
                               }
                           }},
                           path);
    run([&]() -> awaitable<void> {
        const auto executor = co_await asio::this_coro::executor;
        agent a(executor, {.socket_path = path});
        for (int i = 0; i < 3; ++i) {
            hearth::response r = co_await a.get("http://example.test/");
            EXPECT_EQ(co_await r.text(), "over a unix socket");
            EXPECT_EQ(r.remote(), path);
        }
        EXPECT_EQ(a.stats().count.opened, 1U);
    });
    run([]() -> awaitable<void> {
        const auto executor = co_await asio::this_coro::executor;
        agent a(executor, {.retry = {.max_retries = 0}, .socket_path = "/nonexistent/socket"});
        const hearth::failure f = co_await failure_of(a.get("http://x/"));
        EXPECT_EQ(f.phase, hearth::phase::connect);
        EXPECT_NE(f.message().find("/nonexistent/socket"), std::string::npos) << f.message();
    });
}

TEST(agent_transports, ipv6_and_names) {
    const hearth::testing::faulty_origin six({.address = "::1"});
    const hearth::testing::faulty_origin four;
    run([&]() -> awaitable<void> {
        agent a(co_await asio::this_coro::executor);
        hearth::response r = co_await a.get("http://[::1]:" + std::to_string(six.port()) + "/");
        EXPECT_EQ(r.remote(), "[::1]:" + std::to_string(six.port()));
        // The name has both addresses, perhaps; something listens on one of them only.
        EXPECT_EQ((co_await a.get("http://localhost:" + std::to_string(four.port()) + "/")).status(), 200);
    });
}

TEST(agent_transports, local_address) {
    const hearth::testing::faulty_origin origin;
    run([&]() -> awaitable<void> {
        const auto executor = co_await asio::this_coro::executor;
        agent a(executor, {.local_address = "127.0.0.2"});
        EXPECT_EQ((co_await a.get(origin.url())).status(), 200);
    });
}

}  // namespace
