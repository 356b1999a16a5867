// What the agent asks of the machine beside its sockets: the time, an alarm, chance.
//
// With reactor, dialer, transport and tcp_info this is all that the agent knows of the world; tests/sim links another world
// in their place.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>

namespace hearth::net {

/// CLOCK_MONOTONIC, which stands still while the machine sleeps, and CLOCK_BOOTTIME, which does not.
[[nodiscard]] std::chrono::nanoseconds mono_now() noexcept;
[[nodiscard]] std::chrono::nanoseconds boot_now() noexcept;

/// A number that nobody foresees.
[[nodiscard]] std::uint32_t random_seed();

/// Rings once at a time on the mono clock. Belongs to one serial executor; every call is made from there.
class alarm {
public:
    explicit alarm(const boost::asio::any_io_executor& executor);

    /// What rings, and that only while `owner` is there, which is kept alive meanwhile. REQUIRES: the alarm lives as long
    /// as `owner`.
    void start(std::weak_ptr<void> owner, std::function<void()> ring);
    /// Instead of whatever was set before.
    void set(std::chrono::nanoseconds at);
    void cancel();

private:
    boost::asio::steady_timer timer_;
    std::weak_ptr<void> owner_;
    std::function<void()> ring_;
};

}  // namespace hearth::net
