// Reading and writing over TLS, and how connections end in use.
#include "tls_peer.hpp"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <csignal>
#include <string>

namespace hearth::net::test {
namespace {

constexpr std::size_t record_size = std::size_t{16} * 1024;

// Bytes that show any loss, repetition or disorder.
std::string pattern(std::size_t size) {
    std::string text(size, '\0');
    for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>((i * 2654435761U) >> 13U);
    return text;
}

connection connected(int buffer = 0) {
    static server origin;
    connection c = connect(trusting_context(), origin, {.buffer = buffer});
    EXPECT_TRUE(c) << c.failure.detail;
    return c;
}

TEST(tls_transport, a_small_request_is_one_record) {
    connection c = connected();
    const std::string head(300, 'h');
    for (const std::size_t size : {std::size_t{0}, std::size_t{1}, record_size - head.size()}) {
        const std::string body = pattern(size);
        const std::uint64_t before = c.client->bytes_accepted();
        const io_result wrote = c.client->write(head, body);
        EXPECT_EQ(wrote.state, io::done);
        EXPECT_EQ(wrote.bytes, head.size() + size);
        EXPECT_EQ(c.peer->read_record(), head + body);
        const std::uint64_t overhead = c.client->bytes_accepted() - before - wrote.bytes;
        EXPECT_GT(overhead, 0U);
        EXPECT_LT(overhead, 64U);
    }
    EXPECT_EQ(c.client->write({}, std::string_view("body")).bytes, 4U);
    EXPECT_EQ(c.peer->read_record(), "body");
    EXPECT_EQ(c.client->write({}, {}).bytes, 0U);
}

TEST(tls_transport, a_larger_request_fills_its_records) {
    connection c = connected();
    const std::string head(300, 'h');
    const std::string body = pattern(record_size);
    EXPECT_EQ(c.client->write(head, body).bytes, head.size() + body.size());
    EXPECT_EQ(c.peer->read_record(), (head + body).substr(0, record_size));
    EXPECT_EQ(c.peer->read_record(), (head + body).substr(record_size));
}

// Writes all of it as an agent does: offers the rest again, from other memory, while the peer reads as slowly as it can.
std::string send_through(connection& c, const std::string& head, const std::string& body) {
    std::string received;
    std::string rest_of_head = head;
    std::string rest_of_body = body;
    int waits = 0;
    while (!rest_of_head.empty() || !rest_of_body.empty()) {
        const std::string head_elsewhere = rest_of_head;
        const std::string body_elsewhere = rest_of_body;
        const io_result wrote = c.client->write(head_elsewhere, body_elsewhere);
        if (wrote.state == io::want_write) {
            EXPECT_EQ(wrote.bytes, 0U);
            ++waits;
            received += c.peer->read_now();
            EXPECT_TRUE(wait_for(c.client->fd(), POLLOUT));
        } else if (wrote.state != io::done) {
            ADD_FAILURE() << wrote.error.message();
            break;
        }
        const std::size_t of_head = std::min(wrote.bytes, rest_of_head.size());
        rest_of_head.erase(0, of_head);
        rest_of_body.erase(0, wrote.bytes - of_head);
    }
    EXPECT_GT(waits, 0) << "the socket took everything at once; the test shows nothing";
    while (received.size() < head.size() + body.size()) {
        const std::string more = c.peer->read_record();
        if (more.empty()) break;
        received += more;
    }
    return received;
}

TEST(tls_transport, large_bodies_pass_a_tiny_socket_buffer_intact) {
    connection c = connected(4096);
    const std::string head(300, 'h');
    const std::string body = pattern(std::size_t{3} * 1024 * 1024 + 17);
    EXPECT_TRUE(send_through(c, head, body) == head + body);
    const std::string large_head = pattern(40'000);
    EXPECT_TRUE(send_through(c, large_head, body) == large_head + body);
    EXPECT_TRUE(send_through(c, {}, body) == body);
}

TEST(tls_transport, more_may_be_offered_after_want_write) {
    connection c = connected(4096);
    std::string offered = pattern(1000);
    std::string sent;
    std::string received;
    int waits = 0;
    while (waits < 20) {
        const io_result wrote = c.client->write({}, offered);
        ASSERT_TRUE(wrote.state == io::done || wrote.state == io::want_write) << wrote.error.message();
        sent += offered.substr(0, wrote.bytes);
        offered.erase(0, wrote.bytes);
        offered += pattern(1000);
        if (wrote.state != io::want_write) continue;
        ++waits;
        received += c.peer->read_now();
        ASSERT_TRUE(wait_for(c.client->fd(), POLLOUT));
    }
    while (!offered.empty()) {
        const io_result wrote = c.client->write({}, offered);
        sent += offered.substr(0, wrote.bytes);
        offered.erase(0, wrote.bytes);
        received += c.peer->read_now();
    }
    while (received.size() < sent.size()) received += c.peer->read_record();
    EXPECT_TRUE(received == sent);
}

TEST(tls_transport, large_answers_arrive_intact) {
    connection c = connected(4096);
    const std::string body = pattern(std::size_t{1024} * 1024);
    std::string received;
    std::string_view rest = body;
    std::array<char, 1000> buffer{};
    while (received.size() < body.size()) {
        if (!rest.empty()) {
            std::size_t bytes = 0;
            if (SSL_write_ex(c.peer->native(), rest.data(), rest.size(), &bytes) == 1) rest.remove_prefix(bytes);
        }
        const io_result result = c.client->read(buffer);
        ASSERT_TRUE(result.state == io::done || result.state == io::want_read) << result.error.message();
        received.append(buffer.data(), result.bytes);
        if (result.state == io::want_read && rest.empty()) {
            ASSERT_TRUE(wait_for(c.client->fd(), POLLIN));
        }
    }
    EXPECT_TRUE(received == body);
}

TEST(tls_transport, tells_what_it_holds_decrypted) {
    connection c = connected();
    c.peer->write("hello");
    EXPECT_EQ(read_some(*c.client, 2).data, "he");
    EXPECT_TRUE(c.client->has_buffered());
    EXPECT_EQ(c.client->look(), idle_look::bytes);
    EXPECT_EQ(read_some(*c.client, 3).data, "llo");
    EXPECT_FALSE(c.client->has_buffered());
    EXPECT_EQ(c.client->look(), idle_look::live);
}

TEST(tls_transport, close_notify_is_the_end) {
    connection c = connected();
    c.client->response_begun();
    c.peer->write("all");
    c.peer->send_close_notify();
    c.peer->send_fin();
    const read_outcome outcome = read_some(*c.client, 100);
    EXPECT_EQ(outcome.data, "all");
    EXPECT_EQ(outcome.last.state, io::closed);
    EXPECT_EQ(read_some(*c.client, 1).last.state, io::closed);
}

// Behaviour 55.
TEST(tls_transport, a_bare_eof_in_a_response_is_a_truncation) {
    connection c = connected();
    c.client->response_begun();
    c.peer->write("half");
    c.peer->send_fin();
    const read_outcome outcome = read_some(*c.client, 100);
    EXPECT_EQ(outcome.data, "half");
    EXPECT_EQ(outcome.last.state, io::failed);
    EXPECT_EQ(outcome.last.error, make_error_code(errc::truncated_response));
}

TEST(tls_transport, an_eof_within_a_record_is_a_truncation) {
    static server origin;
    relay between;
    connection c = connect(trusting_context(), origin, {.through = &between});
    ASSERT_TRUE(c);
    between.pass();
    c.client->response_begun();
    c.peer->write("a record of some length");
    const std::string record = between.hold();
    between.to_client(record.substr(0, record.size() - 3));
    between.end();
    const read_outcome outcome = read_some(*c.client, 100);
    EXPECT_EQ(outcome.data, "");
    EXPECT_EQ(outcome.last.state, io::failed);
    EXPECT_EQ(outcome.last.error, make_error_code(errc::truncated_response));
}

TEST(tls_transport, a_bare_eof_before_a_response_is_a_close) {
    connection c = connected();
    c.client->went_idle();
    c.client->went_active();
    EXPECT_EQ(c.client->write(std::string_view("GET"), {}).state, io::done);
    const std::uint64_t accepted = c.client->bytes_accepted();
    c.peer->send_fin();
    EXPECT_EQ(read_some(*c.client, 1).last.state, io::closed);
    // No alert was written: what the kernel knows of the request is not disturbed.
    EXPECT_EQ(c.client->bytes_accepted(), accepted);
    c.client->response_begun();
    EXPECT_EQ(read_some(*c.client, 1).last.error, make_error_code(errc::truncated_response));
}

TEST(tls_transport, a_reset_is_told_as_such) {
    connection c = connected();
    c.peer->reset();
    const io_result last = read_some(*c.client, 1).last;
    EXPECT_EQ(last.state, io::failed);
    EXPECT_EQ(last.error, error_code(ECONNRESET, boost::system::system_category()));
}

TEST(tls_transport, a_damaged_record_is_an_error_of_tls) {
    server origin;
    relay between;
    connection c = connect(trusting_context(), origin, {.through = &between});
    ASSERT_TRUE(c);
    between.pass();
    c.peer->write("data");
    std::string record = between.hold();
    record.back() = static_cast<char>(record.back() ^ 1);
    between.to_client(record);
    const io_result last = read_some(*c.client, 1).last;
    EXPECT_EQ(last.state, io::failed);
    EXPECT_EQ(last.error.category(), tls_category());
    EXPECT_EQ(last.error.message(), "a record was damaged on the way");
}

// Behaviour 47.
TEST(tls_transport, writing_to_a_dead_socket_raises_no_signal) {
    ASSERT_NE(std::signal(SIGPIPE, SIG_DFL), SIG_IGN) << "someone ignores SIGPIPE; the test shows nothing";
    connection c = connected();
    c.peer->reset();
    ASSERT_TRUE(wait_for(c.client->fd(), POLLIN));
    const std::uint64_t accepted = c.client->bytes_accepted();
    const io_result first = c.client->write(std::string_view("GET"), {});
    EXPECT_EQ(first.state, io::failed);
    EXPECT_EQ(first.error.category(), boost::system::system_category());
    EXPECT_EQ(c.client->write(std::string_view("GET"), {}).state, io::failed);
    EXPECT_EQ(c.client->bytes_accepted(), accepted);
    c.client->shutdown();
    EXPECT_EQ(c.client->look(), idle_look::closed);
}

TEST(tls_transport, says_goodbye) {
    connection c = connected();
    c.client->shutdown();
    c.client.reset();
    ASSERT_TRUE(wait_for(c.peer->fd(), POLLIN));
    EXPECT_EQ(c.peer->read_record(), "");
    EXPECT_EQ(SSL_get_shutdown(c.peer->native()) & SSL_RECEIVED_SHUTDOWN, SSL_RECEIVED_SHUTDOWN);
}

TEST(tls_transport, aborts_with_a_reset) {
    connection c = connected();
    EXPECT_EQ(c.client->write(std::string_view("abandoned"), {}).state, io::done);
    c.client->abort();
    EXPECT_EQ(c.client->fd(), -1);
    c.client->shutdown();
    c.client.reset();
    pollfd gone{c.peer->fd(), POLLIN, 0};
    ASSERT_EQ(::poll(&gone, 1, 10'000), 1);
    EXPECT_NE(gone.revents & POLLERR, 0);
}

TEST(tls_transport, outlives_the_context_that_its_maker_held) {
    auto context = trusting_context();
    server origin;
    connection c = connect(context, origin);
    ASSERT_TRUE(c);
    context.reset();
    c.peer->write("x");
    EXPECT_EQ(read_some(*c.client, 1).data, "x");
}

// A peer that sends only records without data keeps nobody busy for ever.
TEST(tls_transport, a_flood_of_tickets_is_cut_off) {
    server origin({.tickets = 0});
    connection c = connect(trusting_context(), origin);
    ASSERT_TRUE(c);
    io_result last{.state = io::want_read};
    for (int rounds = 0; last.state == io::want_read && rounds < 100; ++rounds) {
        // More than the limit, if the sockets hold that much, so that one read() meets it.
        for (int tickets = 0; tickets < 2000; ++tickets)
            if (SSL_new_session_ticket(c.peer->native()) != 1 || SSL_do_handshake(c.peer->native()) != 1) break;
        std::array<char, 1> byte{};
        last = c.client->read(byte);
    }
    EXPECT_EQ(last.state, io::failed);
}

}  // namespace
}  // namespace hearth::net::test
