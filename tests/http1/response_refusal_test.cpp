// Responses that are refused, each with the words its reader gets.
#include "http1/read_all.hpp"

#include <gtest/gtest.h>

namespace hearth::http1 {
namespace {

void expect_refused(std::string_view text, errc code, std::string_view detail, const reading& how = {.eof = false}) {
    const outcome out = read_all(text, how);
    ASSERT_TRUE(out.error.has_value()) << text << "\ngave " << out;
    EXPECT_EQ(*out.error, code) << text << "\ngave " << out;
    EXPECT_EQ(out.detail, detail);
    EXPECT_FALSE(out.complete);
}

struct row {
    std::string_view text;
    std::string_view detail;
};

void expect_each(errc code, std::string_view before, std::string_view after, std::initializer_list<row> rows) {
    for (const row& r : rows) {
        expect_refused(std::string(before) + std::string(r.text) + std::string(after), code, r.detail);
    }
}

TEST(response_refusal, status_lines) {
    expect_each(
        errc::malformed_response, "", "\r\n\r\n",
        {
            {"HTTP/2 200", "the status line is not HTTP/1.x: \"HTTP/2 200\\x0D\\x0A\\x0D\\x0A\""},
            {"HTTP/0.9 200 OK", "the status line is not HTTP/1.x: \"HTTP/0.9 200 OK\\x0D\\x0A\\x0D\\x0A\""},
            {"http/1.1 200 OK", "the status line is not HTTP/1.x: \"http/1.1 200 OK\\x0D\\x0A\\x0D\\x0A\""},
            {" HTTP/1.1 200 OK", "the status line is not HTTP/1.x: \" HTTP/1.1 200 OK\\x0D\\x0A\\x0D\\x0A\""},
            {"\r\nHTTP/1.1 200 OK", "the status line is not HTTP/1.x: \"\\x0D\\x0AHTTP/1.1 200 OK\\x0D\\x0A\\x0D\\x0A\""},
            {"HTTP/1.2 200 OK", "the status line is neither HTTP/1.0 nor HTTP/1.1: \"HTTP/1.2 200 OK\""},
            {"HTTP/1. 200 OK", "the status line is neither HTTP/1.0 nor HTTP/1.1: \"HTTP/1. 200 OK\""},
            {"HTTP/1.", "the status line is neither HTTP/1.0 nor HTTP/1.1: \"HTTP/1.\""},
            {"HTTP/1.10 200 OK", "the status is not a number from 100 to 999: \"HTTP/1.10 200 OK\""},
            {"HTTP/1.1", "the status is not a number from 100 to 999: \"HTTP/1.1\""},
            {"HTTP/1.1  200 OK", "the status is not a number from 100 to 999: \"HTTP/1.1  200 OK\""},
            {"HTTP/1.1 20 OK", "the status is not a number from 100 to 999: \"HTTP/1.1 20 OK\""},
            {"HTTP/1.1 099 OK", "the status is not a number from 100 to 999: \"HTTP/1.1 099 OK\""},
            {"HTTP/1.1 2000 OK", "the status is not a number from 100 to 999: \"HTTP/1.1 2000 OK\""},
            {"HTTP/1.1 2x0 OK", "the status is not a number from 100 to 999: \"HTTP/1.1 2x0 OK\""},
            {"HTTP/1.1 -20 OK", "the status is not a number from 100 to 999: \"HTTP/1.1 -20 OK\""},
            {"HTTP/1.1 200OK", "the status is not a number from 100 to 999: \"HTTP/1.1 200OK\""},
            {"HTTP/1.1 200\tOK", "the status is not a number from 100 to 999: \"HTTP/1.1 200\\x09OK\""},
            {"HTTP/1.1 200 O\rK", "the reason phrase holds a control character: \"HTTP/1.1 200 O\\x0DK\""},
            {std::string_view("HTTP/1.1 200 O\0K", 16),
             "the reason phrase holds a control character: \"HTTP/1.1 200 O\\x00K\""},
        });
}

// Nobody waits for a line's end from a server that speaks something else.
TEST(response_refusal, another_protocols_first_bytes) {
    expect_refused("SSH-2.0", errc::malformed_response, "the status line is not HTTP/1.x: \"SSH-2.0\"");
    expect_refused("\x15\x03\x01", errc::malformed_response, "the status line is not HTTP/1.x: \"\\x15\\x03\\x01\"");
    expect_refused(std::string_view("\0\0\x12\x04", 4), errc::malformed_response,
                   "the status line is not HTTP/1.x: \"\\x00\\x00\\x12\\x04\"");
    expect_refused("<html>", errc::malformed_response, "the status line is not HTTP/1.x: \"<html>\"");
    expect_refused("HTTP/1.1 100 Continue\r\n\r\nHTTQ", errc::malformed_response,
                   "the status line is not HTTP/1.x: \"HTTQ\"");
}

TEST(response_refusal, fields) {
    expect_each(
        errc::malformed_response, "HTTP/1.1 200 OK\r\nA: 1\r\n", "\r\n\r\n",
        {
            {" folded", "a header field is folded over several lines: \" folded\""},
            {"\tfolded", "a header field is folded over several lines: \"\\x09folded\""},
            {" ", "a header field is folded over several lines: \" \""},
            {"Name : 1", "white space stands before a header field's colon: \"Name : 1\""},
            {"Name\t: 1", "white space stands before a header field's colon: \"Name\\x09: 1\""},
            {"Content-Length : 1", "white space stands before a header field's colon: \"Content-Length : 1\""},
            {": 1", "a header field's name is not a token: \": 1\""},
            {"Na me: 1", "a header field's name is not a token: \"Na me: 1\""},
            {"N\xc3\xa4me: 1", "a header field's name is not a token: \"N\\xC3\\xA4me: 1\""},
            {"\"N\": 1", "a header field's name is not a token: \"\"N\": 1\""},
            {"Name", "a header field has no colon: \"Name\""},
            {"Name: a\rb", "a header field's value holds a control character: \"Name: a\\x0Db\""},
            {"Name: a\r", "a header field's value holds a control character: \"Name: a\\x0D\""},
            {std::string_view("Name: a\0b", 9), "a header field's value holds a control character: \"Name: a\\x00b\""},
            {"Name: \x7f", "a header field's value holds a control character: \"Name: \\x7F\""},
            {"Name: 1\nB: 2", "a line of the response ends in LF without CR"},
            {"\nB: 2", "a line of the response ends in LF without CR"},
        });
    expect_refused("HTTP/1.1 200 OK\n\r\n", errc::malformed_response, "a line of the response ends in LF without CR");
    expect_refused("HTTP/1.1 200 OK\r\n folded\r\n\r\n", errc::malformed_response,
                   "a header field is folded over several lines: \" folded\"");
}

// Behaviour 21.
TEST(response_refusal, ambiguous_framing) {
    expect_each(
        errc::ambiguous_framing, "HTTP/1.1 200 OK\r\n", "\r\n\r\n0\r\n\r\n",
        {
            {"Content-Length: 5\r\nContent-Length: 6", "the response has two Content-Lengths, 5 and 6"},
            {"Content-Length: 5, 6", "the response has two Content-Lengths, 5 and 6"},
            {"Content-Length: 0\r\nContent-Length: 6", "the response has two Content-Lengths, 0 and 6"},
            {"Content-Length: 5\r\nTransfer-Encoding: chunked",
             "the response has both Content-Length and Transfer-Encoding"},
            {"Transfer-Encoding: chunked\r\nContent-Length: 0",
             "the response has both Content-Length and Transfer-Encoding"},
            {"Content-Length:", "the Content-Length \"\" is not a number of bytes"},
            {"Content-Length: -5", "the Content-Length \"-5\" is not a number of bytes"},
            {"Content-Length: +5", "the Content-Length \"+5\" is not a number of bytes"},
            {"Content-Length: 5 5", "the Content-Length \"5 5\" is not a number of bytes"},
            {"Content-Length: 0x5", "the Content-Length \"0x5\" is not a number of bytes"},
            {"Content-Length: 5.0", "the Content-Length \"5.0\" is not a number of bytes"},
            {"Content-Length: \"5\"", "the Content-Length \"\"5\"\" is not a number of bytes"},
            {"Content-Length: 5,", "the Content-Length \"5,\" is not a number of bytes"},
            {"Content-Length: ,5", "the Content-Length \",5\" is not a number of bytes"},
            {"Content-Length: five", "the Content-Length \"five\" is not a number of bytes"},
            {"Content-Length: 9223372036854775808", "the Content-Length \"9223372036854775808\" is not a number of bytes"},
            {"Content-Length: 18446744073709551621", "the Content-Length \"18446744073709551621\" is not a number of bytes"},
            {"Transfer-Encoding: gzip", "the Transfer-Encoding is not \"chunked\" alone: \"gzip\""},
            {"Transfer-Encoding: gzip, chunked", "the Transfer-Encoding is not \"chunked\" alone: \"gzip, chunked\""},
            {"Transfer-Encoding: chunked, gzip", "the Transfer-Encoding is not \"chunked\" alone: \"chunked, gzip\""},
            {"Transfer-Encoding: chunked, chunked", "the Transfer-Encoding is not \"chunked\" alone: \"chunked, chunked\""},
            {"Transfer-Encoding: identity", "the Transfer-Encoding is not \"chunked\" alone: \"identity\""},
            {"Transfer-Encoding:", "the Transfer-Encoding is not \"chunked\" alone: \"\""},
            {"Transfer-Encoding: xchunked", "the Transfer-Encoding is not \"chunked\" alone: \"xchunked\""},
            {"Transfer-Encoding: \"chunked\"", "the Transfer-Encoding is not \"chunked\" alone: \"\"chunked\"\""},
            {"Transfer-Encoding: chunked;q=1", "the Transfer-Encoding is not \"chunked\" alone: \"chunked;q=1\""},
            {"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", "the response has several Transfer-Encodings"},
            {"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity", "the response has several Transfer-Encodings"},
        });
    // A body-less answer with two lengths is no better: whoever relays it may frame the next one by the other.
    expect_refused("HTTP/1.1 304 Not Modified\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", errc::ambiguous_framing,
                   "the response has two Content-Lengths, 1 and 2");
}

TEST(response_refusal, chunks) {
    expect_each(errc::malformed_response, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "\r\nhello\r\n",
                {
                    {"", "a chunk's size is not a number: \"\""},
                    {"x", "a chunk's size is not a number: \"x\""},
                    {"-5", "a chunk's size is not a number: \"-5\""},
                    {"+5", "a chunk's size is not a number: \"+5\""},
                    {" 5", "a chunk's size is not a number: \" 5\""},
                    {"0x5", "a chunk's size is not a number: \"0x5\""},
                    {"5 5", "a chunk's size is not a number: \"5 5\""},
                    {"5x", "a chunk's size is not a number: \"5x\""},
                    {";a=b", "a chunk's size is not a number: \";a=b\""},
                    {"5;a\rb", "a chunk's extension holds a control character: \"5;a\\x0Db\""},
                    {"5\r", "a chunk's size is not a number: \"5\\x0D\""},
                    {"8000000000000000", "a chunk's size is too large: \"8000000000000000\""},
                    {"10000000000000005", "a chunk's size is too large: \"10000000000000005\""},
                    {"fffffffffffffffff", "a chunk's size is too large: \"fffffffffffffffff\""},
                    {"4", "a chunk does not end where its size says"},
                });
}

TEST(response_refusal, chunks_that_do_not_end_where_they_should) {
    const std::string head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (const std::string_view body : {"5\r\nhelloX", "5\r\nhello\n", "5\r\nhello\rX", "5\r\nhello\r\r\n"}) {
        expect_refused(head + std::string(body), errc::malformed_response, "a chunk does not end where its size says");
    }
    expect_refused(head + "5\nhello", errc::malformed_response, "a line of the response ends in LF without CR");
    expect_refused(head + "0\r\n\n", errc::malformed_response, "a line of the response ends in LF without CR");
    expect_refused(head + "0\r\nA 1\r\n\r\n", errc::malformed_response, "a header field has no colon: \"A 1\"");
    expect_refused(head + "0\r\nA: 1\r\n b\r\n\r\n", errc::malformed_response,
                   "a header field is folded over several lines: \" b\"");
}

TEST(response_refusal, sizes_over_the_limits) {
    const std::string status = "HTTP/1.1 200 OK\r\n";
    const std::string field = "A: " + std::string(60, 'x') + "\r\n";
    const read_limits limits{.max_head = 84, .max_fields = 2, .max_informational = 1, .max_body = 4};
    const reading how{.limits = limits, .eof = false};
    EXPECT_EQ(read_all(status + field + "\r\n", how).error, std::nullopt) << "exactly at the limit";
    expect_refused(status + field + "A\r\n", errc::head_too_large, "the response head is over max_header_size (84 bytes)",
                   how);
    expect_refused(status + field + field, errc::head_too_large, "the response head is over max_header_size (84 bytes)",
                   how);
    expect_refused("HTTP/1.1 200 " + std::string(99, 'x'), errc::head_too_large,
                   "the response head is over max_header_size (84 bytes)", how);
    expect_refused("HTTP/1.1 103 X\r\n" + field + "\r\n" + status, errc::head_too_large,
                   "the response head is over max_header_size (84 bytes)", how);
    expect_refused(status + "A:1\r\nB:2\r\nC:3\r\n\r\n", errc::too_many_headers,
                   "the response head has over max_header_count (2) fields", how);
    const std::string informational = "HTTP/1.1 100 X\r\n\r\n";
    expect_refused(informational + informational, errc::too_many_informational, "over 1 informational (1xx) responses", how);

    expect_refused(status + "Content-Length: 5\r\n\r\n", errc::response_too_large,
                   "the body is over max_response_size (4 bytes): the Content-Length is 5", how);
    const std::string chunked = status + "Transfer-Encoding: chunked\r\n\r\n";
    expect_refused(chunked + "3\r\nabc\r\n2\r\nde\r\n", errc::response_too_large,
                   "the body is over max_response_size (4 bytes): its chunks have 3 bytes and 2 more", how);
    expect_refused(status + "\r\nabcde", errc::response_too_large,
                   "the body is over max_response_size (4 bytes): more than that was received", how);
    EXPECT_EQ(read_all(status + "\r\nabcd", how).body, "abcd");
    EXPECT_EQ(read_all(chunked + "4\r\nabcd\r\n0\r\n\r\n", how).complete, true);

    expect_refused(chunked + "0\r\nA:1\r\nB:2\r\nC:3\r\n\r\n", errc::too_many_headers,
                   "the trailers have over max_header_count (2) fields", how);
    expect_refused(chunked + "0\r\nTE:1\r\nTE:2\r\nTE:3\r\n\r\n", errc::too_many_headers,
                   "the trailers have over max_header_count (2) fields", how);
    expect_refused(chunked + "0\r\nA:" + std::string(99, 'x'), errc::head_too_large,
                   "the trailers are over max_header_size (84 bytes)", how);
    EXPECT_TRUE(read_all(status + "Content-Length: 5\r\n\r\n", {.limits = limits, .kind = {.head = true}}).complete)
        << "there is no body";
}

TEST(response_refusal, chunk_extensions_are_bounded_one_by_one_and_together) {
    const std::string head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    expect_refused(head + "1;" + std::string(5000, 'x'), errc::malformed_response, "a chunk's header is over 4096 bytes");
    expect_refused(head + std::string(5000, '0'), errc::malformed_response, "a chunk's header is over 4096 bytes");
    const std::string chunk = "1;" + std::string(4000, 'x') + "\r\nx\r\n";
    const std::string zeros = std::string(4000, '0') + "1\r\nx\r\n";
    const std::string end = "0\r\n\r\n";
    EXPECT_TRUE(read_all(head + chunk + zeros + chunk + zeros + end).complete);
    const outcome out = read_all(head + chunk + zeros + chunk + zeros + chunk + end);
    EXPECT_EQ(out.error, errc::malformed_response);
    EXPECT_TRUE(out.detail.starts_with("the chunk extensions are over 16384 bytes")) << out.detail;
}

TEST(response_refusal, unasked_switch_of_protocols) {
    expect_refused("HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n", errc::malformed_response,
                   "the server switched protocols without being asked");
}

// Behaviours 22 and 55.
TEST(response_refusal, connections_that_end_too_early) {
    const std::string head = "HTTP/1.1 200 OK\r\n";
    const std::string chunked = head + "Transfer-Encoding: chunked\r\n\r\n";
    const auto ends = [](const std::string& text, errc code, std::string_view detail) {
        expect_refused(text, code, detail, {});
    };
    ends("", errc::connection_closed, "");
    ends("HTTP/1.1 100 Continue\r\n\r\n", errc::connection_closed, "only an informational (1xx) response had come");
    ends("H", errc::truncated_response, "the connection ended in the status line");
    ends("HTTP/1.1 100 Continue\r\n\r\nH", errc::truncated_response, "the connection ended in the status line");
    ends(head, errc::truncated_response, "the connection ended in the response head");
    ends(head + "A: 1\r\n", errc::truncated_response, "the connection ended in the response head");
    ends(head + "Content-Length: 5\r\n\r\n", errc::truncated_response, "the connection ended after 0 of the body's 5 bytes");
    ends(head + "Content-Length: 5\r\n\r\nhell", errc::truncated_response,
         "the connection ended after 4 of the body's 5 bytes");
    for (const std::string_view part :
         {"5\r\nhello", "5\r\nhello\r", "5\r\nhello\r\n", "5\r\nhello\r\n0", "5\r\nhello\r\n0\r"}) {
        ends(chunked + std::string(part), errc::truncated_response,
             "the connection ended inside the chunked body, after 5 bytes of the body");
    }
    for (const std::string_view part : {"0\r\n", "0\r\n\r", "0\r\nA: 1\r\n"}) {
        ends(chunked + std::string(part), errc::truncated_response,
             "the connection ended in the trailers, after 0 bytes of the body");
    }
    expect_refused(head + "\r\nabc", errc::truncated_response,
                   "TLS was cut off without close_notify, after 3 bytes of the body, whose end only that would have told",
                   {.clean = false});
    EXPECT_TRUE(read_all(head + "Content-Length: 1\r\n\r\nx", {.clean = false}).complete);
}

TEST(response_refusal, stays_refused) {
    response_message message;
    response_reader reader(message, {}, {});
    std::string_view in = "nonsense";
    EXPECT_EQ(reader.next(in), read_event::failed);
    in = "HTTP/1.1 200 OK\r\n\r\n";
    EXPECT_EQ(reader.next(in), read_event::failed);
    EXPECT_EQ(reader.finish(), read_event::failed);
    EXPECT_EQ(reader.error().code, errc::malformed_response);
    EXPECT_FALSE(reader.complete());
}

}  // namespace
}  // namespace hearth::http1
