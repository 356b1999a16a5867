// The origin's HTTP, on the wire.
#include "testing/raw_client.hpp"

#include <hearth/testing/faulty_origin.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace hearth::testing {
namespace {

using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;

bool has(const std::string& response, std::string_view text) { return response.find(text) != std::string::npos; }

class http_of_the_origin : public ::testing::Test {
protected:
    faulty_origin origin_;
    raw_client client_{origin_.port()};
};

TEST_F(http_of_the_origin, keeps_the_connection) {
    for (int i = 0; i < 10; ++i) EXPECT_TRUE(has(client_.get("/"), "HTTP/1.1 200 OK\r\n"));
    EXPECT_EQ(origin_.report().connections, 1U);
    EXPECT_EQ(origin_.report().requests, 10U);
}

TEST_F(http_of_the_origin, answers_pipelined_requests_in_order) {
    client_.send("GET /status/201 HTTP/1.1\r\nHost: o\r\n\r\nGET /status/202 HTTP/1.1\r\nHost: o\r\n\r\n");
    EXPECT_TRUE(has(client_.response(), "HTTP/1.1 201 Created\r\n"));
    EXPECT_TRUE(has(client_.response(), "HTTP/1.1 202 Accepted\r\n"));
}

TEST_F(http_of_the_origin, closes_when_the_request_or_the_path_says_so) {
    client_.send("GET / HTTP/1.1\r\nHost: o\r\nConnection: close\r\n\r\n");
    EXPECT_TRUE(has(client_.response(), "Connection: close\r\n"));
    EXPECT_EQ(client_.end(), 0);
    raw_client second(origin_.port());
    EXPECT_TRUE(has(second.get("/close"), "Connection: close\r\n"));
    EXPECT_EQ(second.end(), 0);
}

TEST_F(http_of_the_origin, keeps_http_1_0_only_when_asked) {
    client_.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    EXPECT_TRUE(has(client_.response(), "Connection: keep-alive\r\n"));
    client_.send("GET / HTTP/1.0\r\n\r\n");
    EXPECT_TRUE(has(client_.response(), "Connection: close\r\n"));
    EXPECT_EQ(client_.end(), 0);
}

TEST_F(http_of_the_origin, sends_long_bodies_by_length_and_by_chunks) {
    constexpr std::size_t size = 300'001;
    const std::string plain = body_of(client_.get("/bytes/300001"));
    ASSERT_EQ(plain.size(), size);
    for (std::size_t i = 0; i < size; ++i) ASSERT_EQ(plain[i], static_cast<char>('a' + i % 26)) << i;

    const std::string chunked = body_of(client_.get("/chunked/300001"));
    std::string joined;
    for (std::size_t at = 0;;) {
        const std::size_t line = chunked.find("\r\n", at);
        ASSERT_NE(line, std::string::npos);
        const std::size_t length = std::stoul(chunked.substr(at, line - at), nullptr, 16);
        if (length == 0) break;
        joined += chunked.substr(line + 2, length);
        at = line + 2 + length + 2;
    }
    EXPECT_EQ(joined, plain);
    EXPECT_EQ(body_of(client_.get("/bytes/0")), "");
    EXPECT_EQ(body_of(client_.get("/chunked/0")), "0\r\n\r\n");
}

TEST_F(http_of_the_origin, sends_no_body_to_head_and_with_204_and_304) {
    client_.send("HEAD /bytes/100 HTTP/1.1\r\nHost: o\r\n\r\n");
    EXPECT_TRUE(has(client_.response(true), "Content-Length: 100\r\n"));
    EXPECT_FALSE(has(client_.get("/status/204"), "Content-Length"));
    EXPECT_FALSE(has(client_.get("/status/304"), "Content-Length"));
    EXPECT_EQ(body_of(client_.get("/")), "hello from the origin\n");
}

TEST_F(http_of_the_origin, echoes_bodies_of_known_length_and_chunked_ones) {
    client_.send("POST /echo HTTP/1.1\r\nHost: o\r\nContent-Length: 5\r\n\r\n12345");
    EXPECT_EQ(body_of(client_.response()), "12345");
    client_.send("POST /echo HTTP/1.1\r\nHost: o\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
    EXPECT_EQ(body_of(client_.response()), "abcde");
    const std::string large(3'000'000, 'x');
    client_.send("POST /echo HTTP/1.1\r\nHost: o\r\nContent-Length: 3000000\r\n\r\n" + large);
    EXPECT_EQ(body_of(client_.response()), large);
}

TEST_F(http_of_the_origin, says_continue_to_those_who_wait_for_it) {
    client_.send("POST /echo HTTP/1.1\r\nHost: o\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    EXPECT_EQ(client_.response(), "HTTP/1.1 100 Continue\r\n\r\n");
    client_.send("ok");
    EXPECT_EQ(body_of(client_.response()), "ok");
}

TEST_F(http_of_the_origin, shows_the_head_that_it_got) {
    client_.send("GET /headers HTTP/1.1\r\nHost: o\r\nX-Odd-Case: 1\r\n\r\n");
    EXPECT_EQ(body_of(client_.response()), "GET /headers HTTP/1.1\r\nHost: o\r\nX-Odd-Case: 1\r\n");
}

TEST_F(http_of_the_origin, takes_its_time_when_asked) {
    const auto before = clock::now();
    (void)client_.get("/slow/120");
    EXPECT_GE(clock::now() - before, 120ms);
}

TEST_F(http_of_the_origin, refuses_what_is_not_http) {
    client_.send("\x16\x03\x01 this is not HTTP\r\n\r\n");
    const std::string all = client_.rest();
    EXPECT_TRUE(has(all, "HTTP/1.1 400 Bad Request\r\n")) << all;
    EXPECT_TRUE(has(all, "Connection: close\r\n")) << all;
    EXPECT_EQ(origin_.report().malformed, 1U);
    EXPECT_EQ(origin_.report().requests, 0U);
}

TEST_F(http_of_the_origin, refuses_heads_and_bodies_that_are_too_large) {
    client_.send("GET / HTTP/1.1\r\nHost: o\r\nX-Long: " + std::string(20'000, 'x') + "\r\n\r\n");
    EXPECT_TRUE(has(client_.rest(), "HTTP/1.1 431 "));
    raw_client second(origin_.port());
    second.send("POST /echo HTTP/1.1\r\nHost: o\r\nContent-Length: 99999999\r\n\r\n");
    EXPECT_TRUE(has(second.rest(), "HTTP/1.1 413 "));
    EXPECT_EQ(origin_.report().malformed, 2U);
}

TEST(http_with_options, adds_fields_and_takes_time_to_work) {
    faulty_origin origin({.work = 80'000us, .body = "mine", .fields = {{"Keep-Alive", "timeout=-1"}, {"X-A", "b"}}});
    raw_client client(origin.port());
    const auto before = clock::now();
    const std::string response = client.get("/");
    EXPECT_GE(clock::now() - before, 80ms);
    EXPECT_TRUE(has(response, "\r\nKeep-Alive: timeout=-1\r\nX-A: b\r\n")) << response;
    EXPECT_EQ(body_of(response), "mine");
}

TEST(http_with_options, takes_no_more_connections_than_allowed) {
    faulty_origin origin({.max_connections = 1});
    raw_client first(origin.port());
    (void)first.get("/");
    raw_client second(origin.port());
    EXPECT_EQ(second.end(), 0);
    EXPECT_EQ(origin.open_connections(), 1U);
    EXPECT_EQ(body_of(first.get("/")), "hello from the origin\n");
}

TEST(http_with_options, counts_what_it_executed_by_request_id) {
    faulty_origin origin;
    raw_client client(origin.port());
    const auto send = [&](const char* method, const char* id) {
        client.send(std::string(method) + " / HTTP/1.1\r\nHost: o\r\nContent-Length: 0\r\nx-request-id: " + id + "\r\n\r\n");
        (void)client.response();
    };
    send("POST", "a");
    send("POST", "b");
    EXPECT_EQ(origin.report().executed_twice, 0U);
    send("POST", "a");
    send("GET", "c");
    send("GET", "c");
    EXPECT_EQ(origin.report().executed_twice, 1U);
    EXPECT_EQ(origin.report().repeated, 1U);
    EXPECT_EQ(origin.executed("a"), 2U);
    EXPECT_EQ(origin.executed("b"), 1U);
    EXPECT_EQ(origin.executed("never"), 0U);
}

}  // namespace
}  // namespace hearth::testing
