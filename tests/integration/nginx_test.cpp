// Against the real nginx.
#include "support/nginx.hpp"
#include "support/certificates.hpp"
#include "support/run.hpp"

#include <hearth/agent.hpp>
#include <hearth/client.hpp>

#include <dirent.h>

#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace hearth::test;
using hearth::agent;

// Sanitizers slow everything down tenfold and more.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int scale = 10;
#else
constexpr int scale = 1;
#endif

std::size_t open_descriptors() {
    std::size_t n = 0;
    DIR* dir = ::opendir("/proc/self/fd");
    while (::readdir(dir) != nullptr) ++n;
    ::closedir(dir);
    return n;
}

struct nginx_test : testing::Test {
    void SetUp() override {
        if (!nginx::is_installed()) FAIL() << "nginx is not installed; scripts/setup test installs it";
    }
};

TEST_F(nginx_test, a_hundred_thousand_requests_over_fifty_connections_open_fifty) {
    const nginx server;
    constexpr int requests = 100'000 / scale;
    const std::size_t descriptors = open_descriptors();
    run([&]() -> awaitable<void> {
        const auto ex = co_await asio::this_coro::executor;
        agent a(ex, {.max_sockets = 50});
        int left = requests;
        int working = 50;
        for (int i = 0; i < 50; ++i) {
            asio::co_spawn(
                ex,
                [&]() -> awaitable<void> {
                    while (left-- > 0) {
                        hearth::response r = co_await a.get(server.url());
                        EXPECT_EQ(co_await r.text(), "hello from nginx\n");
                    }
                },
                [&](const std::exception_ptr& e) {
                    EXPECT_FALSE(e);
                    --working;
                });
        }
        co_await until([&] { return working == 0; });
        const hearth::stats s = a.stats();
        EXPECT_EQ(s.count.opened, 50U);
        EXPECT_EQ(s.count.responses, static_cast<std::uint64_t>(requests));
        EXPECT_EQ(s.count.failed, 0U);
        // The server's own books: this connection is one of the fifty, or one more.
        const std::string status = co_await (co_await a.get(server.url("/status"))).text();
        EXPECT_NE(status.find("Active connections: 50"), std::string::npos) << status;
    });
    EXPECT_EQ(open_descriptors(), descriptors);
}

TEST_F(nginx_test, idle_gaps_around_its_keepalive_timeout_fail_nothing) {
    const nginx server({.keepalive_timeout = "1s"});
    run([&]() -> awaitable<void> {
        const auto ex = co_await asio::this_coro::executor;
        agent a(ex, {.max_sockets = 100});
        std::minstd_rand random(7);
        int working = 60;
        int answered = 0;
        for (int i = 0; i < 60; ++i) {
            asio::co_spawn(
                ex,
                [&, gap = std::chrono::milliseconds(900 + random() % 200)]() -> awaitable<void> {
                    for (int k = 0; k < 4; ++k) {
                        hearth::response r = co_await a.get(server.url());
                        answered += co_await r.text() == "hello from nginx\n";
                        co_await pause(gap);
                    }
                },
                [&](const std::exception_ptr& e) {
                    EXPECT_FALSE(e);
                    --working;
                });
        }
        co_await until([&] { return working == 0; });
        EXPECT_EQ(answered, 240);
    });
}

TEST_F(nginx_test, few_requests_a_connection_reload_and_restart_under_load) {
    nginx server({.keepalive_requests = 5});
    std::atomic<bool> stop{false};
    std::jthread disturber([&] {
        for (int i = 0; i < 6; ++i) {
            std::this_thread::sleep_for(100ms);
            i % 2 == 0 ? server.reload() : server.restart();
        }
        stop = true;
    });
    run([&]() -> awaitable<void> {
        const auto ex = co_await asio::this_coro::executor;
        agent a(
            ex,
            {.max_sockets = 20,
             .retry = {.max_retries = 50, .base_delay = 5ms, .max_delay = 100ms, .budget_percent = 100, .min_budget = 100}});
        int working = 20;
        int answered = 0;
        for (int i = 0; i < 20; ++i) {
            asio::co_spawn(
                ex,
                [&]() -> awaitable<void> {
                    while (!stop) {
                        hearth::response r = co_await a.get(server.url());
                        answered += co_await r.text() == "hello from nginx\n";
                    }
                },
                [&](const std::exception_ptr& e) {
                    EXPECT_NO_THROW(if (e) std::rethrow_exception(e));
                    --working;
                });
        }
        co_await until([&] { return working == 0; });
        EXPECT_GT(answered, 20);
        EXPECT_EQ(a.stats().count.failed, 0U);
    });
}

TEST_F(nginx_test, tls) {
    const auto& made = certificates();
    const nginx server({.certificate = made.server.certificate, .key = made.server.key});
    run([&]() -> awaitable<void> {
        const auto executor = co_await asio::this_coro::executor;
        agent a(executor, {.tls = {.ca = made.authority.certificate()}});
        for (int i = 0; i < 1000 / scale; ++i)
            EXPECT_EQ(co_await (co_await a.get(server.url())).text(), "hello from nginx\n");
        EXPECT_EQ(a.stats().count.opened, 1U);
    });
}

TEST_F(nginx_test, a_client_called_by_eight_threads) {
    const nginx server;
    hearth::client c(hearth::agent_options{.max_sockets = 8});
    std::atomic<int> answered{0};
    std::vector<std::thread> callers;
    for (int t = 0; t < 8; ++t) {
        callers.emplace_back([&] {
            for (int i = 0; i < 1000 / scale; ++i) answered += c.get(server.url()).text() == "hello from nginx\n";
        });
    }
    for (std::thread& t : callers) t.join();
    EXPECT_EQ(answered, 8 * (1000 / scale));
    EXPECT_LE(c.stats().count.opened, 8U);
}

}  // namespace
