// Lets jobs that run side by side print one after the other, in the order of their numbers.
#pragma once

#include "net/no_throw.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstdint>
#include <map>
#include <utility>

namespace hearth::cli {

/// A place to wait that others wake: no wake-up is lost on one thread, provided that the condition is checked in a loop.
class doorbell {
public:
    explicit doorbell(const boost::asio::any_io_executor& executor)
        : timer_(executor, boost::asio::steady_timer::time_point::max()) {}
    boost::asio::awaitable<void> wait() { co_await timer_.async_wait(net::no_throw); }
    void ring() { timer_.cancel(); }

private:
    boost::asio::steady_timer timer_;
};

/// Jobs are numbered from 0 and each passes its turn on exactly once.
class turns {
public:
    explicit turns(boost::asio::any_io_executor executor) : executor_(std::move(executor)) {}
    boost::asio::awaitable<void> wait_for(std::uint64_t number) {
        while (next_ != number) {
            const auto [at, is_new] = waiting_.try_emplace(number, executor_);
            co_await at->second.wait();
            waiting_.erase(number);
        }
    }
    void pass() {
        ++next_;
        if (const auto it = waiting_.find(next_); it != waiting_.end()) it->second.ring();
    }

private:
    boost::asio::any_io_executor executor_;
    std::uint64_t next_ = 0;
    std::map<std::uint64_t, doorbell> waiting_;
};

}  // namespace hearth::cli
