#include "http1/request_writer.hpp"

#include <gtest/gtest.h>

namespace hearth::http1 {
namespace {

using namespace std::string_view_literals;

// A request as a test describes it, with the memory that head_spec only refers to.
struct sample {
    std::string_view method = "GET";
    headers fields{};
    request_body body = request_body::none;
    std::uint64_t length = 0;
    bool close = false;
    bool expect_continue = false;
    headers defaults{};
    std::string_view target = "/";
    std::string_view authority = "h";

    [[nodiscard]] head_spec spec() const {
        return {method, target, authority, &fields, &defaults, body, length, close, expect_continue};
    }
};

struct written {
    std::string text;
    head_plan plan;
};

written write(const sample& s) {
    written result;
    const auto wrong = validate(s.spec(), result.plan);
    EXPECT_FALSE(wrong.has_value()) << wrong->detail;
    if (!wrong) write(s.spec(), result.plan, result.text);
    return result;
}

void expect_head(const sample& s, std::string_view expected) { EXPECT_EQ(write(s).text, std::string(expected) + "\r\n"); }

void expect_refused(const sample& s, errc code, std::string_view detail) {
    head_plan plan;
    const auto wrong = validate(s.spec(), plan);
    ASSERT_TRUE(wrong.has_value()) << detail;
    EXPECT_EQ(wrong->code, code) << wrong->detail;
    EXPECT_EQ(wrong->detail, detail);
}

TEST(request_writer, the_least_request) {
    expect_head({}, "GET / HTTP/1.1\r\nHost: h\r\n");
    head_spec bare{.method = "GET", .target = "/x?y=z", .authority = "[::1]:8080"};
    head_plan plan;
    ASSERT_EQ(validate(bare, plan), std::nullopt);
    std::string out = "kept|";
    write(bare, plan, out);
    EXPECT_EQ(out, "kept|GET /x?y=z HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n");
}

TEST(request_writer, fields_in_order_then_defaults_that_the_user_has_not) {
    expect_head({.fields = {{"B", "1"}, {"A", "2"}, {"b", "3"}, {"user-agent", "mine"}},
                 .defaults = {{"User-Agent", "hearth"}, {"Accept", "*/*"}, {"a", "default"}, {"Via", "x"}}},
                "GET / HTTP/1.1\r\nHost: h\r\nB: 1\r\nA: 2\r\nb: 3\r\nuser-agent: mine\r\nAccept: */*\r\nVia: x\r\n");
}

TEST(request_writer, values_lose_white_space_around_them_and_keep_the_rest) {
    expect_head({.fields = {{"A", " \tone two\t "}, {"B", ""}, {"C", " "}, {"D", "a\tb"}, {"E", "caf\xc3\xa9"}}},
                "GET / HTTP/1.1\r\nHost: h\r\nA: one two\r\nB: \r\nC: \r\nD: a\tb\r\nE: caf\xc3\xa9\r\n");
}

TEST(request_writer, the_users_host_replaces_the_authority_in_the_first_place) {
    expect_head({.fields = {{"A", "1"}, {"host", " example.com:81 "}}},
                "GET / HTTP/1.1\r\nHost: example.com:81\r\nA: 1\r\n");
    expect_head({.fields = {{"Host", ""}}}, "GET / HTTP/1.1\r\nHost: \r\n");
}

// RFC 9110, 8.6.
TEST(request_writer, content_length) {
    expect_head({.method = "POST", .body = request_body::length, .length = 12},
                "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 12\r\n");
    expect_head({.method = "GET", .body = request_body::length, .length = 0},
                "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n");
    for (const std::string method : {"POST", "PUT", "PATCH"}) {
        expect_head({.method = method}, method + " / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n");
    }
    for (const std::string method : {"HEAD", "DELETE", "OPTIONS", "TRACE", "post"}) {
        expect_head({.method = method}, method + " / HTTP/1.1\r\nHost: h\r\n");
    }
    expect_head({.method = "PUT", .body = request_body::length, .length = 18446744073709551615ULL},
                "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 18446744073709551615\r\n");
}

TEST(request_writer, the_users_own_framing_is_said_once_when_true) {
    expect_head({.method = "POST",
                 .fields = {{"content-length", " 3 "}, {"A", "1"}, {"Content-Length", "3"}},
                 .body = request_body::length,
                 .length = 3},
                "POST / HTTP/1.1\r\nHost: h\r\nA: 1\r\nContent-Length: 3\r\n");
    expect_head({.fields = {{"Content-Length", "0"}}}, "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n");
    expect_head({.method = "POST", .fields = {{"Transfer-Encoding", "Chunked"}}, .body = request_body::chunked},
                "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n");
    expect_head({.method = "POST", .fields = {{"Trailer", "X-Sum"}, {"TE", "trailers"}}, .body = request_body::chunked},
                "POST / HTTP/1.1\r\nHost: h\r\nTrailer: X-Sum\r\nTE: trailers\r\nTransfer-Encoding: chunked\r\n");
}

TEST(request_writer, framing_that_is_not_true_is_refused) {
    const auto refused = [](headers fields, request_body body, std::uint64_t length, std::string_view detail) {
        expect_refused({.method = "POST", .fields = fields, .body = body, .length = length}, errc::invalid_header, detail);
    };
    using enum request_body;
    refused({{"Content-Length", "4"}}, length, 3, "the Content-Length is 4 but the body has 3 bytes");
    refused({{"Content-Length", "3"}, {"Content-Length", "4"}}, length, 3,
            "the Content-Length is 4 but the body has 3 bytes");
    refused({{"Content-Length", "1"}}, none, 0, "the Content-Length is 1 but the body has 0 bytes");
    refused({{"Content-Length", "3, 3"}}, length, 3, "the Content-Length \"3, 3\" is not a number");
    refused({{"Content-Length", "-3"}}, length, 3, "the Content-Length \"-3\" is not a number");
    refused({{"Content-Length", ""}}, length, 0, "the Content-Length \"\" is not a number");
    refused({{"Content-Length", "18446744073709551619"}}, length, 3,
            "the Content-Length \"18446744073709551619\" is not a number");
    refused({{"Content-Length", "3"}}, chunked, 0, "Content-Length with a body whose length is not known");
    refused({{"Transfer-Encoding", "chunked"}}, length, 3, "Transfer-Encoding with a body whose length is known");
    refused({{"Transfer-Encoding", "chunked"}}, none, 0, "Transfer-Encoding with a body whose length is known");
    refused({{"Transfer-Encoding", "gzip, chunked"}}, chunked, 0,
            "the Transfer-Encoding \"gzip, chunked\" is not \"chunked\"");
    refused({{"Transfer-Encoding", "chunked"}, {"Transfer-Encoding", "chunked"}}, chunked, 0,
            "several Transfer-Encoding fields");
}

TEST(request_writer, close) {
    const written asked = write({.close = true});
    EXPECT_EQ(asked.text, "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    EXPECT_TRUE(asked.plan.close);
    const written by_user = write({.fields = {{"connection", "foo, Close"}}});
    EXPECT_EQ(by_user.text, "GET / HTTP/1.1\r\nHost: h\r\nconnection: foo, Close\r\n\r\n");
    EXPECT_TRUE(by_user.plan.close);
    const written both = write({.fields = {{"Connection", "close"}}, .close = true});
    EXPECT_EQ(both.text, "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    EXPECT_FALSE(write({.fields = {{"Connection", "keep-alive"}}}).plan.close);
}

TEST(request_writer, upgrade_and_its_token_go_together) {
    const written complete = write({.fields = {{"Connection", "Upgrade"}, {"Upgrade", "websocket"}}});
    EXPECT_EQ(complete.text, "GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
    EXPECT_TRUE(complete.plan.upgrade);
    const written completed = write({.fields = {{"Upgrade", "websocket"}}});
    EXPECT_EQ(completed.text, "GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
    EXPECT_TRUE(completed.plan.upgrade);
    EXPECT_FALSE(write({}).plan.upgrade);
    expect_refused({.fields = {{"Connection", "upgrade"}}}, errc::invalid_header,
                   "\"Connection: upgrade\" without an Upgrade field");
}

// RFC 9110, 10.1.1: not without content.
TEST(request_writer, expect_continue) {
    const written asked = write({.method = "POST", .body = request_body::length, .length = 1, .expect_continue = true});
    EXPECT_EQ(asked.text, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n");
    EXPECT_TRUE(asked.plan.expect_continue);
    const written by_user =
        write({.method = "POST", .fields = {{"expect", "100-Continue"}, {"A", "1"}}, .body = request_body::chunked});
    EXPECT_EQ(by_user.text,
              "POST / HTTP/1.1\r\nHost: h\r\nA: 1\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n");
    EXPECT_TRUE(by_user.plan.expect_continue);
    for (const bool own : {true, false}) {
        const written empty =
            write({.fields = own ? headers{{"Expect", "100-continue"}} : headers{}, .expect_continue = !own});
        EXPECT_EQ(empty.text, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
        EXPECT_FALSE(empty.plan.expect_continue);
    }
    EXPECT_FALSE(
        write({.method = "PUT", .body = request_body::length, .length = 0, .expect_continue = true}).plan.expect_continue);
    expect_refused({.fields = {{"Expect", "200-ok"}}}, errc::invalid_header,
                   "the Expect field \"200-ok\" is not \"100-continue\"");
}

TEST(request_writer, refuses_methods) {
    expect_refused({.method = ""}, errc::invalid_method, "\"\" is not a token");
    expect_refused({.method = "GET /"}, errc::invalid_method, "\"GET /\" is not a token");
    expect_refused({.method = "G\r\nX"}, errc::invalid_method, "\"G\\x0D\\x0AX\" is not a token");
    expect_refused({.method = "CONNECT"}, errc::invalid_method, "CONNECT is for tunnels, not for requests");
    expect_refused({.method = "TRACE", .body = request_body::length, .length = 1}, errc::invalid_body,
                   "TRACE cannot have a body");
    expect_head({.method = "M-SEARCH"}, "M-SEARCH / HTTP/1.1\r\nHost: h\r\n");
}

TEST(request_writer, refuses_targets) {
    expect_refused({.target = ""}, errc::invalid_url, "the request target is empty");
    constexpr std::string_view null("/\0", 2);
    for (const std::string_view bad : {"/a b"sv, "/\r\nX: y"sv, "/\t"sv, "/\x7f"sv, "/caf\xc3\xa9"sv, "\n"sv, null}) {
        head_plan plan;
        const auto wrong = validate(sample{.target = bad}.spec(), plan);
        ASSERT_TRUE(wrong.has_value());
        EXPECT_EQ(wrong->code, errc::invalid_url);
    }
}

TEST(request_writer, no_byte_of_a_field_can_make_another_line) {
    for (int byte = 0; byte != 256; ++byte) {
        const char c = static_cast<char>(byte);
        const bool control = (byte < 0x20 && byte != '\t') || byte == 0x7f;
        for (const std::size_t before : {0U, 5U, 17U}) {
            const std::string value = std::string(before, 'a') + c + "X: y";
            headers fields;
            fields.add("A", value);
            head_plan plan;
            EXPECT_EQ(validate(sample{.fields = fields}.spec(), plan).has_value(), control) << byte;
            EXPECT_EQ(validate(sample{.defaults = fields}.spec(), plan).has_value(), control) << byte;
        }
        headers fields;
        fields.add(std::string("A") + c, "1");
        const bool token = std::isalnum(byte) != 0 || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
        head_plan plan;
        EXPECT_EQ(validate(sample{.fields = fields}.spec(), plan).has_value(), !token) << byte;
    }
}

TEST(request_writer, says_what_is_wrong_with_a_field) {
    expect_refused({.fields = {{"", "1"}}}, errc::invalid_header, "the field name \"\" is not a token");
    expect_refused({.fields = {{"A B", "1"}}}, errc::invalid_header, "the field name \"A B\" is not a token");
    expect_refused({.fields = {{"A:", "1"}}}, errc::invalid_header, "the field name \"A:\" is not a token");
    expect_refused({.fields = {{"A", "1\r\nB: 2"}}}, errc::invalid_header,
                   "the value of A holds a line break or another control character");
    expect_refused({.fields = {{"Host", "a"}, {"host", "a"}}}, errc::invalid_header, "several Host fields");
    expect_refused({.fields = {{"Host", "a b"}}}, errc::invalid_header, "the Host \"a b\" is not a host and port");
    expect_refused({.fields = {{"Host", "user@h"}}}, errc::invalid_header, "the Host \"user@h\" is not a host and port");
    expect_refused({.authority = "h/x"}, errc::invalid_header, "the Host \"h/x\" is not a host and port");
    expect_refused({.fields = {{"Connection", "a b"}}}, errc::invalid_header,
                   "the Connection field \"a b\" is not a list of tokens");
    expect_refused({.fields = {{"Connection", ""}}}, errc::invalid_header,
                   "the Connection field \"\" is not a list of tokens");
}

TEST(request_writer, default_fields_are_few_and_do_not_frame) {
    headers many;
    for (std::size_t i = 0; i != default_fields_max; ++i) many.add("X-" + std::to_string(i), "1");
    const written all = write({.fields = {{"x-63", "mine"}, {"x-0", "mine"}}, .defaults = many});
    EXPECT_EQ(all.text.find("X-63: 1"), std::string::npos);
    EXPECT_EQ(all.text.find("X-0: 1"), std::string::npos);
    EXPECT_NE(all.text.find("X-62: 1"), std::string::npos);
    many.add("One-Too-Many", "1");
    expect_refused({.defaults = many}, errc::invalid_header, "more than 64 default fields");
    for (const std::string name : {"Host", "Content-Length", "Transfer-Encoding", "Connection", "Expect", "Upgrade"}) {
        expect_refused({.defaults = {{name, "1"}}}, errc::invalid_header,
                       name + " belongs to a request, not to the default fields");
    }
}

TEST(request_writer, writes_without_allocating_once_there_is_room) {
    const sample s{.method = "POST", .fields = {{"A", "1"}}, .body = request_body::length, .length = 5};
    head_plan plan;
    ASSERT_EQ(validate(s.spec(), plan), std::nullopt);
    std::string out;
    write(s.spec(), plan, out);
    const char* memory = out.data();
    for (int i = 0; i != 3; ++i) {
        out.clear();
        write(s.spec(), plan, out);
        EXPECT_EQ(out.data(), memory);
    }
}

TEST(chunk_header, hexadecimal_size_and_line_end) {
    EXPECT_EQ(chunk_header(1).view(), "1\r\n");
    EXPECT_EQ(chunk_header(15).view(), "f\r\n");
    EXPECT_EQ(chunk_header(16).view(), "10\r\n");
    EXPECT_EQ(chunk_header(65536).view(), "10000\r\n");
    EXPECT_EQ(chunk_header(18446744073709551615ULL).view(), "ffffffffffffffff\r\n");
}

}  // namespace
}  // namespace hearth::http1
