// docs/behaviours.md, "TLS".
#include "behaviours.hpp"

#include "support/secure_peer.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <mutex>

namespace {

using namespace hearth::test;
using hearth::agent;
using hearth::errc;

/// Answers one request a connection and notes which connections resumed a session; those it is told to, it cuts off in the
/// handshake.
class resuming_server {
public:
    [[nodiscard]] std::string url() const { return "https" + server_.url().substr(4); }
    [[nodiscard]] std::vector<bool> resumed() {
        const std::lock_guard lock(mutex_);
        return resumed_;
    }
    void cut_off(int connection) { cut_off_ = connection; }

private:
    void serve(peer& p) {
        if (p.number() == cut_off_) {
            p.read_exactly(1);
            return;
        }
        secure_peer s(p, id_);
        s.read_head();
        {
            const std::lock_guard lock(mutex_);
            resumed_.push_back(s.is_resumed());
        }
        s.send(ok_response("x", "Connection: close\r\n"));
        s.send_close_notify();
        s.wait_closed();
    }

    const secure_identity id_;
    std::mutex mutex_;
    std::vector<bool> resumed_;
    std::atomic<int> cut_off_{-1};
    scripted_server server_{[this](peer& p) { serve(p); }};
};

awaitable<void> get(agent& a, std::string url) { co_await (co_await a.get(std::move(url))).discard(); }

// Node's https-agent tests.
TEST(behaviours, b53_sessions_are_resumed_per_origin_and_dropped_after_a_failed_handshake) {
    resuming_server one;
    resuming_server two;
    run([&]() -> awaitable<void> {
        const auto executor = co_await asio::this_coro::executor;
        agent a(executor, {.retry = {.max_retries = 0}, .tls = {.ca = certificates().authority.certificate()}});
        co_await get(a, one.url());
        co_await get(a, one.url());
        EXPECT_EQ(one.resumed(), (std::vector{false, true}));
        co_await get(a, two.url());
        EXPECT_EQ(two.resumed(), std::vector{false}) << "another origin's session is none of its business";
        one.cut_off(2);
        (void)co_await failure_of(a.get(one.url()));
        co_await get(a, one.url());
        co_await get(a, one.url());
        EXPECT_EQ(one.resumed(), (std::vector{false, true, false, true}));
    });
}

TEST(behaviours, b53_a_session_cache_of_zero_disables_resumption) {
    resuming_server server;
    run([&]() -> awaitable<void> {
        const auto executor = co_await asio::this_coro::executor;
        agent a(executor, {.tls = {.ca = certificates().authority.certificate(), .session_cache = 0}});
        for (int i = 0; i < 3; ++i) co_await get(a, server.url());
    });
    EXPECT_EQ(server.resumed(), (std::vector{false, false, false}));
}

// Options are an agent's own, and so are its connections and sessions.
TEST(behaviours, b54_who_verifies_shares_nothing_with_who_does_not) {
    const secure_identity bad(certificates().self_signed);
    scripted_server server([&](peer& p) {
        secure_peer s(p, bad);
        while (!s.read_head().empty()) s.respond("x");
    });
    run([&]() -> awaitable<void> {
        const auto executor = co_await asio::this_coro::executor;
        agent lenient(executor, {.tls = {.reject_unauthorized = false}});
        const std::string url = "https" + server.url().substr(4);
        co_await get(lenient, url);
        EXPECT_EQ(lenient.stats().free, 1U);
        agent strict(executor, {.tls = {.ca = certificates().authority.certificate()}});
        EXPECT_EQ((co_await failure_of(strict.get(url))).code, errc::certificate_untrusted);
        EXPECT_EQ(strict.stats().count.opened, 0U);
    });
}

// Whoever can cut a connection could else shorten what it carries.
TEST(behaviours, b55_eof_without_close_notify_ends_an_unframed_body_with_an_error) {
    for (const bool notified : {true, false}) {
        const secure_identity id;
        scripted_server server([&](peer& p) {
            secure_peer s(p, id);
            s.read_head();
            s.send("HTTP/1.1 200 OK\r\n\r\nsome bytes, perhaps all");
            if (notified) s.send_close_notify();
            s.half_close();
            s.wait_closed();
        });
        run([&]() -> awaitable<void> {
            const auto executor = co_await asio::this_coro::executor;
            agent a(executor, {.tls = {.ca = certificates().authority.certificate()}});
            hearth::response r = co_await a.get("https" + server.url().substr(4));
            if (notified) {
                EXPECT_EQ(co_await r.text(), "some bytes, perhaps all");
            } else {
                const hearth::failure f = co_await failure_of(r.text());
                EXPECT_EQ(f.code, errc::truncated_response);
                EXPECT_NE(f.message().find("close_notify"), std::string::npos) << f.message();
            }
            EXPECT_EQ(a.stats().free, 0U);
        });
    }
}

}  // namespace
