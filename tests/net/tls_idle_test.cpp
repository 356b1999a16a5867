// Looking at idle TLS connections: behaviours 29, 30 and 32.
#include "tls_peer.hpp"

#include <gtest/gtest.h>
#include <poll.h>

namespace hearth::net::test {
namespace {

class tls_idle : public testing::TestWithParam<int> {
protected:
    tls_idle() : c(connect(trusting_context(), origin, {.through = &between})) {
        if (!c) throw std::runtime_error(c.failure.detail);
        c.peer->write("x");
        between.pass();
        EXPECT_EQ(read_some(*c.client, 1).data, "x");
        c.client->response_begun();
        c.client->went_idle();
    }

    // What the server sends next, in pieces: what a look finds after each.
    std::vector<idle_look> looks_at_pieces(const std::string& bytes, std::size_t piece) {
        std::vector<idle_look> found;
        for (std::size_t at = 0; at < bytes.size(); at += piece) {
            between.to_client(bytes.substr(at, piece));
            found.push_back(look_when_readable(*c.client));
            EXPECT_EQ(c.client->look(), found.back()) << "another look finds the same";
        }
        return found;
    }

    void expect_usable() {
        c.client->went_active();
        EXPECT_EQ(c.client->write(std::string_view("GET"), {}).state, io::done);
        while (!between.pass()) ASSERT_TRUE(wait_for(c.client->fd(), POLLOUT));
        EXPECT_EQ(c.peer->read_record(), "GET");
        c.peer->write("200");
        while (!between.pass()) ASSERT_TRUE(wait_for(c.client->fd(), POLLOUT));
        EXPECT_EQ(read_some(*c.client, 3).data, "200");
    }

    server origin{{.max_version = GetParam(), .tickets = 0}};
    relay between;
    connection c;
};

TEST_P(tls_idle, quiet_is_live) {
    EXPECT_EQ(c.client->look(), idle_look::live);
    expect_usable();
}

TEST_P(tls_idle, unsolicited_bytes) {
    c.peer->write("HTTP/1.1 408 Request Timeout\r\n\r\n");
    between.to_client(between.hold());
    EXPECT_EQ(look_when_readable(*c.client), idle_look::bytes);
}

TEST_P(tls_idle, part_of_a_record) {
    c.peer->write("x");
    const std::string record = between.hold();
    const auto found = looks_at_pieces(record.substr(0, record.size() - 1), 1);
    for (const idle_look look : found) EXPECT_EQ(look, idle_look::partial);
    between.to_client(record.substr(record.size() - 1));
    EXPECT_EQ(look_when_readable(*c.client), idle_look::bytes);
}

TEST_P(tls_idle, part_of_a_record_and_the_end) {
    c.peer->write("x");
    between.to_client(between.hold().substr(0, 7));
    EXPECT_EQ(look_when_readable(*c.client), idle_look::partial);
    between.end();
    EXPECT_EQ(look_when_readable(*c.client), idle_look::closed);
}

TEST_P(tls_idle, close_notify_then_fin) {
    c.peer->send_close_notify();
    between.to_client(between.hold());
    EXPECT_EQ(look_when_readable(*c.client), idle_look::closed);
    between.end();
    EXPECT_EQ(look_when_readable(*c.client), idle_look::closed);
}

TEST_P(tls_idle, fin_alone) {
    const std::uint64_t accepted = c.client->bytes_accepted();
    between.end();
    EXPECT_EQ(look_when_readable(*c.client), idle_look::closed);
    EXPECT_EQ(c.client->look(), idle_look::closed);
    EXPECT_EQ(c.client->bytes_accepted(), accepted) << "no alert is written";
}

TEST_P(tls_idle, reset) {
    const std::uint64_t accepted = c.client->bytes_accepted();
    between.reset();
    EXPECT_EQ(look_when_readable(*c.client), idle_look::closed);
    EXPECT_EQ(c.client->look(), idle_look::closed);
    EXPECT_EQ(c.client->bytes_accepted(), accepted);
}

TEST_P(tls_idle, bytes_that_are_not_tls) {
    between.to_client("HTTP/1.1 408 Request Timeout\r\n\r\n");
    EXPECT_EQ(look_when_readable(*c.client), idle_look::closed);
    EXPECT_EQ(c.client->look(), idle_look::closed);
}

INSTANTIATE_TEST_SUITE_P(versions, tls_idle, testing::Values(TLS1_2_VERSION, TLS1_3_VERSION),
                         [](const auto& about) { return about.param == TLS1_2_VERSION ? "tls12" : "tls13"; });

// What only TLS 1.3 sends after its handshake.
using tls13_idle = tls_idle;

TEST_P(tls13_idle, tickets_leave_it_live) {
    for (int i = 0; i < 3; ++i) {
        c.peer->send_ticket();
        between.to_client(between.hold());
        EXPECT_EQ(look_when_readable(*c.client), idle_look::live);
        EXPECT_EQ(c.client->look(), idle_look::live);
    }
    expect_usable();
}

TEST_P(tls13_idle, a_ticket_in_pieces_is_partial_until_it_is_whole) {
    c.peer->send_ticket();
    const auto found = looks_at_pieces(between.hold(), 1);
    ASSERT_GT(found.size(), 100U);
    for (std::size_t i = 0; i + 1 < found.size(); ++i) EXPECT_EQ(found[i], idle_look::partial) << i;
    EXPECT_EQ(found.back(), idle_look::live);
    expect_usable();
}

TEST_P(tls13_idle, key_updates_leave_it_live) {
    for (int i = 0; i < 3; ++i) {
        c.peer->send_key_update();
        between.to_client(between.hold());
        EXPECT_EQ(look_when_readable(*c.client), idle_look::live);
        EXPECT_EQ(c.client->look(), idle_look::live);
        expect_usable();
        c.client->went_idle();
    }
}

TEST_P(tls13_idle, a_ticket_and_then_the_end) {
    c.peer->send_ticket();
    c.peer->send_close_notify();
    between.to_client(between.hold());
    EXPECT_EQ(look_when_readable(*c.client), idle_look::closed);
}

TEST_P(tls13_idle, a_ticket_and_then_bytes) {
    c.peer->send_ticket();
    c.peer->write("x");
    between.to_client(between.hold());
    EXPECT_EQ(look_when_readable(*c.client), idle_look::bytes);
}

TEST_P(tls13_idle, a_ticket_before_a_bare_eof) {
    c.peer->send_ticket();
    between.to_client(between.hold());
    between.end();
    // The FIN may be a moment behind; the look at it says closed, and until then live.
    idle_look found = idle_look::live;
    while (found == idle_look::live) found = look_when_readable(*c.client);
    EXPECT_EQ(found, idle_look::closed);
}

INSTANTIATE_TEST_SUITE_P(versions, tls13_idle, testing::Values(TLS1_3_VERSION), [](const auto&) { return "tls13"; });

}  // namespace
}  // namespace hearth::net::test
