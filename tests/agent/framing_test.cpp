// Responses of every framing, and those that are refused (docs/behaviours: 19, 21, 22, 26).
#include "support/run.hpp"
#include "support/scripted_server.hpp"

#include <hearth/agent.hpp>

#include <boost/asio/read.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/write.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace {

using namespace hearth::test;
using hearth::agent;
using hearth::errc;

struct good {
    const char* name;
    std::string method, answer;
    int status;
    std::string body;
    bool then_close;
    std::size_t free;
};

TEST(agent_framing, every_kind_is_read_to_its_end) {
    const std::string ok = "HTTP/1.1 200 OK\r\n";
    const std::vector<good> rows{
        {"length", "GET", ok + "Content-Length: 5\r\n\r\nhello", 200, "hello", false, 1},
        {"length 0", "GET", ok + "Content-Length: 0\r\n\r\n", 200, "", false, 1},
        {"chunked", "GET", ok + "Transfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\nX-T: v\r\n\r\n", 200,
         "hello", false, 1},
        {"to close", "GET", ok + "\r\nhello", 200, "hello", true, 0},
        {"1.0 to close", "GET", "HTTP/1.0 200 OK\r\n\r\nhello", 200, "hello", true, 0},
        {"HEAD", "HEAD", ok + "Content-Length: 5\r\n\r\n", 200, "", false, 1},
        {"204", "GET", "HTTP/1.1 204 No Content\r\n\r\n", 204, "", false, 1},
        {"304 with a length", "GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", 304, "", false, 1},
        {"204 with a length", "GET", "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", 204, "", false, 0},
        {"after 1xx", "GET", "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + ok + "Content-Length: 2\r\n\r\nhi", 200, "hi",
         false, 1}};
    for (const good& each : rows) {
        for (const bool dribble : {false, true}) {
            scripted_server server([&](peer& p) {
                p.read_head();
                if (!dribble) p.send(each.answer);
                for (std::size_t i = 0; dribble && i < each.answer.size(); ++i) p.send(each.answer.substr(i, 1));
                if (!each.then_close) p.wait_closed();
            });
            run([&]() -> awaitable<void> {
                agent a(co_await asio::this_coro::executor);
                hearth::response r = co_await a.send({each.method, server.url()});
                EXPECT_EQ(r.status(), each.status) << each.name;
                EXPECT_EQ(co_await r.text(), each.body) << each.name;
                EXPECT_TRUE(r.is_complete()) << each.name;
                EXPECT_EQ(a.stats().free, each.free) << each.name;
                EXPECT_EQ(a.stats().in_use, 0U) << each.name;
                if (std::string(each.name) == "chunked") {
                    EXPECT_EQ(r.trailers().get("x-t"), "v");
                }
            });
        }
    }
}

struct bad {
    std::string answer;
    errc code;
    std::string words;  // in the message
    bool in_body = false;
};

TEST(agent_framing, what_is_malformed_ambiguous_or_too_large_fails_that_exchange_alone) {
    const std::string ok = "HTTP/1.1 200 OK\r\n";
    const std::vector<bad> rows{
        {"SSH-2.0-OpenSSH\r\n\r\n", errc::malformed_response, "status line"},
        {"HTTP/2 200 OK\r\n\r\n", errc::malformed_response, "status line"},
        {ok + "Bad Header: x\r\n\r\n", errc::malformed_response, ""},
        {ok + "X: a\rb\r\n\r\n", errc::malformed_response, ""},
        {ok + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello", errc::ambiguous_framing, "Content-Length"},
        {ok + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", errc::ambiguous_framing,
         "Transfer-Encoding"},
        {ok + "Transfer-Encoding: chunked, gzip\r\n\r\n", errc::ambiguous_framing, ""},
        {ok + "Content-Length: -1\r\n\r\n", errc::ambiguous_framing, "Content-Length"},
        {ok + "X: " + std::string(5000, 'x') + "\r\n\r\n", errc::head_too_large, "max_header_size"},
        {ok +
             [] {
                 std::string s;
                 for (int i = 0; i < 20; ++i) s += "A: b\r\n";
                 return s;
             }() +
             "\r\n",
         errc::too_many_headers, ""},
        {ok + "Content-Length: 2000\r\n\r\n", errc::response_too_large, ""},
        {ok + "Transfer-Encoding: chunked\r\n\r\nzz\r\n", errc::malformed_response, "chunk", true},
        {ok + "Content-Length: 10\r\n\r\nhello", errc::truncated_response, "", true},
        {ok + "Transfer-Encoding: chunked\r\n\r\n5\r\nhel", errc::truncated_response, "", true},
        {ok + "X: ", errc::truncated_response, ""},
        {[] {
             std::string s;
             for (int i = 0; i < 30; ++i) s += "HTTP/1.1 100 Continue\r\n\r\n";
             return s;
         }(),
         errc::too_many_informational, ""}};
    for (const bad& each : rows) {
        scripted_server server(std::vector<scripted_server::script>{[&](peer& p) {
                                                                        p.read_head();
                                                                        p.send(each.answer);
                                                                    },
                                                                    [&](peer& p) {
                                                                        p.read_head();
                                                                        p.respond("fine");
                                                                        p.wait_closed();
                                                                    }});
        run([&]() -> awaitable<void> {
            const auto executor = co_await asio::this_coro::executor;
            agent a(
                executor,
                {.retry = {.max_retries = 0}, .max_header_size = 4096, .max_header_count = 16, .max_response_size = 1000});
            hearth::failure f;
            try {
                hearth::response r = co_await a.get(server.url());
                EXPECT_TRUE(each.in_body) << each.answer;
                co_await r.discard();
                ADD_FAILURE() << each.answer;
            } catch (const hearth::error& e) {
                f = e.info();
            }
            EXPECT_EQ(f.code, each.code) << each.answer << f.message();
            EXPECT_NE(f.message().find(each.words), std::string::npos) << f.message();
            EXPECT_EQ(a.stats().free, 0U);
            EXPECT_EQ(a.stats().in_use, 0U);
            EXPECT_EQ(co_await (co_await a.get(server.url())).text(), "fine");
        });
    }
}

TEST(agent_framing, a_101_hands_over_the_stream_with_what_came_along) {  // 26
    scripted_server server([](peer& p) {
        const std::string head = p.read_head();
        EXPECT_NE(head.find("Upgrade: echo"), std::string::npos);
        p.send("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\nearly");
        p.send(p.read_exactly(5) + "!");
        p.half_close();
        p.wait_closed();
    });
    run([&]() -> awaitable<void> {
        agent a(co_await asio::this_coro::executor);
        hearth::response r = co_await a.send({"GET", server.url(), {{"Connection", "upgrade"}, {"Upgrade", "echo"}}});
        EXPECT_EQ(r.status(), 101);
        hearth::stream s = r.upgrade();
        EXPECT_THROW((void)r.upgrade(), hearth::error);
        co_await a.close();  // the stream does not need the agent
        std::string got(11, '\0');
        EXPECT_EQ(co_await asio::async_read(s, asio::buffer(got, 5), asio::use_awaitable), 5U);
        EXPECT_EQ(got.substr(0, 5), "early");
        co_await asio::async_write(s, asio::buffer("hello", 5), asio::use_awaitable);
        hearth::error_code ec;
        const std::size_t n = co_await asio::async_read(s, asio::buffer(got), asio::redirect_error(asio::use_awaitable, ec));
        EXPECT_EQ(ec, asio::error::eof);
        EXPECT_EQ(got.substr(0, n), "hello!");
    });
    EXPECT_EQ(server.complaints(), "");
}

TEST(agent_framing, a_101_nobody_asked_for_is_refused) {
    scripted_server server([](peer& p) {
        p.read_head();
        p.send("HTTP/1.1 101 Switching Protocols\r\n\r\n");
        p.wait_closed();
    });
    run([&]() -> awaitable<void> {
        const auto executor = co_await asio::this_coro::executor;
        agent a(executor, {.retry = {.max_retries = 0}});
        EXPECT_EQ((co_await failure_of(a.get(server.url()))).code, errc::malformed_response);
    });
}

}  // namespace
