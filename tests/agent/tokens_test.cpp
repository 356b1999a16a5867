// Every kind of completion token, and where handlers run.
#include "support/run.hpp"

#include <hearth/agent.hpp>
#include <hearth/testing/faulty_origin.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <optional>
#include <thread>

namespace {

using namespace hearth::test;
using hearth::agent;
using hearth::errc;

TEST(agent_tokens, coroutines) {
    const hearth::testing::faulty_origin origin;
    run([&]() -> awaitable<void> {
        agent a(co_await asio::this_coro::executor);
        EXPECT_EQ((co_await a.get(origin.url())).status(), 200);
        EXPECT_EQ((co_await a.get(origin.url(), asio::use_awaitable)).status(), 200);
        EXPECT_EQ((co_await a.get(origin.url(), asio::deferred)).status(), 200);
        const auto [ec, r] = co_await a.get("bad", asio::as_tuple(asio::use_awaitable));
        EXPECT_EQ(ec, errc::invalid_url);
        EXPECT_EQ(ec, std::errc::invalid_argument);
        EXPECT_EQ(r.status(), 0);
        EXPECT_EQ(r.failure()->code, errc::invalid_url);
        try {
            (void)co_await a.get("bad", asio::use_awaitable);
            ADD_FAILURE();
        } catch (const std::system_error& e) {
            EXPECT_EQ(e.code(), errc::invalid_url);
            EXPECT_NE(dynamic_cast<const hearth::error*>(&e), nullptr);
        }
    });
}

TEST(agent_tokens, futures) {
    const hearth::testing::faulty_origin origin;
    asio::io_context context;
    auto guard = asio::make_work_guard(context);
    std::thread thread([&] { context.run(); });
    std::optional<agent> a;
    asio::post(context, asio::use_future([&] { a.emplace(context); })).get();
    auto status = asio::post(context, asio::use_future([&] { return a->get(origin.url(), asio::use_future); })).get();
    hearth::response r = status.get();
    EXPECT_EQ(r.status(), 200);
    auto bad = asio::post(context, asio::use_future([&] { return a->get("bad", asio::use_future); })).get();
    EXPECT_THROW((void)bad.get(), hearth::error);
    asio::post(context, asio::use_future([&] { a.reset(); })).get();
    guard.reset();
    thread.join();
}

TEST(agent_tokens, handlers_run_on_their_own_executor) {
    const hearth::testing::faulty_origin origin;
    asio::thread_pool other(1);
    const auto there = asio::post(other, asio::use_future([] { return std::this_thread::get_id(); })).get();
    run([&]() -> awaitable<void> {
        agent a(co_await asio::this_coro::executor);
        std::atomic<bool> called{false};
        a.get(origin.url(), asio::bind_executor(other, [&](hearth::error_code ec, const hearth::response& r) {
                  EXPECT_FALSE(ec);
                  EXPECT_EQ(r.status(), 200);
                  EXPECT_EQ(std::this_thread::get_id(), there);
                  called = true;
              }));
        co_await until([&] { return called.load(); });
    });
    other.join();
}

TEST(agent_tokens, an_agent_on_a_strand_of_several_threads) {
    const hearth::testing::faulty_origin origin;
    asio::thread_pool pool(4);
    const auto strand = asio::make_strand(pool);
    std::atomic<int> left{8};
    std::optional<agent> a;
    asio::post(strand, asio::use_future([&] { a.emplace(strand); })).get();
    std::promise<void> done;
    for (int i = 0; i < 8; ++i) {
        asio::co_spawn(
            strand,
            [&]() -> awaitable<void> {
                for (int k = 0; k < 200; ++k) {
                    hearth::response r = co_await a->get(origin.url());
                    EXPECT_EQ(co_await r.text(), "hello from the origin\n");
                }
            },
            [&](const std::exception_ptr& e) {
                EXPECT_FALSE(e);
                if (--left == 0) done.set_value();
            });
    }
    done.get_future().wait();
    asio::post(strand, asio::use_future([&] { a.reset(); })).get();
    pool.join();
}

}  // namespace
