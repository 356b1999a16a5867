// docs/behaviours.md, "When a connection may go back".
#include "behaviours.hpp"

#include <hearth/testing/faulty_origin.hpp>

#include <gtest/gtest.h>

#include <future>
#include <span>

namespace {

using namespace hearth::test;
using hearth::agent;
using hearth::close_reason;

// Gives its first half at once, its second when the test says so.
class halved_source final : public hearth::body_source {
public:
    void async_read(std::span<char> into, handler done) override {
        into_ = into;
        held_.emplace(std::move(done));  // Boost 1.81 cannot assign it
        waits_ = ++reads_ == 2;
        if (!waits_) give(reads_ == 1 ? "a" : "");
    }
    [[nodiscard]] bool waits() const noexcept { return waits_; }
    void give(std::string_view piece) {
        waits_ = false;
        piece.copy(into_.data(), piece.size());
        handler done = std::move(*held_);
        std::move(done)(hearth::error_code(), piece.size());
    }

private:
    int reads_ = 0;
    bool waits_ = false;
    std::span<char> into_;
    std::optional<handler> held_;
};

// Node's keep-alive-release-before-finish and http-agent-reuse-drained-socket-only.
TEST(behaviours, b16_a_connection_goes_back_only_when_the_request_was_written_as_well) {
    bool kept = false;
    // The rest of the request is waited for a moment only, which a busy machine may let pass.
    for (int tries = 0; tries < 50 && !kept; ++tries) {
        scripted_server server([](peer& p) {
            if (p.read_head().empty()) return;
            p.respond("early");
            if (p.number() == 0) p.read_exactly(2);
            while (!p.read_head().empty()) p.respond("later");
        });
        run([&]() -> awaitable<void> {
            agent a(co_await asio::this_coro::executor);
            const auto source = std::make_shared<halved_source>();
            const auto upload = start(a, {"POST", server.url(), {}, hearth::body::stream(source, 2)});
            co_await until([&] { return upload->done && source->waits(); });
            EXPECT_EQ(co_await upload->answer.text(), "early");
            EXPECT_EQ(a.stats().free, 0U) << "half a request is still to come";
            const auto other = start(a, server.url());
            co_await until([&] { return other->done; });
            EXPECT_NE(other->answer.connection(), upload->answer.connection());
            source->give("b");
            co_await until([&] { return a.stats().in_use == 0; });
            kept = a.stats().free == 2;
        });
    }
    EXPECT_TRUE(kept) << "once the request is out, its connection is as good as any";
}

// Go's PrefersResponseOverWriteError.
TEST(behaviours, b18_an_early_response_wins_over_the_write_error) {
    scripted_server server([](peer& p) {
        p.read_head();
        p.send("HTTP/1.1 413 Content Too Large\r\nContent-Length: 4\r\n\r\nnope");
        p.close();  // with much unread: an RST, which lets writes fail
    });
    run([&]() -> awaitable<void> {
        agent a(co_await asio::this_coro::executor);
        const std::string body(8 * 1024 * 1024, 'x');
        for (int i = 0; i < 20; ++i) {
            hearth::response r = co_await a.post(server.url(), body);
            EXPECT_EQ(r.status(), 413);
            EXPECT_EQ(co_await r.text(), "nope");
        }
        co_await until([&] { return a.stats().in_use == 0; });
        EXPECT_EQ(a.stats().free, 0U);
        EXPECT_EQ(a.stats().count.opened, 20U);
    });
}

// RFC 9112, 6.3. CONNECT waits until there are proxies.
TEST(behaviours, b19_head_204_and_304_carry_no_body_whatever_their_headers_say) {
    struct row {
        std::string method, head;
        int connections;
    };
    const std::vector<row> rows{{"HEAD", "200 OK\r\nContent-Length: 5\r\n", 1},
                                {"HEAD", "200 OK\r\nTransfer-Encoding: chunked\r\n", 1},
                                {"HEAD", "200 OK\r\n", 1},
                                {"GET", "304 Not Modified\r\nContent-Length: 5\r\n", 1},
                                {"GET", "304 Not Modified\r\nTransfer-Encoding: chunked\r\n", 1},
                                {"GET", "204 No Content\r\n", 1},
                                {"GET", "204 No Content\r\nContent-Length: 0\r\n", 1},
                                {"GET", "204 No Content\r\nContent-Length: 5\r\n", 2},
                                {"GET", "204 No Content\r\nTransfer-Encoding: chunked\r\n", 2}};
    for (const row& each : rows) {
        scripted_server server([&](peer& p) {
            for (std::string asked; !(asked = p.read_head()).empty();)
                asked.starts_with("GET /next") ? p.respond("next") : p.send("HTTP/1.1 " + each.head + "\r\n");
        });
        run([&]() -> awaitable<void> {
            agent a(co_await asio::this_coro::executor);
            hearth::response r = co_await a.send({each.method, server.url()});
            EXPECT_EQ(co_await r.text(), "") << each.head;
            EXPECT_EQ(co_await (co_await a.get(server.url("/next"))).text(), "next") << each.head;
        });
        EXPECT_EQ(server.connections(), each.connections) << each.method << ' ' << each.head;
    }
}

// hyper-util's client_keep_alive_extra_body.
TEST(behaviours, b20_a_head_answered_with_a_body_poisons_the_connection) {
    const std::string head = "HTTP/1.1 200 OK\r\nContent-Length: 43\r\n\r\n";
    const std::string body = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison";
    for (const bool late : {false, true}) {
        std::promise<void> idle;
        scripted_server server(std::vector<scripted_server::script>{[&](peer& p) {
                                                                        p.read_head();
                                                                        p.send(late ? head : head + body);
                                                                        if (late) idle.get_future().wait();
                                                                        if (late) p.send(body);
                                                                        p.wait_closed();
                                                                    },
                                                                    answer_all("good")});
        run([&]() -> awaitable<void> {
            agent a(co_await asio::this_coro::executor);
            EXPECT_EQ((co_await a.head(server.url())).status(), 200);
            if (late) {
                co_await until([&] { return a.stats().free == 1; });
                idle.set_value();
            }
            co_await until([&] { return closed(a, close_reason::unsolicited) == 1; });
            EXPECT_EQ(co_await (co_await a.get(server.url())).text(), "good");
            EXPECT_EQ(a.stats().count.replays, 0U);
        });
    }
}

// hyper-util's keep_alive_eager_when_chunked. Consuming it by a decoder waits until there are decoders.
TEST(behaviours, b24_the_final_chunk_and_trailers_are_read_although_the_body_was_consumed) {
    const std::string start_of_it = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n";
    const std::string end_of_it = "0\r\nX-Sum: 7\r\n\r\n";
    for (const bool at_once : {true, false}) {
        std::promise<void> consumed;
        scripted_server server([&](peer& p) {
            p.read_head();
            p.send(at_once ? start_of_it + end_of_it : start_of_it);
            if (!at_once) consumed.get_future().wait();
            if (!at_once) p.send(end_of_it);
            while (!p.read_head().empty()) p.respond("next");
        });
        run([&]() -> awaitable<void> {
            agent a(co_await asio::this_coro::executor);
            hearth::response r = co_await a.get(server.url());
            std::string got;
            std::string piece(5, '\0');
            while (got.size() < 5) {
                const std::size_t n = co_await r.read_some(asio::buffer(piece));
                got += piece.substr(0, n);
            }
            EXPECT_EQ(got, "hello");
            // All of the body is there; whether more follows, only the final chunk tells.
            if (!at_once) {
                EXPECT_FALSE(r.is_complete());
                EXPECT_EQ(a.stats().free, 0U);
                consumed.set_value();
            }
            EXPECT_EQ(co_await r.read_some(asio::buffer(piece)), 0U);
            EXPECT_EQ(r.trailers().get("X-Sum"), "7");
            EXPECT_EQ(co_await (co_await a.get(server.url())).text(), "next");
        });
        EXPECT_EQ(server.connections(), 1);
    }
}

// The same, where the caller takes what it wants and lets the response go.
TEST(behaviours, b24_the_final_chunk_is_read_although_the_response_is_gone) {
    bool kept = false;
    // It is waited for a moment only, which a busy machine may let pass.
    for (int tries = 0; tries < 50 && !kept; ++tries) {
        std::promise<void> gone;
        scripted_server server([&](peer& p) {
            p.read_head();
            p.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
            gone.get_future().wait();
            p.send("0\r\n\r\n");
            p.wait_closed();
        });
        run([&]() -> awaitable<void> {
            agent a(co_await asio::this_coro::executor);
            { hearth::response r = co_await a.get(server.url()); }
            gone.set_value();
            co_await until([&] { return a.stats().in_use == 0; });
            kept = a.stats().free == 1;
        });
    }
    EXPECT_TRUE(kept);
}

}  // namespace
