// Readiness of many sockets over one Asio descriptor.
//
// Each socket is registered once, edge-triggered, in an epoll set of our own; Asio waits for that set alone. A request then
// costs no epoll_ctl and no Asio operation, and idle sockets are watched for nothing.
#pragma once

#include <hearth/error.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>

#include <sys/epoll.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

namespace hearth::net {

/// What a socket became ready for. After `hangup` or `error`, reading says what happened.
struct readiness {
    bool readable = false;
    bool writable = false;
    bool hangup = false;  ///< the peer closed its side (FIN) or the connection is gone
    bool error = false;
};

/// Told when its socket's readiness changes. Edge-triggered: it must read or write until that would block (or remember that
/// it has not).
class watcher {
public:
    virtual void on_ready(readiness what) = 0;

protected:
    ~watcher() = default;
};

/// Belongs to one serial executor; every call is made from there.
class reactor {
public:
    /// Throws hearth::error (out_of_descriptors) when the epoll set cannot be made.
    explicit reactor(const boost::asio::any_io_executor& executor);
    ~reactor();
    reactor(const reactor&) = delete;
    reactor& operator=(const reactor&) = delete;

    /// Begins to watch. `w` stays registered until remove(fd, w) and must outlive that.
    [[nodiscard]] error_code add(int fd, watcher& w);
    /// After this `w` is not called again, not even for what is at hand in the batch being delivered.
    void remove(int fd, watcher& w) noexcept;
    [[nodiscard]] std::size_t size() const noexcept { return watched_; }
    [[nodiscard]] boost::asio::any_io_executor executor() { return epoll_.get_executor(); }

    /// Waits while anything is watched; so an executor's context can run out of work when nothing is. Calls `before` and
    /// `after` around each batch of on_ready calls. `owner` is kept alive during a batch, and only then. REQUIRES: the
    /// reactor lives as long as `owner`.
    void start(std::weak_ptr<void> owner, std::function<void()> before, std::function<void()> after);
    /// Calls `f` as if it were a batch: with `owner` kept alive, between `before` and `after`; within a batch or step, just
    /// calls it. For what reaches the executor by another way than a socket's readiness. Does nothing once `owner` is gone.
    void step(const std::function<void()>& f);
    /// Ends waiting for good.
    void stop() noexcept;

private:
    struct wake;
    struct bracket;
    void arm();
    void disarm() noexcept;
    void deliver();
    void fill_batch() noexcept;
    void go_on();

    static constexpr std::size_t batch_size = 256;
    boost::asio::posix::basic_stream_descriptor<boost::asio::any_io_executor> epoll_;
    std::weak_ptr<void> owner_;
    std::function<void()> before_;
    std::function<void()> after_;
    std::array<epoll_event, batch_size> batch_{};
    std::size_t batch_next_ = 0;
    std::size_t batch_end_ = 0;
    std::size_t watched_ = 0;
    std::uint64_t wait_ = 0;  // numbers the waits: one given up may complete all the same
    bool armed_ = false;
    bool in_step_ = false;
    bool started_ = false;
    bool stopped_ = false;
};

}  // namespace hearth::net
