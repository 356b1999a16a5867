// Reading a response's body: at once, in pieces, into a file, or not at all (docs/behaviours: 24, 25).
#include "support/run.hpp"
#include "support/scripted_server.hpp"

#include <hearth/agent.hpp>
#include <hearth/testing/faulty_origin.hpp>

#include <boost/json.hpp>

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace {

using namespace hearth::test;
using hearth::agent;
using hearth::close_reason;
using hearth::errc;

TEST(agent_body, pieces_of_every_size) {
    const hearth::testing::faulty_origin origin;
    run([&]() -> awaitable<void> {
        agent a(co_await asio::this_coro::executor);
        for (const std::string path : {"/bytes/300000", "/chunked/300000"}) {
            for (const std::size_t piece : {1000U, 100000U, 400000U}) {
                hearth::response r = co_await a.get(origin.url() + path);
                std::string buffer(piece, '\0');
                std::size_t all = 0;
                for (;;) {
                    const std::size_t n = co_await r.read_some(asio::buffer(buffer));
                    if (n == 0) break;
                    EXPECT_LE(n, piece);
                    all += n;
                }
                EXPECT_EQ(all, 300000U);
                EXPECT_EQ(co_await r.read_some(asio::buffer(buffer)), 0U);  // the end stays the end
                EXPECT_EQ(a.stats().free, 1U);
            }
        }
        EXPECT_EQ(a.stats().count.opened, 1U);
    });
}

TEST(agent_body, a_caller_who_does_not_read_holds_up_the_server_not_the_memory) {
    std::atomic<std::size_t> sent{0};
    constexpr std::size_t whole = 64 * 1024 * 1024;
    scripted_server server([&](peer& p) {
        p.read_head();
        p.send("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(whole) + "\r\n\r\n");
        const std::string piece(64 * 1024, 'x');
        while (sent < whole && p.send(piece)) sent += piece.size();
        p.wait_closed();
    });
    run([&]() -> awaitable<void> {
        agent a(co_await asio::this_coro::executor);
        hearth::response r = co_await a.get(server.url());
        // Wait until the sockets' buffers are full: nothing moves any more.
        std::size_t before = 1;
        while (before != sent) {
            before = sent;
            co_await pause(100ms);
        }
        EXPECT_LT(sent.load(), whole / 2);
        EXPECT_EQ(co_await r.discard(), whole);
        EXPECT_EQ(a.stats().free, 1U);
    });
}

TEST(agent_body, json_and_file) {
    const auto file = std::filesystem::temp_directory_path() / ("hearth-body-test-" + std::to_string(::getpid()));
    const hearth::testing::faulty_origin origin({.body = R"({"id": 7, "tags": ["a"]})"});
    run([&]() -> awaitable<void> {
        agent a(co_await asio::this_coro::executor);
        const boost::json::value v = co_await (co_await a.get(origin.url())).json();
        EXPECT_EQ(v.at("id").as_int64(), 7);
        EXPECT_EQ(co_await (co_await a.get(origin.url())).save(file), 24U);
        const hearth::failure bad = co_await failure_of((co_await a.get(origin.url() + "/bytes/9")).json());
        EXPECT_EQ(bad.code, errc::malformed_response);
        EXPECT_NE(bad.message().find("not JSON"), std::string::npos) << bad.message();
        const hearth::failure gone = co_await failure_of((co_await a.get(origin.url())).save("/nonexistent/folder/file"));
        EXPECT_EQ(gone.code, errc::file_failed);
        EXPECT_NE(gone.message().find("/nonexistent/folder/file could not be opened"), std::string::npos) << gone.message();
    });
    std::ostringstream saved;
    saved << std::ifstream(file).rdbuf();
    EXPECT_EQ(saved.str(), R"({"id": 7, "tags": ["a"]})");
    std::filesystem::remove(file);
}

TEST(agent_body, is_read_once) {
    const hearth::testing::faulty_origin origin;
    run([&]() -> awaitable<void> {
        agent a(co_await asio::this_coro::executor);
        hearth::response r = co_await a.get(origin.url());
        (void)co_await r.text();
        const hearth::failure f = co_await failure_of(r.text());
        EXPECT_EQ(f.code, errc::body_already_read);
    });
}

TEST(agent_body, more_than_may_be_collected_fails) {
    const hearth::testing::faulty_origin origin;
    run([&]() -> awaitable<void> {
        const auto executor = co_await asio::this_coro::executor;
        agent a(executor, {.max_collected_size = 1000});
        for (const std::string path : {"/bytes/1001", "/bytes/500000", "/chunked/500000"}) {
            hearth::response r = co_await a.get(origin.url() + path);
            const hearth::failure f = co_await failure_of(r.text());
            EXPECT_EQ(f.code, errc::response_too_large);
            EXPECT_NE(f.message().find("max_collected_size (1000 bytes)"), std::string::npos) << f.message();
        }
        EXPECT_EQ((co_await (co_await a.get(origin.url() + "/bytes/1000")).text()).size(), 1000U);
    });
}

TEST(agent_body, unread_and_small_is_drained_and_large_is_not) {  // 25
    const hearth::testing::faulty_origin origin;
    run([&]() -> awaitable<void> {
        agent a(co_await asio::this_coro::executor);
        { hearth::response r = co_await a.get(origin.url() + "/bytes/60000"); }
        co_await until([&] { return a.stats().in_use == 0; });
        EXPECT_EQ(a.stats().free, 1U);
        { hearth::response r = co_await a.get(origin.url() + "/bytes/5000000"); }
        co_await until([&] { return a.stats().in_use == 0; });
        EXPECT_EQ(a.stats().free, 0U);
        EXPECT_EQ(a.stats().count.closed[static_cast<std::size_t>(close_reason::unread)], 1U);
    });
}

TEST(agent_body, a_response_that_goes_while_it_is_read_is_read_on) {
    const hearth::testing::faulty_origin origin;
    run([&]() -> awaitable<void> {
        agent a(co_await asio::this_coro::executor);
        std::size_t size = 0;
        a.get(origin.url() + "/bytes/500000", [&](hearth::error_code ec, hearth::response r) {
            EXPECT_FALSE(ec);
            r.text([&](hearth::error_code failed, const std::string& text) {
                EXPECT_FALSE(failed);
                size = text.size();
            });
        });
        co_await until([&] { return size > 0; });
        EXPECT_EQ(size, 500000U);
        EXPECT_EQ(a.stats().free, 1U);
    });
}

TEST(agent_body, an_empty_response_has_none) {
    hearth::response r;
    EXPECT_EQ(r.status(), 0);
    EXPECT_TRUE(r.headers().empty());
    try {
        r.text([](hearth::error_code, const std::string&) { ADD_FAILURE() << "called"; });
        ADD_FAILURE() << "read";
    } catch (const hearth::error& e) {
        EXPECT_EQ(e.info().code, errc::body_already_read);
    }
}

}  // namespace
