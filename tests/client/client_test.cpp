// The client: blocking calls and futures, from any thread.
#include "client/codes.hpp"

#include <hearth/client.hpp>
#include <hearth/testing/faulty_origin.hpp>

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using hearth::client;
using hearth::errc;
using hearth::test::code_of;
using hearth::testing::faulty_origin;

TEST(client, blocking_calls) {
    const faulty_origin origin;
    client c;
    for (int i = 0; i < 5; ++i) {
        hearth::client_response r = c.get(origin.url());
        EXPECT_EQ(r.status(), 200);
        EXPECT_EQ(r.reused(), i > 0);
        EXPECT_EQ(r.text(), "hello from the origin\n");
    }
    EXPECT_EQ(c.post(origin.url() + "/echo", "sent").text(), "sent");
    EXPECT_EQ(c.head(origin.url()).status(), 200);
    EXPECT_EQ(c.stats().count.opened, 1U);
    EXPECT_EQ(c.stats().count.requests, 7U);
}

TEST(client, futures) {
    const faulty_origin origin;
    client c;
    std::vector<std::future<hearth::client_response>> all;
    for (int i = 0; i < 20; ++i) all.push_back(c.async_get(origin.url()));
    for (auto& one : all) EXPECT_EQ(one.get().text(), "hello from the origin\n");
    EXPECT_EQ(code_of([&] { (void)c.async_get("ftp://x/").get(); }), errc::unsupported_scheme);
}

TEST(client, a_body_in_pieces) {
    const faulty_origin origin;
    client c;
    hearth::client_response r = c.get(origin.url() + "/bytes/1000000");
    std::array<char, 10000> piece{};
    std::size_t all = 0;
    while (const std::size_t n = r.read_some(piece)) all += n;
    EXPECT_EQ(all, 1'000'000U);
    EXPECT_EQ(c.get(origin.url() + "/chunked/5000").discard(), 5000U);
    EXPECT_EQ(code_of([&] { (void)hearth::client_response().text(); }), errc::body_already_read);
}

TEST(client, errors_are_thrown_with_their_failure) {
    client c(hearth::agent_options{.retry = {.max_retries = 0}});
    try {
        (void)c.get("http://127.0.0.1:1/");
        ADD_FAILURE();
    } catch (const hearth::error& e) {
        EXPECT_EQ(e.code(), std::errc::connection_refused);
        EXPECT_EQ(e.info().phase, hearth::phase::connect);
    }
    EXPECT_EQ(code_of([] { const client bad(hearth::client_options{.threads = 0}); }), errc::invalid_option);
}

TEST(client, eight_threads_share_one) {
    const faulty_origin origin;
    for (const std::size_t io_threads : {1U, 3U}) {
        client c(hearth::client_options{.agent = {.max_sockets = 4}, .threads = io_threads});
        std::atomic<int> answered{0};
        std::vector<std::thread> callers;
        for (int t = 0; t < 8; ++t) {
            callers.emplace_back([&, t] {
                for (int i = 0; i < 100; ++i) {
                    hearth::client_response r = c.get(origin.url() + "/bytes/" + std::to_string(t * 1000 + i));
                    if (r.text().size() == static_cast<std::size_t>(t * 1000 + i)) ++answered;
                    if (i % 25 == 0) (void)c.stats();
                }
            });
        }
        for (std::thread& t : callers) t.join();
        EXPECT_EQ(answered, 800);
        EXPECT_LE(c.stats().count.opened, 4U);
        EXPECT_EQ(c.stats().origins.size(), 1U);
    }
}

TEST(client, close_waits_for_what_is_in_flight) {
    const faulty_origin origin({.work = 20ms});
    client c;
    auto pending = c.async_get(origin.url());
    while (c.stats().in_use == 0) std::this_thread::yield();
    c.close();
    EXPECT_EQ(pending.get().status(), 200);
    EXPECT_EQ(code_of([&] { (void)c.get(origin.url()); }), errc::agent_closed);
    EXPECT_EQ(c.stats().free, 0U);
}

TEST(client, destroyed_under_load) {
    const faulty_origin origin({.work = 5ms});
    for (int round = 0; round < 10; ++round) {
        std::vector<std::future<hearth::client_response>> all;
        hearth::client_response kept;
        {
            client c(hearth::client_options{.threads = 2});
            kept = c.get(origin.url() + "/bytes/10000000");
            for (int i = 0; i < 50; ++i) all.push_back(c.async_get(origin.url()));
        }
        for (auto& one : all) {
            const errc code = code_of([&] { (void)one.get(); });
            EXPECT_TRUE(code == errc{} || code == errc::agent_closed);
        }
        EXPECT_EQ(kept.status(), 200);
        EXPECT_EQ(code_of([&] { (void)kept.text(); }), errc::agent_closed);
    }
}

TEST(client, is_moved) {
    const faulty_origin origin;
    client one;
    client two = std::move(one);
    EXPECT_EQ(two.get(origin.url()).status(), 200);
    two = client();
    EXPECT_EQ(two.get(origin.url()).status(), 200);
}

TEST(client, warm_and_close_idle) {
    const faulty_origin origin;
    client c;
    c.warm(origin.url(), 2);
    const auto give_up = std::chrono::steady_clock::now() + 20s;
    while (c.stats().free < 2 && std::chrono::steady_clock::now() < give_up) std::this_thread::yield();
    EXPECT_EQ(c.stats().free, 2U);
    c.close_idle();
    EXPECT_EQ(c.stats().free, 0U);
    EXPECT_THROW(c.warm("nonsense", 1), hearth::error);
}

}  // namespace
