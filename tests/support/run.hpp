// Runs a coroutine to its end on a context of its own.
#pragma once

#include <hearth/error.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <exception>
#include <functional>
#include <stdexcept>

namespace hearth::test {

namespace asio = boost::asio;
using asio::awaitable;
using namespace std::chrono_literals;

/// Runs `body` until it ends, then the context until it has nothing left to do, at most 60 s in all. Rethrows what `body`
/// throws.
inline void run(const std::function<awaitable<void>()>& body) {
    asio::io_context context(1);
    std::exception_ptr failed;
    bool ended = false;
    asio::co_spawn(context, body(), [&](const std::exception_ptr& e) {
        failed = e;
        ended = true;
    });
    context.run_for(60s);
    if (failed) std::rethrow_exception(failed);
    if (!ended) throw std::runtime_error("the test's coroutine did not end within 60 s");
    if (!context.stopped()) throw std::runtime_error("the context had work left after the test's coroutine had ended");
}

/// Waits until `holds` does, looking every millisecond; throws after 20 s.
inline awaitable<void> until(std::function<bool()> holds) {
    asio::steady_timer timer(co_await asio::this_coro::executor);
    for (int i = 0; !holds(); ++i) {
        if (i == 20'000) throw std::runtime_error("what was waited for did not happen within 20 s");
        timer.expires_after(1ms);
        co_await timer.async_wait(asio::use_awaitable);
    }
}

/// Lets time pass: for gaps that are what a test is about.
inline awaitable<void> pause(std::chrono::nanoseconds how_long) {
    asio::steady_timer timer(co_await asio::this_coro::executor,
                             std::chrono::duration_cast<std::chrono::steady_clock::duration>(how_long));
    co_await timer.async_wait(asio::use_awaitable);
}

/// What `work` fails with; throws if it does not.
template <class T>
awaitable<hearth::failure> failure_of(awaitable<T> work) {
    try {
        co_await std::move(work);
    } catch (const hearth::error& e) {
        co_return e.info();
    }
    throw std::runtime_error("it should have failed");
}

}  // namespace hearth::test
