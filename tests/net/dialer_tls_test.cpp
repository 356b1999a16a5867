#include "net/dialer.hpp"
#include "net/tls_peer.hpp"
#include "net/world.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>

#include <optional>
#include <string>
#include <utility>

namespace hearth::net {
namespace {

namespace asio = boost::asio;
using test::listener;
using test::loop;
using test::open_descriptors;
using namespace std::chrono_literals;

class dialer_tls_test : public testing::Test {
protected:
    dial_target target() {
        dial_target t;
        t.host = "127.0.0.1";
        t.port = there.port();
        t.tls = context_of_tls;
        t.server_name = "localhost";
        t.session_key = "key";
        return t;
    }
    void start(dial_target t) {
        result.reset();
        world->sockets.step([&] {
            dial.emplace(world->sockets, world->timers, names, test::mono_now, std::move(t),
                         [this](dial_result r) { result = std::move(r); });
        });
        context.restart();
    }
    // The server's end of the dial's connection, once that is under way.
    unique_fd accept() {
        while (world->sockets.size() == 0) context.run_one();
        return there.accept();
    }
    // Goes on until the handshake has begun.
    void await_hello(const unique_fd& socket) {
        char byte = 0;
        while (::recv(socket.get(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 1) context.poll();
    }
    // Goes on until the dial has an outcome, being the server too.
    void finish() {
        auto socket = accept();
        ::fcntl(socket.get(), F_SETFL, O_NONBLOCK);
        peer = server.accept(std::move(socket));
        while (!result) {
            if (!peer->open() && !peer->failed()) peer->step();
            context.restart();
            context.poll();
        }
    }

    asio::io_context context;
    std::shared_ptr<loop> world = loop::make(context.get_executor());
    resolver names{context.get_executor(), {}};
    listener there;
    test::server server;
    std::shared_ptr<tls_context> context_of_tls = test::trusting_context();
    std::unique_ptr<test::server_connection> peer;
    std::optional<dialer> dial;
    std::optional<dial_result> result;
};

TEST_F(dialer_tls_test, hands_over_a_secured_connection) {
    start(target());
    finish();
    ASSERT_TRUE(result->transport) << result->detail;
    EXPECT_GT(result->connect, 0ns);
    EXPECT_GT(result->tls, 0ns);
    EXPECT_EQ(peer->server_name(), "localhost");
    EXPECT_EQ(world->sockets.size(), 0U);
    const std::string ping = "ping";
    EXPECT_EQ(result->transport->write({ping.data(), ping.size()}, {}).bytes, 4U);
    EXPECT_EQ(peer->read_record(), ping);
}

TEST_F(dialer_tls_test, tells_what_is_wrong_with_the_certificate) {
    auto t = target();
    t.server_name = "elsewhere.test";
    start(t);
    finish();
    EXPECT_FALSE(result->transport);
    EXPECT_EQ(result->code, errc::certificate_host_mismatch);
    EXPECT_EQ(result->phase, phase::tls);
    EXPECT_FALSE(result->detail.empty());
    EXPECT_EQ(world->sockets.size(), 0U);
}

TEST_F(dialer_tls_test, a_server_that_hangs_up_is_told) {
    start(target());
    accept().reset();
    context.run();
    ASSERT_TRUE(result);
    EXPECT_EQ(result->code, errc::tls_failed);
    EXPECT_EQ(result->phase, phase::tls);
}

TEST_F(dialer_tls_test, the_connect_timeout_covers_the_handshake) {
    auto t = target();
    t.connect_timeout = 1h;
    start(t);
    const auto silent = accept();
    await_hello(silent);
    world->sockets.step([&] { world->timers.run(test::mono_now() + 2h); });
    ASSERT_TRUE(result);
    EXPECT_EQ(result->code, errc::connect_timeout);
    EXPECT_EQ(result->phase, phase::tls);
    EXPECT_EQ(result->detail, "connected to " + there.where().text() + ", but TLS is not set up");
}

TEST_F(dialer_tls_test, destroyed_in_the_handshake_it_leaves_nothing) {
    const auto before = open_descriptors();
    {
        start(target());
        const auto silent = accept();
        await_hello(silent);
        world->sockets.step([&] { dial.reset(); });
        context.run();
        EXPECT_FALSE(result);
    }
    EXPECT_EQ(open_descriptors(), before);
    EXPECT_EQ(world->timers.size(), 0U);
}

}  // namespace
}  // namespace hearth::net
