// The caller's cancellation stops a call at once, in every phase (docs/behaviours: 12, 52).
#include "support/run.hpp"
#include "support/scripted_server.hpp"

#include <hearth/agent.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <optional>
#include <string>

namespace {

using namespace hearth::test;
using hearth::agent;
using hearth::errc;

// Starts a request, cancels it when `when` holds, and gives what it ended with.
awaitable<hearth::failure> cancelled(agent& a, hearth::request r, std::function<bool()> when) {
    asio::cancellation_signal signal;
    std::optional<hearth::failure> ended;
    a.send(std::move(r), asio::bind_cancellation_slot(signal.slot(), [&](hearth::error_code ec, hearth::response answer) {
               EXPECT_EQ(ec, errc::canceled);
               if (answer.failure() != nullptr) ended = *answer.failure();
           }));
    co_await until(std::move(when));
    EXPECT_FALSE(ended);
    signal.emit(asio::cancellation_type::total);
    co_await until([&] { return ended.has_value(); });
    EXPECT_EQ(a.stats().count.canceled, 1U);
    EXPECT_EQ(a.stats().count.failed, 0U);
    co_return *ended;
}

TEST(agent_cancel, while_pending_it_costs_no_connection) {
    scripted_server server([](peer& p) {
        p.read_head();
        p.wait_closed();
    });
    run([&]() -> awaitable<void> {
        const auto executor = co_await asio::this_coro::executor;
        agent a(executor, {.max_sockets = 1});
        a.get(server.url(), [](hearth::error_code, const hearth::response&) {});
        co_await until([&] { return a.stats().in_use == 1; });
        const hearth::failure f = co_await cancelled(a, {"GET", server.url()}, [&] { return a.stats().pending == 1; });
        EXPECT_EQ(f.phase, hearth::phase::pending);
        EXPECT_EQ(a.stats().count.opened, 1U);
        a.destroy();
    });
}

TEST(agent_cancel, while_connecting) {
    // A listener whose backlog is full answers no SYN.
    const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    ASSERT_EQ(::bind(listener, reinterpret_cast<sockaddr*>(&address), size), 0);
    ASSERT_EQ(::listen(listener, 0), 0);
    ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
    std::vector<int> fillers;
    for (int i = 0; i < 4; ++i) {
        fillers.push_back(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
        ::connect(fillers.back(), reinterpret_cast<sockaddr*>(&address), size);
    }
    run([&]() -> awaitable<void> {
        agent a(co_await asio::this_coro::executor);
        const std::string url = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port)) + "/";
        co_await cancelled(a, {"GET", url}, [&] { return a.stats().connecting == 1; });
        EXPECT_EQ(a.stats().pending, 0U);
    });
    for (const int fd : fillers) ::close(fd);
    ::close(listener);
}

TEST(agent_cancel, while_handshaking) {
    scripted_server server([](peer& p) { p.wait_closed(); });  // never says hello
    run([&]() -> awaitable<void> {
        agent a(co_await asio::this_coro::executor);
        std::string url = server.url();
        co_await cancelled(a, {"GET", "https" + url.substr(4)}, [&] { return server.connections() == 1; });
    });
}

TEST(agent_cancel, while_writing_and_while_waiting_for_the_head) {
    for (const std::size_t size : {std::size_t{0}, std::size_t{64} * 1024 * 1024}) {
        scripted_server server([&](peer& p) {
            p.read_head();
            if (size == 0) {
                p.wait_closed();
            } else {
                p.hold();  // reads no more
            }
        });
        run([&]() -> awaitable<void> {
            agent a(co_await asio::this_coro::executor);
            const hearth::failure f = co_await cancelled(a, {"POST", server.url(), {}, std::string(size, 'x')},
                                                         [&] { return server.requests() == 1; });
            EXPECT_EQ(f.phase, size == 0 ? hearth::phase::headers : hearth::phase::write);
            EXPECT_EQ(a.stats().in_use, 0U);
            EXPECT_EQ(a.stats().free, 0U);
        });
    }
}

TEST(agent_cancel, while_reading_the_body) {
    scripted_server server([](peer& p) {
        p.read_head();
        p.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
        p.wait_closed();
    });
    run([&]() -> awaitable<void> {
        agent a(co_await asio::this_coro::executor);
        hearth::response r = co_await a.get(server.url());
        asio::cancellation_signal signal;
        std::optional<hearth::error_code> ended;
        r.text(asio::bind_cancellation_slot(signal.slot(), [&](hearth::error_code ec, const std::string&) { ended = ec; }));
        co_await pause(1ms);
        EXPECT_FALSE(ended);
        signal.emit(asio::cancellation_type::terminal);
        co_await until([&] { return ended.has_value(); });
        EXPECT_EQ(*ended, errc::canceled);
        EXPECT_EQ(a.stats().in_use, 0U);
    });
    server.wait_for_ended(1);
}

TEST(agent_cancel, while_waiting_to_retry) {
    run([]() -> awaitable<void> {
        const auto executor = co_await asio::this_coro::executor;
        agent a(executor, {.retry = {.max_retries = 5, .base_delay = 60s, .max_delay = 60s}});
        const hearth::failure f =
            co_await cancelled(a, {"GET", "http://127.0.0.1:1/"}, [&] { return a.stats().retrying == 1; });
        EXPECT_EQ(f.phase, hearth::phase::retry_wait);
        EXPECT_EQ(a.stats().retrying, 0U);
    });
}

TEST(agent_cancel, leaves_the_place_of_those_behind) {  // 12
    std::vector<int> order;
    scripted_server server([](peer& p) {
        while (!p.read_head().empty()) p.respond("x");
    });
    run([&]() -> awaitable<void> {
        const auto executor = co_await asio::this_coro::executor;
        agent a(executor, {.max_sockets = 1});
        asio::cancellation_signal signal;
        for (int i = 0; i < 5; ++i) {
            const auto note = [&order, i](hearth::error_code ec, const hearth::response&) { order.push_back(ec ? -i : i); };
            if (i == 2) {
                a.get(server.url(), asio::bind_cancellation_slot(signal.slot(), note));
            } else {
                a.get(server.url(), note);
            }
        }
        signal.emit(asio::cancellation_type::total);
        co_await until([&] { return order.size() == 5; });
    });
    EXPECT_EQ(order, (std::vector<int>{-2, 0, 1, 3, 4}));
    EXPECT_EQ(server.connections(), 1);
}

}  // namespace
