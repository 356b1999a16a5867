// The origin itself: accepts, restarts, closes. Belongs to the thread that runs its context.
#pragma once

#include "testing/listener.hpp"
#include "testing/origin_state.hpp"

#include <hearth/testing/faulty_origin.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

namespace hearth::testing {

class origin_server {
public:
    /// Listens, and serves once the context runs. Throws std::system_error.
    origin_server(boost::asio::io_context& context, faulty_origin_options options);
    origin_server(const origin_server&) = delete;
    origin_server& operator=(const origin_server&) = delete;

    [[nodiscard]] const listener& ear() const noexcept { return listener_; }
    [[nodiscard]] const origin_state& state() const noexcept { return state_; }
    [[nodiscard]] std::string url() const;

    void restart(std::chrono::milliseconds downtime);
    std::size_t close_idle();
    /// Closes everything for good; the context runs out of work.
    void stop();

private:
    boost::asio::awaitable<void> accept_all(std::uint64_t run);
    void begin_accepting();
    void come_back_after(std::chrono::milliseconds downtime);
    void schedule_restart();

    origin_state state_;
    listener listener_;
    boost::asio::steady_timer absence_;
    boost::asio::steady_timer next_restart_;
    // Grows with each absence, so that an accept loop of before notices that it is over.
    std::uint64_t run_ = 0;
    bool stopped_ = false;
};

}  // namespace hearth::testing
