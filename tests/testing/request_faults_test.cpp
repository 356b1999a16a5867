// What goes wrong with requests, seen on the wire.
#include "testing/books.hpp"
#include "testing/event_log.hpp"
#include "testing/raw_client.hpp"

#include <hearth/testing/faulty_origin.hpp>

#include <gtest/gtest.h>

#include <cerrno>
#include <chrono>
#include <string>

namespace hearth::testing {
namespace {

using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;

bool has(const std::string& response, std::string_view text) { return response.find(text) != std::string::npos; }

faulty_origin_options with(fault f) { return {.faults = {f}}; }

/// One of `kind` happened, and one request met it.
void expect_one(const faulty_origin& origin, fault_kind kind) {
    const fault_tally tally = origin.report().faults[kind];
    EXPECT_EQ(tally.happened, 1U) << to_string(kind);
    EXPECT_EQ(tally.requests, 1U) << to_string(kind);
}

TEST(request_faults, executed_and_reset_at_once) {
    event_log log;
    faulty_origin_options o = with({.kind = fault_kind::execute_then_rst});
    o.on_event = log.hook();
    faulty_origin origin(o);
    raw_client client(origin.port());
    client.send(request_text("POST", "done"));
    EXPECT_EQ(client.end(), ECONNRESET);
    EXPECT_EQ(origin.executed("done"), 1U);
    EXPECT_EQ(origin.report().executed, 1U);
    EXPECT_EQ(origin.report().requests, 0U);
    expect_one(origin, fault_kind::execute_then_rst);
    const auto told = log.of(origin_event_kind::fault);
    ASSERT_EQ(told.size(), 1U);
    EXPECT_EQ(told[0].request_id, "done");
    EXPECT_EQ(told[0].event.what, fault_kind::execute_then_rst);
    EXPECT_TRUE(told[0].peer.starts_with("127.0.0.1:")) << told[0].peer;
}

TEST(request_faults, executed_and_reset_after_a_while) {
    faulty_origin origin(with({.kind = fault_kind::execute_then_rst, .time = 120ms}));
    raw_client client(origin.port());
    const auto before = clock::now();
    client.send(request_text("POST", "done"));
    EXPECT_EQ(client.end(), ECONNRESET);
    EXPECT_GE(clock::now() - before, 120ms);
    EXPECT_EQ(origin.executed("done"), 1U);
}

TEST(request_faults, executed_and_closed_without_an_answer) {
    faulty_origin origin(with({.kind = fault_kind::execute_then_fin}));
    raw_client client(origin.port());
    const auto acked = books_of(client).acked;
    const std::string request = request_text("POST", "done");
    client.send(request);
    EXPECT_EQ(client.end(), 0);
    EXPECT_EQ(books_of(client).acked, acked + request.size()) << "its FIN acknowledges the request";
    EXPECT_EQ(origin.executed("done"), 1U);
    expect_one(origin, fault_kind::execute_then_fin);
}

TEST(request_faults, a_response_cut_in_the_middle_of_its_body) {
    faulty_origin origin(with({.kind = fault_kind::cut_short}));
    raw_client client(origin.port());
    client.send(request_text("GET", "a", "/bytes/100000"));
    const std::string all = client.rest();
    EXPECT_TRUE(has(all, "Content-Length: 100000\r\n"));
    EXPECT_EQ(body_of(all).size(), 50'000U);
    EXPECT_EQ(origin.report().requests, 0U);
    EXPECT_EQ(origin.report().executed, 1U);
    expect_one(origin, fault_kind::cut_short);
}

TEST(request_faults, a_response_cut_in_the_middle_of_its_chunks) {
    faulty_origin origin(with({.kind = fault_kind::cut_short}));
    raw_client client(origin.port());
    client.send(request_text("GET", "a", "/chunked/1000"));
    const std::string all = client.rest();
    EXPECT_TRUE(has(all, "Transfer-Encoding: chunked\r\n"));
    EXPECT_FALSE(has(all, "\r\n0\r\n\r\n"));
    EXPECT_EQ(body_of(all).size(), 500U);
}

TEST(request_faults, a_response_cut_after_so_many_bytes) {
    faulty_origin origin(with({.kind = fault_kind::cut_short, .count = 10}));
    raw_client client(origin.port());
    client.send(request_text("GET", "a"));
    EXPECT_EQ(client.rest(), "HTTP/1.1 2");
}

TEST(request_faults, a_response_without_a_body_cut_in_the_middle_of_its_head) {
    faulty_origin origin(with({.kind = fault_kind::cut_short}));
    raw_client client(origin.port());
    client.send(request_text("GET", "a", "/status/204"));
    const std::string all = client.rest();
    EXPECT_TRUE(all.starts_with("HTTP/1.1 204")) << all;
    EXPECT_FALSE(has(all, "\r\n\r\n")) << all;
}

TEST(request_faults, a_response_byte_by_byte) {
    faulty_origin origin(with({.kind = fault_kind::dribble, .time = 10ms}));
    raw_client client(origin.port());
    const auto before = clock::now();
    client.send(request_text("GET", "a"));
    std::size_t pieces = 0;
    std::string all;
    while (!all.ends_with("hello from the origin\n")) {
        all += client.some();
        ++pieces;
    }
    EXPECT_GE(clock::now() - before, 10ms * (all.size() - 1));
    EXPECT_GT(pieces, 1U);
    EXPECT_EQ(body_of(all), "hello from the origin\n");
    expect_one(origin, fault_kind::dribble);
    EXPECT_EQ(body_of(client.get("/bytes/1")), "a") << "it goes on";
}

TEST(request_faults, an_answer_before_the_body_has_come) {
    faulty_origin origin(with({.kind = fault_kind::early_answer}));
    raw_client client(origin.port());
    client.send("POST / HTTP/1.1\r\nHost: o\r\nContent-Length: 6\r\nx-request-id: early\r\n\r\nabc");
    EXPECT_EQ(body_of(client.response()), "hello from the origin\n");
    EXPECT_EQ(origin.executed("early"), 1U);
    expect_one(origin, fault_kind::early_answer);
    client.send("def" + request_text("GET", "next"));
    EXPECT_EQ(body_of(client.response()), "hello from the origin\n");
    EXPECT_EQ(origin.executed("early"), 1U);
    expect_one(origin, fault_kind::early_answer);
}

TEST(request_faults, an_early_answer_to_one_that_waits_for_a_100_is_the_last) {
    faulty_origin origin(with({.kind = fault_kind::early_answer}));
    raw_client client(origin.port());
    client.send("POST / HTTP/1.1\r\nHost: o\r\nExpect: 100-continue\r\nContent-Length: 6\r\n\r\n");
    const std::string response = client.response();
    EXPECT_TRUE(response.starts_with("HTTP/1.1 200 OK\r\n")) << response;
    EXPECT_TRUE(has(response, "\r\nConnection: close\r\n")) << response;
    EXPECT_EQ(client.end(), 0);
}

TEST(request_faults, wrong_framing_reaches_the_wire_and_the_connection_stays) {
    for (const fault_kind kind : {fault_kind::framing_two_lengths, fault_kind::framing_length_and_chunks,
                                  fault_kind::framing_bad_chunk, fault_kind::framing_extra_bytes}) {
        faulty_origin origin(with({.kind = kind}));
        raw_client client(origin.port());
        client.send(request_text("POST", "a") + request_text("POST", "b") +
                    "GET / HTTP/1.1\r\nHost: o\r\nConnection: close\r\n\r\n");
        const std::string all = client.rest();
        std::size_t heads = 0;
        for (std::size_t at = 0; (at = all.find("HTTP/1.1 200 OK\r\n", at)) != std::string::npos; ++at) ++heads;
        EXPECT_EQ(heads, kind == fault_kind::framing_extra_bytes ? 6U : 3U) << to_string(kind);
        EXPECT_EQ(origin.report().requests, 3U);
        EXPECT_EQ(origin.report().faults.at(kind).requests, 3U) << to_string(kind);
        const bool differ = has(all, "Content-Length: 22\r\nContent-Length: 23\r\n");
        const bool both = has(all, "Content-Length: 22\r\nTransfer-Encoding: chunked\r\n");
        EXPECT_EQ(differ, kind == fault_kind::framing_two_lengths) << all;
        EXPECT_EQ(both, kind == fault_kind::framing_length_and_chunks) << all;
        EXPECT_EQ(has(all, "\r\n\r\nxyz\r\n"), kind == fault_kind::framing_bad_chunk) << all;
        EXPECT_EQ(has(all, "poison"), kind == fault_kind::framing_extra_bytes) << all;
    }
}

TEST(request_faults, a_body_where_there_must_be_none) {
    faulty_origin origin(with({.kind = fault_kind::framing_unasked_body}));
    raw_client client(origin.port());
    client.send("HEAD / HTTP/1.1\r\nHost: o\r\n\r\n");
    EXPECT_EQ(body_of(client.response()), "hello from the origin\n");
    client.send(request_text("GET", "a"));
    const std::string response = client.response();
    EXPECT_TRUE(response.starts_with("HTTP/1.1 204 No Content\r\n")) << response;
    EXPECT_EQ(body_of(response), "hello from the origin\n");
}

TEST(request_faults, are_drawn_by_weight_and_repeat_with_the_seed) {
    const auto statuses = [](std::uint64_t seed) {
        faulty_origin origin(
            {.faults = {{.kind = fault_kind::none, .weight = 3}, {.kind = fault_kind::framing_unasked_body}}, .seed = seed});
        raw_client client(origin.port());
        std::string all;
        for (int i = 0; i < 60; ++i) all += client.get("/").substr(9, 3) + " ";
        EXPECT_EQ(origin.report().requests, 60U);
        return all;
    };
    const std::string first = statuses(7);
    EXPECT_TRUE(has(first, "200"));
    EXPECT_TRUE(has(first, "204"));
    EXPECT_EQ(statuses(7), first);
    EXPECT_NE(statuses(8), first);
}

}  // namespace
}  // namespace hearth::testing
