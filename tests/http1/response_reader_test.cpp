#include "http1/response_reader.hpp"

#include "http1/read_all.hpp"

#include <gtest/gtest.h>

namespace hearth::http1 {
namespace {

using enum body_framing;

outcome read(std::string_view text, const reading& how = {}) {
    outcome out = read_all(text, how);
    EXPECT_TRUE(out.complete) << out;
    return out;
}

TEST(response_reader, a_body_with_a_length) {
    const outcome out = read("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello");
    EXPECT_EQ(out.status, 200);
    EXPECT_EQ(out.minor, 1U);
    EXPECT_EQ(out.reason, "OK");
    EXPECT_EQ(out.fields, (field_list{{"Content-Type", "text/plain"}, {"Content-Length", "5"}}));
    EXPECT_EQ(out.framing, length);
    EXPECT_EQ(out.length, 5U);
    EXPECT_EQ(out.body, "hello");
    EXPECT_EQ(out.rest, "");
}

// Behaviour 23: what follows is told, never taken.
TEST(response_reader, leaves_what_follows) {
    EXPECT_EQ(read("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1").rest, "HTTP/1.1");
    EXPECT_EQ(read("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n\n").rest, "\n");
    EXPECT_EQ(read("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nx").rest, "x");
    EXPECT_EQ(read("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\nhello").rest, "hello");
}

TEST(response_reader, a_chunked_body_with_trailers) {
    const outcome out = read(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n"
        "5\r\nhello\r\n00A;name=\"value; quoted\";x\r\n, chunked!\r\n1 \t\r\n.\r\n000\r\nX-Sum: 7\r\nX-Sum:8\r\n\r\n");
    EXPECT_EQ(out.framing, chunked);
    EXPECT_EQ(out.body, "hello, chunked!.");
    EXPECT_EQ(out.trailers, (field_list{{"X-Sum", "7"}, {"X-Sum", "8"}}));
}

TEST(response_reader, trailers_never_change_the_framing) {
    const outcome out = read(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n"
        "Content-Length: 9\r\ntransfer-encoding: gzip\r\nConnection: close\r\nKeep-Alive: timeout=9\r\nX: 1\r\nHost: "
        "h\r\n\r\nrest");
    EXPECT_EQ(out.body, "x");
    EXPECT_EQ(out.trailers, (field_list{{"X", "1"}}));
    EXPECT_EQ(out.fields, (field_list{{"Transfer-Encoding", "chunked"}}));
    EXPECT_EQ(out.rest, "rest");
}

// Behaviour 22.
TEST(response_reader, a_body_to_the_connections_end) {
    for (const std::string_view version : {"HTTP/1.1", "HTTP/1.0"}) {
        const std::string head = std::string(version) + " 200 OK\r\nX: y\r\n\r\n";
        EXPECT_EQ(read(head + "all\r\n\r\nof it").body, "all\r\n\r\nof it");
        EXPECT_EQ(read(head).framing, to_close);
        EXPECT_EQ(read(head).body, "");
    }
}

// Behaviour 19.
TEST(response_reader, no_body_whatever_the_fields_say) {
    for (const std::string_view fields : {"", "Content-Length: 5\r\n", "Transfer-Encoding: chunked\r\n"}) {
        const auto text = [&](std::string_view status) {
            return "HTTP/1.1 " + std::string(status) + "\r\n" + std::string(fields) + "\r\n";
        };
        for (const outcome& out :
             {read(text("204 No Content"), {.eof = false}), read(text("304 Not Modified"), {.eof = false}),
              read(text("200 OK"), {.kind = {.head = true}, .eof = false}),
              read(text("404 Not Found"), {.kind = {.head = true}, .eof = false}),
              read(text("200 OK"), {.kind = {.connect = true}, .eof = false}),
              read(text("101 Switching"), {.kind = {.upgrade = true}, .eof = false})}) {
            EXPECT_EQ(out.framing, none);
            EXPECT_EQ(out.body, "");
            EXPECT_TRUE(out.head);
        }
    }
    EXPECT_EQ(read("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", {.kind = {.head = true}}).rest, "hello");
}

// Behaviour 26.
TEST(response_reader, passes_over_informational_responses) {
    const outcome out = read(
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\nContent-Length: 4\r\n\r\n"
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    EXPECT_EQ(out.informational, (std::vector<int>{100, 103}));
    EXPECT_EQ(out.fields, (field_list{{"Content-Length", "2"}}));
    EXPECT_EQ(out.body, "ok");
    const outcome refused = read("HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n");
    EXPECT_EQ(refused.status, 417);
}

TEST(response_reader, a_switch_of_protocols_leaves_the_rest_alone) {
    response_message message;
    response_reader reader(message, {}, {.upgrade = true});
    std::string_view in =
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n\x81\x05hello";
    EXPECT_EQ(reader.next(in), read_event::head);
    EXPECT_TRUE(message.switched);
    EXPECT_EQ(reader.next(in), read_event::complete);
    EXPECT_EQ(in, "\x81\x05hello");
    reader.start(message, {}, {.upgrade = true});
    in = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    EXPECT_EQ(reader.next(in), read_event::head);
    EXPECT_FALSE(message.switched);
}

TEST(response_reader, what_servers_really_send) {
    EXPECT_EQ(read("HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n").reason, "") << "no space before an absent reason";
    EXPECT_EQ(read("HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n").reason, "");
    EXPECT_EQ(read("HTTP/1.1 200 All is \xe2\x9c\x93 well\r\nContent-Length: 0\r\n\r\n").reason, "All is \xe2\x9c\x93 well");
    EXPECT_EQ(read("HTTP/1.1 999 Denied\r\nContent-Length: 0\r\n\r\n").status, 999);
    const outcome fields =
        read("HTTP/1.1 200 OK\r\nA:1\r\nB: \t 2 \t\r\nC:\r\nD: caf\xe9\r\nE: a: b\tc\r\nContent-Length: 0\r\n\r\n");
    EXPECT_EQ(fields.fields,
              (field_list{{"A", "1"}, {"B", "2"}, {"C", ""}, {"D", "caf\xe9"}, {"E", "a: b\tc"}, {"Content-Length", "0"}}));
}

// RFC 9110, 8.6: repeats of the same number are one number.
TEST(response_reader, equal_lengths_are_one_length) {
    EXPECT_EQ(read("HTTP/1.1 200 OK\r\nContent-Length: 2\r\ncontent-length: 02\r\n\r\nok").body, "ok");
    EXPECT_EQ(read("HTTP/1.1 200 OK\r\nContent-Length: 2, 2,2\r\n\r\nok").body, "ok");
}

TEST(response_reader, body_max_leaves_the_rest_for_later) {
    response_message message;
    response_reader reader(message, {}, {});
    std::string_view in = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello!";
    ASSERT_EQ(reader.next(in), read_event::head);
    EXPECT_EQ(in, "hello!");
    EXPECT_EQ(reader.body_ahead(), 5U);
    ASSERT_EQ(reader.next(in, 2), read_event::body);
    EXPECT_EQ(reader.body(), "he");
    EXPECT_EQ(in, "llo!");
    EXPECT_EQ(reader.body_ahead(), 3U);
    EXPECT_FALSE(reader.complete());
    ASSERT_EQ(reader.next(in), read_event::body);
    EXPECT_EQ(reader.body(), "llo");
    EXPECT_EQ(reader.body_read(), 5U);
    EXPECT_TRUE(reader.complete()) << "known before it is asked for";
    ASSERT_EQ(reader.next(in), read_event::complete);
    ASSERT_EQ(reader.next(in), read_event::complete);
    EXPECT_EQ(in, "!");
}

TEST(response_reader, body_is_a_view_into_the_input) {
    response_message message;
    response_reader reader(message, {}, {});
    const std::string_view text = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
    std::string_view in = text;
    ASSERT_EQ(reader.next(in), read_event::head);
    EXPECT_EQ(reader.body_ahead(), 0U) << "a chunk's header comes first";
    ASSERT_EQ(reader.next(in), read_event::body);
    EXPECT_EQ(reader.body().data(), text.data() + text.find("hello"));
    ASSERT_EQ(reader.next(in), read_event::complete);
}

TEST(response_reader, begins_anew) {
    response_message message;
    response_reader reader(message, {}, {});
    std::string_view in = "HTTP/1.1 200 OK\r\nA: 1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel";
    ASSERT_EQ(reader.next(in), read_event::head);
    ASSERT_EQ(reader.next(in), read_event::body);
    EXPECT_TRUE(reader.begun());
    reader.start(message, {}, {});
    EXPECT_FALSE(reader.begun());
    EXPECT_FALSE(reader.has_head());
    EXPECT_TRUE(message.fields.empty());
    in = "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno";
    ASSERT_EQ(reader.next(in), read_event::head);
    EXPECT_EQ(message.status, 404);
    ASSERT_EQ(reader.next(in), read_event::body);
    EXPECT_EQ(reader.body_read(), 2U);
}

TEST(response_reader, a_waiting_reader_is_small) {
    EXPECT_LE(sizeof(response_reader), 256U);
    EXPECT_LE(sizeof(response_message), 192U);
}

// Every sample that the readers of this folder agree on, cut in every way below, gives what it gives in one piece.
constexpr std::string_view samples[] = {
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX: y z\r\n\r\nhello+",
    "HTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0a\r\n0123456789\r\n0\r\nT: 1\r\nDate: x\r\n\r\n+",
    "HTTP/1.0 200 OK\r\n\r\nto the end",
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n",
    "HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\nx",
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nT: 1\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 5, 6\r\n\r\n",
    "HTTP/1.1 200 OK\r\nA: 1\r\n folded\r\n\r\n",
    "HTTP/1.1 200 OK\nA: 1\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloX\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5x\r\n",
    "HTTP/1.1 200 OK\r\nA: 1\r\nB: 2\r\nC: 3\r\nD: 4\r\nE: 5\r\n\r\n",
    "HTTP/1.1 200 OK\r\nA: 0123456789012345678901234567890123456789012345678901234567890123456789\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n14\r\n01234567890123456789\r\n1\r\nx\r\n0\r\n\r\n",
    "HTTP/1.1 200 OK\r\n\r\n0123456789012345678901234567890",
    "",
};
constexpr reading split_reading{.limits = {.max_head = 90, .max_fields = 4, .max_body = 20}, .kind = {.upgrade = true}};

TEST(response_reader_splits, one_cut_anywhere) {
    for (const std::string_view sample : samples) {
        const outcome whole = read_all(sample, split_reading);
        for (std::size_t cut = 0; cut <= sample.size(); ++cut) {
            ASSERT_EQ(read_all(sample, split_reading, {{cut}}), whole) << sample << "\ncut at " << cut;
        }
    }
}

TEST(response_reader_splits, two_cuts_anywhere) {
    for (const std::string_view sample : samples) {
        const outcome whole = read_all(sample, split_reading);
        for (std::size_t a = 0; a <= sample.size(); ++a) {
            for (std::size_t b = a; b <= sample.size(); ++b) {
                const std::size_t cuts[] = {a, b};
                ASSERT_EQ(read_all(sample, split_reading, cuts), whole) << sample << "\ncut at " << a << " and " << b;
            }
        }
    }
}

TEST(response_reader_splits, pieces_of_every_size) {
    for (const std::string_view sample : samples) {
        const outcome whole = read_all(sample, split_reading);
        for (std::size_t size = 1; size <= sample.size(); ++size) {
            std::vector<std::size_t> cuts;
            for (std::size_t at = size; at < sample.size(); at += size) cuts.push_back(at);
            ASSERT_EQ(read_all(sample, split_reading, cuts), whole) << sample << "\nin pieces of " << size;
        }
    }
}

TEST(response_reader_splits, body_pieces_of_every_size) {
    for (const std::string_view sample : samples) {
        const outcome whole = read_all(sample, split_reading);
        for (std::size_t size = 1; size != 12; ++size) {
            reading how = split_reading;
            how.body_max = size;
            ASSERT_EQ(read_all(sample, how), whole) << sample << "\nbody in pieces of " << size;
        }
    }
}

}  // namespace
}  // namespace hearth::http1
