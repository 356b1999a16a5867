// Session resumption: the cache by itself, and in handshakes.
#include "net/tls_sessions.hpp"
#include "tls_peer.hpp"

#include <gtest/gtest.h>
#include <poll.h>

#include <array>
#include <new>

namespace hearth::net::test {
namespace {

session_ptr session(int version) {
    session_ptr made(SSL_SESSION_new());
    const std::array<unsigned char, 1> id{1};
    if (!made || SSL_SESSION_set_protocol_version(made.get(), version) != 1 ||
        SSL_SESSION_set1_id(made.get(), id.data(), id.size()) != 1)
        throw std::bad_alloc();
    return made;
}

TEST(tls_session_cache, older_sessions_stay) {
    tls_session_cache cache(10);
    EXPECT_FALSE(cache.take("a"));
    cache.put("a", session(TLS1_2_VERSION));
    cache.put("a", session(TLS1_2_VERSION));
    EXPECT_EQ(cache.size(), 1U);
    EXPECT_TRUE(cache.take("a"));
    EXPECT_TRUE(cache.take("a"));
    EXPECT_EQ(cache.size(), 1U);
    EXPECT_FALSE(cache.take("b"));
}

TEST(tls_session_cache, tickets_serve_once_and_the_newest_first) {
    tls_session_cache cache(10);
    std::array<SSL_SESSION*, 6> put{};
    for (auto& p : put) {
        session_ptr s = session(TLS1_3_VERSION);
        p = s.get();
        cache.put("a", std::move(s));
    }
    ASSERT_EQ(cache.per_key(), 4U);
    EXPECT_EQ(cache.size(), 4U);
    for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(cache.take("a").get(), put.at(put.size() - 1 - i));
    EXPECT_FALSE(cache.take("a"));
    EXPECT_EQ(cache.size(), 0U);
}

TEST(tls_session_cache, keeps_tickets_for_a_burst_and_room_for_others) {
    EXPECT_EQ(tls_session_cache(tls_options{}.session_cache).per_key(), agent_options{}.max_connecting);
    for (const auto& [capacity, per_key] : {std::pair(1U, 4U), {16U, 4U}, {100U, 25U}, {1'024U, 256U}, {100'000U, 256U}})
        EXPECT_EQ(tls_session_cache(capacity).per_key(), per_key) << capacity;
    tls_session_cache cache(40);
    cache.put("cold", session(TLS1_3_VERSION));
    for (int i = 0; i < 100; ++i) cache.put("hot", session(TLS1_3_VERSION));
    EXPECT_EQ(cache.size(), 11U);
    EXPECT_TRUE(cache.take("cold"));
}

TEST(tls_session_cache, the_least_recently_used_goes_first) {
    tls_session_cache cache(2);
    cache.put("a", session(TLS1_2_VERSION));
    cache.put("b", session(TLS1_2_VERSION));
    EXPECT_TRUE(cache.take("a"));
    cache.put("c", session(TLS1_2_VERSION));
    EXPECT_EQ(cache.size(), 2U);
    EXPECT_TRUE(cache.take("a"));
    EXPECT_FALSE(cache.take("b"));
    EXPECT_TRUE(cache.take("c"));
    // Tickets of one key make room for each other.
    for (int i = 0; i < 3; ++i) cache.put("d", session(TLS1_3_VERSION));
    EXPECT_EQ(cache.size(), 2U);
    EXPECT_FALSE(cache.take("a"));
}

TEST(tls_session_cache, a_capacity_of_zero_keeps_nothing) {
    tls_session_cache cache(0);
    cache.put("a", session(TLS1_2_VERSION));
    EXPECT_EQ(cache.size(), 0U);
    EXPECT_FALSE(cache.take("a"));
}

TEST(tls_session_cache, forgets_a_key) {
    tls_session_cache cache(10);
    for (int i = 0; i < 3; ++i) cache.put("a", session(TLS1_3_VERSION));
    cache.put("b", session(TLS1_2_VERSION));
    cache.forget("a");
    cache.forget("unknown");
    EXPECT_EQ(cache.size(), 1U);
    EXPECT_FALSE(cache.take("a"));
    EXPECT_TRUE(cache.take("b"));
}

TEST(tls_session_cache, passes_over_sessions_that_cannot_be_resumed) {
    tls_session_cache cache(10);
    cache.put("a", session(TLS1_3_VERSION));
    session_ptr spoiled(SSL_SESSION_new());  // without an id, which is what OpenSSL asks for
    ASSERT_EQ(SSL_SESSION_set_protocol_version(spoiled.get(), TLS1_3_VERSION), 1);
    cache.put("a", std::move(spoiled));
    EXPECT_TRUE(cache.take("a"));
    EXPECT_EQ(cache.size(), 0U);
}

// One exchange, so that tickets arrive; whether the server resumed a session.
bool exchange(const std::shared_ptr<tls_context>& context, server& origin, const std::string& key = "key") {
    connection c = connect(context, origin, {.session_key = key});
    if (!c) {
        ADD_FAILURE() << c.failure.detail;
        return false;
    }
    c.peer->write("x");
    EXPECT_EQ(read_some(*c.client, 1).data, "x");
    return c.peer->reused();
}

class tls_resumption : public testing::TestWithParam<int> {
protected:
    server origin{{.min_version = GetParam(), .max_version = GetParam()}};
};

TEST_P(tls_resumption, the_second_connection_resumes) {
    const auto context = trusting_context();
    EXPECT_FALSE(exchange(context, origin));
    EXPECT_GT(context->sessions(), 0U);
    EXPECT_TRUE(exchange(context, origin));
    EXPECT_TRUE(exchange(context, origin));
}

TEST_P(tls_resumption, only_under_the_same_key) {
    const auto context = trusting_context();
    EXPECT_FALSE(exchange(context, origin, "a"));
    EXPECT_FALSE(exchange(context, origin, "b"));
    EXPECT_TRUE(exchange(context, origin, "a"));
    EXPECT_FALSE(exchange(context, origin, ""));
    EXPECT_FALSE(exchange(context, origin, ""));
}

TEST_P(tls_resumption, a_cache_of_zero_disables_it) {
    tls_options options = trusting();
    options.session_cache = 0;
    const auto context = tls_context::make(options);
    EXPECT_FALSE(exchange(context, origin));
    EXPECT_FALSE(exchange(context, origin));
    EXPECT_EQ(context->sessions(), 0U);
}

TEST_P(tls_resumption, a_failed_handshake_forgets) {
    const auto context = trusting_context();
    EXPECT_FALSE(exchange(context, origin));
    auto sockets = tcp_pair();
    const auto handshake = tls_handshake::begin(context, std::move(sockets.client), "localhost", "key");
    EXPECT_EQ(handshake->step(), io::want_read);
    sockets.server.reset();
    EXPECT_TRUE(wait_for(handshake->fd(), POLLIN));
    EXPECT_EQ(handshake->step(), io::failed);
    EXPECT_EQ(context->sessions(), 0U);
    EXPECT_FALSE(exchange(context, origin));
}

TEST_P(tls_resumption, forgetting_by_hand) {
    const auto context = trusting_context();
    EXPECT_FALSE(exchange(context, origin));
    context->forget_session("key");
    EXPECT_FALSE(exchange(context, origin));
}

TEST_P(tls_resumption, survives_every_end_of_an_idle_connection) {
    for (const int end : {0, 1, 2, 3}) {
        const auto context = trusting_context();
        {
            connection c = connect(context, origin);
            ASSERT_TRUE(c);
            c.peer->write("x");
            EXPECT_EQ(read_some(*c.client, 1).data, "x");
            c.client->went_idle();
            EXPECT_EQ(c.client->look(), idle_look::live);
            if (end == 0) c.peer->send_close_notify();
            if (end == 1) c.peer->send_fin();
            if (end == 2) c.peer->reset();
            if (end == 3) c.client->shutdown();
            if (end != 3) {
                EXPECT_EQ(look_when_readable(*c.client), idle_look::closed);
            }
        }
        EXPECT_TRUE(exchange(context, origin)) << "end " << end;
    }
}

TEST_P(tls_resumption, survives_a_bare_eof_while_an_answer_is_awaited) {
    const auto context = trusting_context();
    {
        connection c = connect(context, origin);
        ASSERT_TRUE(c);
        c.peer->write("x");
        EXPECT_EQ(read_some(*c.client, 1).data, "x");
        c.client->went_idle();
        c.client->went_active();
        EXPECT_EQ(c.client->write(std::string_view("GET"), {}).state, io::done);
        c.peer->send_fin();
        EXPECT_EQ(read_some(*c.client, 1).last.state, io::closed);
    }
    EXPECT_TRUE(exchange(context, origin));
}

INSTANTIATE_TEST_SUITE_P(versions, tls_resumption, testing::Values(TLS1_2_VERSION, TLS1_3_VERSION),
                         [](const auto& about) { return about.param == TLS1_2_VERSION ? "tls12" : "tls13"; });

}  // namespace
}  // namespace hearth::net::test
