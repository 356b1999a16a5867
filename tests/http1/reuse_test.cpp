#include "http1/reuse.hpp"
#include "http1/response_reader.hpp"

#include <gtest/gtest.h>

#include <string>

namespace hearth::http1 {
namespace {

constexpr exchange_facts done{.request_written = true, .response_complete = true};

// Reads a whole response, its end of connection included where that is what ends it.
response_facts facts_of(std::string_view head, request_kind kind = {}) {
    const std::string text = std::string(head) + "\r\n";
    response_message message;
    response_reader reader(message, {}, kind);
    std::string_view in = text;
    EXPECT_EQ(reader.next(in), read_event::head) << head << reader.error().detail;
    return reader.facts();
}

bool kept(std::string_view head, request_kind kind = {}) { return may_reuse(facts_of(head, kind), done).keep; }

// Behaviours 2 and 4.
TEST(reuse, connection_tokens_in_any_case_and_number) {
    const std::string head = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n";
    EXPECT_TRUE(kept(head));
    EXPECT_TRUE(kept(head + "Connection: keep-alive\r\n"));
    EXPECT_TRUE(kept(head + "Connection: foo, bar\r\n"));
    EXPECT_TRUE(kept(head + "Connection: closed\r\n"));
    EXPECT_TRUE(kept(head + "Connection:\r\n"));
    EXPECT_TRUE(kept(head + "X-Connection: close\r\n"));
    EXPECT_FALSE(kept(head + "Connection: close\r\n"));
    EXPECT_FALSE(kept(head + "connection: CLOSE\r\n"));
    EXPECT_FALSE(kept(head + "Connection: foo, close ,bar\r\n"));
    EXPECT_FALSE(kept(head + "Connection: ,close\r\n"));
    EXPECT_FALSE(kept(head + "Connection: keep-alive\r\nX: y\r\nCONNECTION: Close\r\n"));
    EXPECT_FALSE(kept(head + "Connection: close, keep-alive\r\n")) << "close wins";
}

// Behaviour 5.
TEST(reuse, http_1_0_only_by_keep_alive_and_never_with_transfer_encoding) {
    EXPECT_FALSE(kept("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n"));
    EXPECT_TRUE(kept("HTTP/1.0 200 OK\r\nContent-Length: 2\r\nConnection: Keep-Alive\r\n"));
    EXPECT_TRUE(kept("HTTP/1.0 200 OK\r\nContent-Length: 2\r\nConnection: x,keep-alive\r\n"));
    EXPECT_FALSE(kept("HTTP/1.0 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive, close\r\n"));
    EXPECT_FALSE(kept("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: keep-alive\r\n"));
    EXPECT_FALSE(kept("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n")) << "no framing";
    EXPECT_TRUE(kept("HTTP/1.0 304 Not Modified\r\nConnection: keep-alive\r\n"));
}

// Behaviours 19 and 22.
TEST(reuse, by_framing) {
    EXPECT_TRUE(kept("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"));
    EXPECT_FALSE(kept("HTTP/1.1 200 OK\r\n"));
    EXPECT_TRUE(kept("HTTP/1.1 200 OK\r\n", {.head = true}));
    EXPECT_TRUE(kept("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n", {.head = true}));
    EXPECT_TRUE(kept("HTTP/1.1 204 No Content\r\n"));
    EXPECT_TRUE(kept("HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n"));
    EXPECT_FALSE(kept("HTTP/1.1 204 No Content\r\nContent-Length: 1\r\n"));
    EXPECT_FALSE(kept("HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n"));
    EXPECT_FALSE(kept("HTTP/1.1 204 No Content\r\nContent-Length: 1\r\n", {.head = true}));
    EXPECT_TRUE(kept("HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n"));
    EXPECT_TRUE(kept("HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n"));
}

// Behaviours 19 and 26.
TEST(reuse, never_once_the_connection_speaks_something_else) {
    EXPECT_FALSE(kept("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n", {.upgrade = true}));
    EXPECT_FALSE(kept("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n", {.connect = true}));
    EXPECT_TRUE(kept("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n", {.connect = true}));
}

// Behaviours 3, 16, 17, 20 and 23.
TEST(reuse, by_how_the_exchange_ended) {
    const response_facts good = facts_of("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n");
    EXPECT_TRUE(may_reuse(good, done).keep);
    EXPECT_EQ(may_reuse(good, done).why, "");
    struct row {
        exchange_facts exchange;
        std::string_view why;
    };
    constexpr row rows[] = {
        {{.request_written = true}, "the response was not read to its end"},
        {{.response_complete = true}, "the response ended before the request was sent"},
        {{.request_written = true, .response_complete = true, .extra_bytes = true}, "bytes followed the response"},
        {{.request_written = true, .request_close = true, .response_complete = true}, "the request said close"},
    };
    for (const row& r : rows) {
        EXPECT_FALSE(may_reuse(good, r.exchange).keep) << r.why;
        EXPECT_EQ(may_reuse(good, r.exchange).why, r.why);
    }
}

TEST(reuse, what_a_1xx_says_holds_for_its_connection) {
    const std::string final = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    struct row {
        std::string_view fields;
        bool keep;
    };
    for (const row& r : {row{"", true},
                         {"Connection: close\r\n", false},
                         {"Content-Length: 5\r\n", false},
                         {"Transfer-Encoding: chunked\r\n", false},
                         {"Content-Length: 0\r\n", true}}) {
        const std::string text = "HTTP/1.1 103 Early Hints\r\n" + std::string(r.fields) + "\r\n" + final;
        response_message message;
        response_reader reader(message, {}, {});
        std::string_view in = text;
        EXPECT_EQ(reader.next(in), read_event::informational);
        EXPECT_EQ(reader.next(in), read_event::head);
        EXPECT_EQ(reader.next(in), read_event::complete);
        EXPECT_EQ(may_reuse(reader.facts(), done).keep, r.keep) << r.fields;
    }
}

TEST(reuse, framing_or_close_in_trailers_ends_the_connection) {
    struct row {
        std::string_view trailer;
        bool keep;
    };
    for (const row& r : {row{"X-Sum: 5\r\n", true},
                         {"Content-Length: 5\r\n", false},
                         {"Transfer-Encoding: chunked\r\n", false},
                         {"connection: close\r\n", false},
                         {"Keep-Alive: timeout=5\r\n", true}}) {
        const std::string text =
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + std::string(r.trailer) + "\r\n";
        response_message message;
        response_reader reader(message, {}, {});
        std::string_view in = text;
        EXPECT_EQ(reader.next(in), read_event::head);
        EXPECT_EQ(reader.next(in), read_event::complete);
        EXPECT_EQ(may_reuse(reader.facts(), done).keep, r.keep) << r.trailer;
    }
}

}  // namespace
}  // namespace hearth::http1
