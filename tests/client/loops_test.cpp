// Who runs a client's loops: threads that wait in its calls, else its own.
#include "client/codes.hpp"

#include <hearth/client.hpp>
#include <hearth/testing/faulty_origin.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using hearth::client;
using hearth::client_response;
using hearth::errc;
using hearth::test::code_of;
using hearth::testing::faulty_origin;

bool comes_true(const std::function<bool()>& condition) {
    const auto give_up = std::chrono::steady_clock::now() + 20s;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > give_up) return false;
        std::this_thread::sleep_for(1ms);
    }
    return true;
}

/// Connections to it open, and nothing is ever answered.
class silent_server {
public:
    silent_server() : acceptor_(context_, {boost::asio::ip::address_v4::loopback(), 0}) {}
    [[nodiscard]] std::string url() const {
        return "http://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port()) + "/";
    }

private:
    boost::asio::io_context context_;
    boost::asio::ip::tcp::acceptor acceptor_;
};

TEST(client_loops, the_thread_that_waits_runs_the_loop) {
    const faulty_origin origin;
    std::thread::id seen;
    client c(hearth::agent_options{.events = {.on_connection = {}, .on_request = [&](const hearth::request_event&) {
                                                  seen = std::this_thread::get_id();
                                              }}});
    // The first call finds the client's own thread there, or not yet. The next but one comes too soon for it to be back, or
    // the machine is slow and takes a few.
    EXPECT_TRUE(comes_true([&] {
        EXPECT_EQ(c.get(origin.url()).text(), "hello from the origin\n");
        return seen == std::this_thread::get_id();
    }));
    EXPECT_EQ(c.async_get(origin.url()).get().status(), 200);
    EXPECT_NE(seen, std::this_thread::get_id());
}

TEST(client_loops, idle_connections_are_watched_when_nobody_calls) {
    faulty_origin origin;
    std::atomic<int> closed{0};
    client c(hearth::agent_options{.events = {.on_connection =
                                                  [&](const hearth::connection_event& e) {
                                                      if (e.kind == hearth::connection_event::kind::closed) ++closed;
                                                  },
                                              .on_request = {}}});
    for (int i = 0; i < 10; ++i) EXPECT_EQ(c.get(origin.url()).status(), 200);
    EXPECT_TRUE(comes_true([&] { return origin.close_idle() == 1; }));
    EXPECT_TRUE(comes_true([&] { return closed == 1; }));
}

TEST(client_loops, what_nobody_waits_for_goes_on_behind_a_caller) {
    const faulty_origin origin;
    client c;
    for (int i = 0; i < 50; ++i) {
        auto later = c.async_get(origin.url() + "/bytes/100000");
        EXPECT_EQ(c.get(origin.url()).status(), 200);
        EXPECT_EQ(later.get().text().size(), 100'000U);
    }
}

TEST(client_loops, calls_from_hooks_are_refused) {
    const faulty_origin origin;
    std::atomic<int> refused{0};
    client* self = nullptr;
    client c(hearth::agent_options{.events = {.on_connection = {}, .on_request = [&](const hearth::request_event&) {
                                                  try {
                                                      (void)self->stats();
                                                  } catch (const std::logic_error&) {
                                                      ++refused;
                                                  }
                                              }}});
    self = &c;
    for (int i = 0; i < 3; ++i) EXPECT_EQ(c.get(origin.url()).status(), 200);
    EXPECT_EQ(c.async_get(origin.url()).get().status(), 200);
    EXPECT_EQ(refused, 8);  // started and responded, each
}

TEST(client_loops, a_body_is_read_once_from_whichever_thread) {
    const faulty_origin origin;
    client c;
    for (const std::size_t size : {0U, 40U, 5'000'000U}) {
        client_response r = c.get(origin.url() + "/bytes/" + std::to_string(size));
        std::thread([&] { EXPECT_EQ(r.text().size(), size); }).join();
        EXPECT_EQ(code_of([&] { (void)r.text(); }), errc::body_already_read);
    }
    client_response begun = c.get(origin.url() + "/bytes/40");
    std::array<char, 7> some{};
    EXPECT_EQ(begun.read_some(some), 7U);
    EXPECT_EQ(begun.text().size(), 33U);
    client narrow(hearth::agent_options{.max_collected_size = 10});
    EXPECT_EQ(code_of([&] { (void)narrow.get(origin.url() + "/bytes/40").text(); }), errc::response_too_large);
}

TEST(client_loops, callers_come_and_go) {
    const faulty_origin origin;
    client c(hearth::client_options{.agent = {.max_sockets = 6}, .threads = 2, .spread_origins = true});
    std::atomic<int> answered{0};
    std::vector<std::thread> callers;
    for (int t = 0; t < 8; ++t) {
        callers.emplace_back([&, t] {
            for (int i = 0; i < 60; ++i) {
                if ((t + i) % 7 == 0)
                    std::this_thread::sleep_for(std::chrono::milliseconds(t));  // the loops' threads return
                auto later = c.async_get(origin.url());
                client_response r = c.get(origin.url() + "/bytes/" + std::to_string(i * 3000));
                if (i % 3 > 0 && r.text().size() == static_cast<std::size_t>(i) * 3000) ++answered;
                if (i % 10 == 0) (void)c.stats();
                if (later.get().ok()) ++answered;
            }
        });
    }
    for (std::thread& t : callers) t.join();
    EXPECT_EQ(answered, 8 * (60 + 40));
}

TEST(client_loops, destroyed_while_threads_wait) {
    const silent_server server;
    for (int round = 0; round < 20; ++round) {
        std::vector<std::thread> callers;
        std::atomic<int> closed{0};
        {
            const faulty_origin origin;
            std::optional<client> c(std::in_place, hearth::client_options{.threads = 2});
            std::vector<client_response> bodies;
            for (int i = 0; i < 4; ++i) bodies.push_back(c->get(origin.url() + "/bytes/100000000"));
            for (client_response& r : bodies) {
                callers.emplace_back([&closed, mine = std::move(r)]() mutable {
                    std::array<char, 1000> piece{};
                    const errc why = code_of([&] {
                        while (mine.read_some(piece) > 0) {
                        }
                    });
                    if (why == errc::agent_closed) ++closed;
                });
            }
            callers.emplace_back([&] {
                if (code_of([&] { (void)c->get(server.url()); }) == errc::agent_closed) ++closed;
            });
            ASSERT_TRUE(comes_true([&] { return c->stats().in_use == 5; }));
            c.reset();
            for (std::thread& t : callers) t.join();
        }
        EXPECT_EQ(closed, 5);
    }
}

TEST(client_loops, an_origin_is_spread_and_its_limits_divided) {
    const silent_server server;
    client c(hearth::client_options{.agent = {.max_sockets = 4}, .threads = 3, .spread_origins = true});
    std::vector<std::future<client_response>> all;
    for (int i = 0; i < 12; ++i) all.push_back(c.async_get(server.url()));
    EXPECT_TRUE(comes_true([&] { return c.stats().in_use == 4; }));
    const hearth::stats s = c.stats();
    EXPECT_EQ(s.pending, 8U);
    EXPECT_EQ(s.connecting, 0U);
    EXPECT_EQ(s.origins.size(), 1U);
    c.destroy();
    for (auto& one : all) EXPECT_EQ(code_of([&] { (void)one.get(); }), errc::agent_closed);
}

TEST(client_loops, what_may_be_connecting_is_divided_too) {
    // One connection gets in; further ones are left without an answer.
    boost::asio::io_context context;
    boost::asio::ip::tcp::acceptor full(context);
    full.open(boost::asio::ip::tcp::v4());
    full.bind({boost::asio::ip::address_v4::loopback(), 0});
    full.listen(0);
    const std::string url = "http://127.0.0.1:" + std::to_string(full.local_endpoint().port()) + "/";
    client c(hearth::client_options{.agent = {.max_sockets = 8, .max_connecting = 2}, .threads = 2, .spread_origins = true});
    std::vector<std::future<client_response>> all;
    for (int i = 0; i < 8; ++i) all.push_back(c.async_get(url));
    EXPECT_TRUE(comes_true([&] {
        const hearth::stats s = c.stats();
        EXPECT_LE(s.connecting, 2U);
        return s.count.requests == 8 && s.in_use == 1 && s.connecting == 2;
    }));
    c.destroy();
    for (auto& one : all) EXPECT_EQ(code_of([&] { (void)one.get(); }), errc::agent_closed);
}

TEST(client_loops, warm_spreads_too) {
    const faulty_origin origin;
    client c(hearth::client_options{.agent = {.max_sockets = 5}, .threads = 2, .spread_origins = true});
    c.warm(origin.url(), 5);
    EXPECT_TRUE(comes_true([&] { return c.stats().free == 5; }));
    // Each thread keeps coming back to where it was.
    EXPECT_TRUE(c.get(origin.url()).reused());
    EXPECT_EQ(c.stats().count.opened, 5U);
}

}  // namespace
