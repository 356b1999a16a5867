// The origin on v6, unix sockets and TLS.
#include "support/certificates.hpp"
#include "testing/raw_client.hpp"
#include "testing/tls_client.hpp"

#include <hearth/client.hpp>
#include <hearth/error.hpp>
#include <hearth/testing/faulty_origin.hpp>

#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <memory>
#include <string>
#include <system_error>

namespace hearth::testing {
namespace {

using namespace std::chrono_literals;

TEST(transports, its_url_names_where_it_listens) {
    faulty_origin any({.address = "0.0.0.0"});
    EXPECT_EQ(any.url(), "http://127.0.0.1:" + std::to_string(any.port()));
    EXPECT_GT(any.port(), 0);
}

TEST(transports, v6) {
    std::unique_ptr<faulty_origin> origin;
    try {
        origin = std::make_unique<faulty_origin>(faulty_origin_options{.address = "::1"});
    } catch (const std::system_error& e) {
        GTEST_SKIP() << "no IPv6 here: " << e.what();
    }
    EXPECT_EQ(origin->url(), "http://[::1]:" + std::to_string(origin->port()));
    raw_client client(origin->port(), true);
    EXPECT_EQ(body_of(client.get("/")), "hello from the origin\n");
}

TEST(transports, says_why_it_cannot_listen) {
    faulty_origin first;
    try {
        faulty_origin second({.port = first.port()});
        FAIL() << "two listen on one port";
    } catch (const std::system_error& e) {
        EXPECT_EQ(e.code(), std::errc::address_in_use);
        EXPECT_NE(std::string(e.what()).find(std::to_string(first.port())), std::string::npos) << e.what();
    }
    EXPECT_THROW(faulty_origin({.address = "not an address"}), std::system_error);
    EXPECT_THROW(faulty_origin({.socket_path = std::string(200, 'x')}), std::system_error);
    EXPECT_THROW(faulty_origin({.certificate = "nonsense", .key = "nonsense"}), std::system_error);
    EXPECT_THROW(faulty_origin({.certificate = "nonsense"}), hearth::error);
}

class unix_origin : public ::testing::Test {
protected:
    const std::string path_ = ::testing::TempDir() + "hearth-origin-" + std::to_string(::getpid());
};

TEST_F(unix_origin, serves_and_cleans_up) {
    {
        faulty_origin origin({.socket_path = path_, .idle_timeout = 50ms});
        EXPECT_EQ(origin.url(), "http://localhost");
        EXPECT_EQ(origin.port(), 0);
        raw_client client(path_);
        EXPECT_EQ(body_of(client.get("/")), "hello from the origin\n");
        EXPECT_EQ(client.end(), 0);
    }
    EXPECT_NE(::access(path_.c_str(), F_OK), 0);
}

TEST_F(unix_origin, restarts_in_the_same_place) {
    faulty_origin origin({.socket_path = path_});
    origin.restart(1h);
    EXPECT_THROW(raw_client{path_}, std::system_error);
    origin.restart(1ms);
    while (true) {
        try {
            raw_client client(path_);
            EXPECT_EQ(body_of(client.get("/")), "hello from the origin\n");
            break;
        } catch (const std::system_error& e) {
            ASSERT_TRUE(e.code() == std::errc::connection_refused || e.code() == std::errc::no_such_file_or_directory)
                << e.what();
        }
    }
}

class tls_origin : public ::testing::Test {
protected:
    faulty_origin_options options_{.certificate = test::certificates().server.certificate,
                                   .key = test::certificates().server.key};

    /// Gets "/", and gives what the connection's end looks like to OpenSSL.
    static int end_after_get(const faulty_origin& origin) {
        tls_client client(origin.port());
        EXPECT_EQ(body_of(client.get("/")), "hello from the origin\n");
        return client.end();
    }
};

TEST_F(tls_origin, closes_idle_connections_with_close_notify) {
    options_.idle_timeout = 50ms;
    faulty_origin origin(options_);
    EXPECT_EQ(origin.url(), "https://127.0.0.1:" + std::to_string(origin.port()));
    EXPECT_EQ(end_after_get(origin), SSL_ERROR_ZERO_RETURN);
    EXPECT_EQ(origin.report().idle_closes, 1U);
}

TEST_F(tls_origin, resets_them_when_asked) {
    options_.idle_timeout = 50ms;
    options_.reset_on_idle = true;
    faulty_origin origin(options_);
    EXPECT_EQ(end_after_get(origin), SSL_ERROR_SYSCALL);
    EXPECT_EQ(errno, ECONNRESET);
}

TEST_F(tls_origin, gives_up_on_a_peer_that_does_not_shake_hands) {
    options_.patience = 50ms;
    faulty_origin origin(options_);
    raw_client client(origin.port());
    EXPECT_EQ(client.end(), 0);
    EXPECT_EQ(origin.report().idle_closes, 0U);
}

TEST_F(tls_origin, makes_a_certificate_that_its_clients_can_trust) {
    faulty_origin origin({.address = "127.0.0.1", .tls = true});
    EXPECT_TRUE(origin.certificate().starts_with("-----BEGIN CERTIFICATE-----"));
    for (const std::string host : {"127.0.0.1", "localhost"}) {
        client trusting({.tls = {.ca = origin.certificate()}});
        const std::string url = "https://" + host + ":" + std::to_string(origin.port()) + "/";
        EXPECT_EQ(trusting.get(url).text(), "hello from the origin\n");
    }
    client doubting;
    EXPECT_THROW((void)doubting.get(origin.url()), hearth::error);
    EXPECT_EQ(faulty_origin().certificate(), "");
}

}  // namespace
}  // namespace hearth::testing
