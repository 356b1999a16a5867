#include "net/system.hpp"

#include <hearth/error.hpp>

#include <ctime>

#include <random>
#include <utility>

namespace hearth::net {

using std::chrono::nanoseconds;

namespace {

nanoseconds read_clock(clockid_t clock) noexcept {
    timespec t{};
    ::clock_gettime(clock, &t);
    return std::chrono::seconds(t.tv_sec) + nanoseconds(t.tv_nsec);
}

}  // namespace

nanoseconds mono_now() noexcept { return read_clock(CLOCK_MONOTONIC); }
nanoseconds boot_now() noexcept { return read_clock(CLOCK_BOOTTIME); }
std::uint32_t random_seed() { return std::random_device{}(); }

alarm::alarm(const boost::asio::any_io_executor& executor) : timer_(executor) {}

void alarm::start(std::weak_ptr<void> owner, std::function<void()> ring) {
    owner_ = std::move(owner);
    ring_ = std::move(ring);
}

void alarm::set(nanoseconds at) {
    using clock = std::chrono::steady_clock;
    timer_.expires_at(clock::time_point(std::chrono::duration_cast<clock::duration>(at)));
    timer_.async_wait([this, weak = owner_](const error_code& ec) {
        if (ec) return;
        if (const auto alive = weak.lock()) ring_();
    });
}

void alarm::cancel() { timer_.cancel(); }

}  // namespace hearth::net
