// Handshakes: who is believed, what is agreed, and what a failure says.
#include "tls_peer.hpp"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>

namespace hearth::net::test {
namespace {

using hearth::test::certificate_authority;
using hearth::test::certificate_spec;

connection connect_to(const identity& id, const std::string& name = "localhost") {
    server origin({.id = id});
    return connect(trusting_context(), origin, {.name = name});
}

TEST(tls_handshake, carries_bytes_both_ways) {
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        server origin({.min_version = version, .max_version = version});
        connection c = connect(trusting_context(), origin);
        ASSERT_TRUE(c) << c.failure.detail;
        EXPECT_GT(c.client->bytes_accepted(), 0U);
        const std::string_view ping = "ping";
        EXPECT_EQ(c.client->write(ping, {}).bytes, ping.size());
        EXPECT_EQ(c.peer->read_record(), ping);
        c.peer->write("pong");
        EXPECT_EQ(read_some(*c.client, 4).data, "pong");
    }
}

TEST(tls_handshake, verifies_names_and_addresses) {
    for (const char* name : {"localhost", "LOCALHOST", "localhost.", "127.0.0.1", "::1", "[::1]"}) {
        const connection c = connect_to(certificates().server, name);
        EXPECT_TRUE(c) << name << ": " << c.failure.detail;
    }
}

TEST(tls_handshake, sends_dns_names_only_as_sni) {
    server origin;
    EXPECT_EQ(connect(trusting_context(), origin, {.name = "localhost."}).peer->server_name(), "localhost");
    EXPECT_EQ(connect(trusting_context(), origin, {.name = "127.0.0.1"}).peer->server_name(), "");
    EXPECT_EQ(connect(trusting_context(), origin, {.name = "[::1]"}).peer->server_name(), "");
}

TEST(tls_handshake, wildcards_cover_one_whole_label) {
    const identity id = certificates().authority.issue({.names = {"*.wild.test", "f*.part.test"}, .addresses = {}});
    EXPECT_TRUE(connect_to(id, "a.wild.test"));
    EXPECT_FALSE(connect_to(id, "a.b.wild.test"));
    EXPECT_FALSE(connect_to(id, "wild.test"));
    EXPECT_FALSE(connect_to(id, "foo.part.test"));
}

TEST(tls_handshake, refuses_an_expired_certificate) {
    const connection c = connect_to(certificates().expired);
    ASSERT_FALSE(c);
    EXPECT_EQ(c.failure.code, errc::certificate_expired);
    EXPECT_EQ(c.failure.cause, error_code(X509_V_ERR_CERT_HAS_EXPIRED, certificate_category()));
    EXPECT_EQ(c.failure.cause.message(), "certificate has expired");
    EXPECT_EQ(c.failure.detail.rfind("the server's certificate expired on 20", 0), 0U) << c.failure.detail;
    EXPECT_TRUE(c.failure.detail.ends_with(" UTC")) << c.failure.detail;
}

TEST(tls_handshake, refuses_a_certificate_that_is_not_valid_yet) {
    const connection c = connect_to(certificates().not_yet);
    ASSERT_FALSE(c);
    EXPECT_EQ(c.failure.code, errc::certificate_expired);
    EXPECT_EQ(c.failure.detail.rfind("the server's certificate is not valid before 20", 0), 0U) << c.failure.detail;
}

TEST(tls_handshake, refuses_a_certificate_for_another_host) {
    connection c = connect_to(certificates().wrong_host, "c.test");
    ASSERT_FALSE(c);
    EXPECT_EQ(c.failure.code, errc::certificate_host_mismatch);
    EXPECT_EQ(c.failure.detail, "the certificate is for a.test, b.test; not c.test");
    c = connect_to(certificates().wrong_host, "127.0.0.1");
    EXPECT_EQ(c.failure.code, errc::certificate_host_mismatch);
    EXPECT_EQ(c.failure.detail, "the certificate is for a.test, b.test; not 127.0.0.1");
    c = connect_to(certificates().server, "c.test");
    EXPECT_EQ(c.failure.detail, "the certificate is for localhost, 127.0.0.1, ::1; not c.test");
}

TEST(tls_handshake, names_of_a_certificate_are_few_and_printable) {
    certificate_spec many{.names = {}, .addresses = {}};
    for (int i = 0; i < 10; ++i) many.names.push_back(std::string{'n', static_cast<char>('0' + i)} + ".test");
    const auto& authority = certificates().authority;
    EXPECT_EQ(connect_to(authority.issue(many), "c.test").failure.detail,
              "the certificate is for n0.test, n1.test, n2.test, n3.test, n4.test, n5.test and 4 more; not c.test");
    const identity odd = authority.issue({.common_name = "line\nbreak\x1b[31m", .names = {}, .addresses = {}});
    EXPECT_EQ(connect_to(odd, "c.test").failure.detail, "the certificate is for line\\x0Abreak\\x1B[31m; not c.test");
}

TEST(tls_handshake, refuses_a_self_signed_certificate) {
    const connection c = connect_to(certificates().self_signed);
    ASSERT_FALSE(c);
    EXPECT_EQ(c.failure.code, errc::certificate_untrusted);
    EXPECT_EQ(c.failure.detail, "the server's certificate \"hearth test server\" is self-signed");
}

TEST(tls_handshake, trusts_a_self_signed_certificate_given_as_authority) {
    server origin({.id = certificates().self_signed});
    tls_options options;
    options.ca = certificates().self_signed.certificate;
    EXPECT_TRUE(connect(tls_context::make(options), origin));
}

TEST(tls_handshake, refuses_an_unknown_authority) {
    const certificate_authority other("another authority");
    connection c = connect_to(other.issue({}));
    ASSERT_FALSE(c);
    EXPECT_EQ(c.failure.code, errc::certificate_untrusted);
    EXPECT_EQ(c.failure.detail, "the server's certificate is signed by \"another authority\", an unknown authority");
    // The same when the server sends the authority's own certificate along.
    identity with_root = other.issue({});
    with_root.certificate += other.certificate();
    c = connect_to(with_root);
    EXPECT_EQ(c.failure.code, errc::certificate_untrusted);
    EXPECT_EQ(c.failure.detail, "the authority \"another authority\" is not trusted");
}

TEST(tls_handshake, intermediate_authorities) {
    const certificate_authority lower = certificates().authority.intermediate("lower authority");
    identity id = lower.issue({});
    EXPECT_TRUE(connect_to(id));

    // Trusting the intermediate alone is enough: whoever names it means it.
    server origin({.id = id});
    tls_options options;
    options.ca = lower.certificate();
    EXPECT_TRUE(connect(tls_context::make(options), origin));

    // A server that forgets to send it.
    id.certificate.resize(id.certificate.find("-----END CERTIFICATE-----") + 26);
    const connection c = connect_to(id);
    EXPECT_EQ(c.failure.code, errc::certificate_untrusted);
    EXPECT_EQ(c.failure.detail, "the server's certificate is signed by \"lower authority\", an unknown authority");
}

TEST(tls_handshake, reject_unauthorized_off_accepts_all) {
    tls_options options;
    options.reject_unauthorized = false;
    const auto context = tls_context::make(options);
    for (const identity& id :
         {certificates().expired, certificates().not_yet, certificates().wrong_host, certificates().self_signed}) {
        server origin({.id = id});
        const connection c = connect(context, origin);
        EXPECT_TRUE(c) << c.failure.detail;
    }
}

TEST(tls_handshake, names_that_no_certificate_can_be_for) {
    using namespace std::string_literals;
    for (const std::string& name : {""s, ".localhost"s, "local\0host"s, std::string(300, 'a')}) {
        auto sockets = tcp_pair();
        const auto handshake = tls_handshake::begin(trusting_context(), std::move(sockets.client), name, "key");
        EXPECT_EQ(handshake->step(), io::failed);
        EXPECT_EQ(handshake->why().code, errc::certificate_host_mismatch);
    }
}

TEST(tls_handshake, client_certificate) {
    const auto& known = certificates();
    tls_options options = trusting();
    options.cert = known.client.certificate;
    options.key = known.client.key;
    const temporary_file certificate(known.client.certificate);
    const temporary_file key(known.client.key);
    tls_options files = trusting();
    files.cert_file = certificate.path();
    files.key_file = key.path();
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        server origin({.min_version = version, .max_version = version, .client_authority = known.authority.certificate()});
        EXPECT_TRUE(connect(tls_context::make(options), origin).peer->open());
        EXPECT_TRUE(connect(tls_context::make(files), origin).peer->open());
    }
}

TEST(tls_handshake, a_missing_client_certificate_is_told) {
    const std::string authority = certificates().authority.certificate();
    server older({.max_version = TLS1_2_VERSION, .client_authority = authority});
    const connection c = connect(trusting_context(), older);
    ASSERT_FALSE(c);
    EXPECT_EQ(c.failure.code, errc::tls_failed);
    EXPECT_EQ(c.failure.detail, "the server ended TLS with the alert \"handshake failure\"");

    // TLS 1.3: the client is done before the server minds, so the first read tells.
    server newer({.client_authority = authority});
    connection late = connect(trusting_context(), newer);
    ASSERT_TRUE(late);
    const io_result last = read_some(*late.client, 1).last;
    EXPECT_EQ(last.state, io::failed);
    EXPECT_EQ(last.error.category(), tls_category());
    EXPECT_EQ(last.error.message(), "the server ended TLS with the alert \"certificate required\"");
}

TEST(tls_handshake, alpn) {
    tls_options options = trusting();
    options.alpn = {"h2", "http/1.1"};
    const auto context = tls_context::make(options);
    server origin({.alpn = "http/1.1"});
    const connection c = connect(context, origin);
    ASSERT_TRUE(c) << c.failure.detail;
    EXPECT_EQ(c.client->alpn(), "http/1.1");

    server indifferent;
    EXPECT_EQ(connect(context, indifferent).client->alpn(), "");

    options.alpn = {};
    EXPECT_EQ(connect(tls_context::make(options), origin).client->alpn(), "");
}

TEST(tls_handshake, a_protocol_that_was_not_offered_is_refused) {
    server origin({.alpn = "spdy/3"});
    const connection c = connect(trusting_context(), origin);
    ASSERT_FALSE(c);
    EXPECT_EQ(c.failure.code, errc::tls_failed);
}

TEST(tls_handshake, old_versions_are_refused) {
    server origin({.min_version = TLS1_VERSION, .max_version = TLS1_1_VERSION});
    const connection c = connect(trusting_context(), origin);
    ASSERT_FALSE(c);
    EXPECT_EQ(c.failure.code, errc::tls_failed);
    EXPECT_EQ(c.failure.detail, "the server ended TLS with the alert \"protocol version\"");
}

TEST(tls_handshake, trickling_byte_by_byte) {
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        server origin({.max_version = version});
        relay slow;
        connection c = connect(trusting_context(), origin, {.through = &slow, .relay_bytes = 1});
        EXPECT_TRUE(c) << c.failure.detail;
    }
}

// A handshake against bare bytes: what it says in the end.
tls_failure against(std::string_view bytes, bool reset) {
    auto sockets = tcp_pair();
    const auto handshake = tls_handshake::begin(trusting_context(), std::move(sockets.client), "localhost", "key");
    EXPECT_EQ(handshake->step(), io::want_read);
    if (!bytes.empty()) {
        EXPECT_EQ(::send(sockets.server.get(), bytes.data(), bytes.size(), 0), std::ssize(bytes));
    }
    if (bytes.empty()) {
        // Unread data makes the kernel answer close() with a reset.
        if (!reset) {
            std::array<char, 4096> hello{};
            EXPECT_GT(::recv(sockets.server.get(), hello.data(), hello.size(), 0), 0);
        }
        sockets.server.reset();
    }
    EXPECT_TRUE(wait_for(handshake->fd(), POLLIN));
    EXPECT_EQ(handshake->step(), io::failed);
    EXPECT_EQ(handshake->step(), io::failed);
    return handshake->why();
}

TEST(tls_handshake, garbage_instead_of_tls) {
    for (const char* text :
         {"HTTP/1.1 400 Bad Request\r\n\r\n", "220 mail.test ESMTP ready\r\n", "\x01\x02\x03\x04\x05\x06\x07"}) {
        const tls_failure why = against(text, false);
        EXPECT_EQ(why.code, errc::tls_failed);
        EXPECT_EQ(why.detail, "what the server sent is not TLS");
        EXPECT_EQ(why.cause.category(), tls_category());
    }
}

TEST(tls_handshake, the_server_closes_or_resets) {
    tls_failure why = against("", false);
    EXPECT_EQ(why.code, errc::tls_failed);
    EXPECT_EQ(why.detail, "the server closed the connection during the TLS handshake");
    EXPECT_FALSE(why.cause);
    why = against("", true);
    EXPECT_EQ(why.code, errc::tls_failed);
    EXPECT_EQ(why.detail, "the server reset the connection during the TLS handshake");
    EXPECT_EQ(why.cause, error_code(ECONNRESET, boost::system::system_category()));
}

}  // namespace
}  // namespace hearth::net::test
