// Requests' bodies of every kind, and Expect: 100-continue (docs/behaviours: 16, 17, 18, 26).
#include "support/run.hpp"
#include "support/scripted_server.hpp"

#include <hearth/agent.hpp>
#include <hearth/testing/faulty_origin.hpp>

#include <boost/asio/post.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

namespace {

using namespace hearth::test;
using hearth::agent;
using hearth::body;
using hearth::errc;

// Gives `text` in pieces, each a little later; perhaps ends early, perhaps fails.
class slow_source final : public hearth::body_source {
public:
    slow_source(asio::any_io_executor executor, std::string text, hearth::error_code last = {})
        : executor_(std::move(executor)), text_(std::move(text)), last_(last) {}

    void async_read(std::span<char> into, handler done) override {
        const std::size_t n = std::min({into.size(), text_.size() - at_, std::size_t{1000}});
        text_.copy(into.data(), n, at_);
        at_ += n;
        asio::post(executor_,
                   [done = std::move(done), n, ec = n == 0 ? last_ : hearth::error_code()]() mutable { done(ec, n); });
    }
    bool rewind() override {
        at_ = 0;
        ++rewinds;
        return true;
    }
    int rewinds = 0;

private:
    asio::any_io_executor executor_;
    std::string text_;
    std::size_t at_ = 0;
    hearth::error_code last_;
};

body counted(std::size_t size, std::optional<std::uint64_t> length) {
    return body::generator(
        [left = size](std::span<char> into) mutable {
            const std::size_t n = std::min(left, into.size());
            std::fill_n(into.begin(), n, 'g');
            left -= n;
            return n;
        },
        length);
}

TEST(agent_request_body, every_kind_arrives_whole) {
    const hearth::testing::faulty_origin origin;
    const auto file = std::filesystem::temp_directory_path() / ("hearth-upload-test-" + std::to_string(::getpid()));
    const std::string text(200'000, 'f');
    std::ofstream(file) << text;
    run([&]() -> awaitable<void> {
        const auto ex = co_await asio::this_coro::executor;
        agent a(ex);
        const auto echoed = [&](body b) -> awaitable<std::string> {
            hearth::response r = co_await a.post(origin.url() + "/echo", std::move(b));
            EXPECT_EQ(r.status(), 200);
            co_return co_await r.text();
        };
        EXPECT_EQ(co_await echoed({}), "");
        EXPECT_EQ(co_await echoed(""), "");
        EXPECT_EQ(co_await echoed("small"), "small");
        EXPECT_EQ(co_await echoed(text), text);
        EXPECT_EQ(co_await echoed(body::file(file)), text);
        EXPECT_EQ(co_await echoed(body::stream(std::make_shared<slow_source>(ex, "in pieces"))), "in pieces");
        EXPECT_EQ(co_await echoed(body::stream(std::make_shared<slow_source>(ex, text), text.size())), text);
        EXPECT_EQ(co_await echoed(body::stream(std::make_shared<slow_source>(ex, text))), text);
        EXPECT_EQ(co_await echoed(counted(150'000, {})), std::string(150'000, 'g'));
        EXPECT_EQ(co_await echoed(counted(150'000, 150'000)), std::string(150'000, 'g'));
        EXPECT_EQ(a.stats().count.opened, 1U);
    });
    std::filesystem::remove(file);
}

TEST(agent_request_body, what_cannot_be_sent_fails_in_words) {
    const hearth::testing::faulty_origin origin;
    run([&]() -> awaitable<void> {
        const auto ex = co_await asio::this_coro::executor;
        agent a(ex, {.retry = {.max_retries = 0}});
        struct row {
            body what;
            errc code;
            std::string words;
        };
        const std::vector<row> rows{
            {body::file("/nonexistent"), errc::file_failed, "/nonexistent: No such file or directory"},
            {body::file("/tmp"), errc::file_failed, "/tmp: not a regular file"},
            {counted(10, 20), errc::invalid_body, "ended 10 bytes early"},
            {body::generator([](std::span<char>) -> std::size_t { throw std::runtime_error("boom"); }), errc::invalid_body,
             ""},
            {body::stream(std::make_shared<slow_source>(ex, "abc", asio::error::access_denied)), errc::invalid_body,
             "Permission denied"}};
        for (const row& each : rows) {
            const hearth::failure f = co_await failure_of(a.post(origin.url() + "/echo", each.what));
            EXPECT_EQ(f.code, each.code) << f.message();
            EXPECT_NE(f.message().find(each.words), std::string::npos) << f.message();
        }
        EXPECT_EQ(a.stats().in_use, 0U);
        hearth::response r = co_await a.post(origin.url() + "/echo", "still works");
        EXPECT_EQ(co_await r.text(), "still works");
    });
}

TEST(agent_request_body, a_source_is_rewound_for_a_replay) {
    const auto answer = [](peer& p) {
        const std::string head = p.read_head();
        if (head.empty()) return;
        if (head.starts_with("PUT")) {
            EXPECT_EQ(p.read_exactly(9), "something");
        }
        p.respond("ok");
    };
    scripted_server server(std::vector<scripted_server::script>{[&](peer& p) {
                                                                    answer(p);
                                                                    p.read_head();
                                                                    p.read_exactly(9);
                                                                },
                                                                answer});
    run([&]() -> awaitable<void> {
        const auto ex = co_await asio::this_coro::executor;
        agent a(ex);
        co_await (co_await a.get(server.url())).discard();
        const auto source = std::make_shared<slow_source>(ex, "something");
        hearth::response r = co_await a.put(server.url(), body::stream(source, 9, true));
        EXPECT_EQ(r.attempts(), 2U);
        EXPECT_EQ(source->rewinds, 1);
    });
    EXPECT_EQ(server.complaints(), "");
}

TEST(agent_request_body, expect_continue) {  // 26
    struct row {
        std::string first;  // what the server says before the body
        bool body_follows;
        int status;
    };
    for (const row& each : std::vector<row>{{"HTTP/1.1 100 Continue\r\n\r\n", true, 200},
                                            {"", true, 200},  // silence: sent unasked after expect_timeout
                                            {"HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n", false, 417},
                                            {"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n", false, 401}}) {
        scripted_server server([&](peer& p) {
            EXPECT_NE(p.read_head().find("Expect: 100-continue"), std::string::npos);
            p.send(each.first);
            if (each.body_follows) {
                EXPECT_EQ(p.read_exactly(4), "body");
                p.respond("ok");
            }
            p.wait_closed();
        });
        run([&]() -> awaitable<void> {
            const auto executor = co_await asio::this_coro::executor;
            agent a(executor, {.expect_timeout = 50ms});
            hearth::response r = co_await a.send({"POST", server.url(), {}, "body", {.expect_continue = true}});
            EXPECT_EQ(r.status(), each.status);
            co_await r.discard();
            EXPECT_EQ(a.stats().free, each.body_follows ? 1U : 0U);  // 16
        });
        EXPECT_EQ(server.complaints(), "");
    }
}

TEST(agent_request_body, an_early_answer_wins_over_the_write_error) {  // 17, 18
    for (const bool reset : {false, true}) {
        scripted_server server([&](peer& p) {
            p.read_head();
            p.send("HTTP/1.1 413 Content Too Large\r\nContent-Length: 4\r\n\r\nnope");
            if (reset) {
                p.half_close();
            } else {
                p.hold();  // reads no more: the rest is not waited for
            }
        });
        run([&]() -> awaitable<void> {
            agent a(co_await asio::this_coro::executor);
            hearth::response r = co_await a.post(server.url(), std::string(32 * 1024 * 1024, 'x'));
            EXPECT_EQ(r.status(), 413);
            EXPECT_EQ(co_await r.text(), "nope");
            co_await until([&] { return a.stats().in_use == 0; });
            EXPECT_EQ(a.stats().free, 0U);
        });
    }
}

}  // namespace
