// What the tests of src/net share: a loop that does for the network floor what an agent does, and sockets to talk to.
#pragma once

#include "net/fd.hpp"
#include "net/reactor.hpp"
#include "net/socket.hpp"
#include "net/timers.hpp"
#include "support/descriptors.hpp"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <sys/socket.h>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

namespace hearth::net::test {

using namespace std::chrono_literals;
using hearth::test::open_descriptors;

[[nodiscard]] inline std::chrono::nanoseconds mono_now() { return std::chrono::steady_clock::now().time_since_epoch(); }

/// Owns a reactor and a timer queue and keeps one Asio timer for them, as an agent does.
class loop : public std::enable_shared_from_this<loop> {
public:
    [[nodiscard]] static std::shared_ptr<loop> make(boost::asio::any_io_executor executor) {
        auto self = std::make_shared<loop>(executor);
        auto* const raw = self.get();
        self->sockets.start(
            self, [] {}, [raw] { raw->arm(); });
        return self;
    }
    explicit loop(boost::asio::any_io_executor executor) : sockets(executor), alarm_(executor) {}

    reactor sockets;
    timer_queue timers;

private:
    void arm() {
        const auto next = timers.next();
        if (next == armed_for_) return;
        armed_for_ = next;
        if (next == timer::never) {
            alarm_.cancel();
            return;
        }
        alarm_.expires_at(
            std::chrono::steady_clock::time_point(std::chrono::duration_cast<std::chrono::steady_clock::duration>(next)));
        alarm_.async_wait([weak = weak_from_this()](const error_code& error) {
            const auto self = weak.lock();
            if (!self || error) return;
            self->armed_for_ = timer::never;
            self->sockets.step([&] { self->timers.run(mono_now()); });
        });
    }

    boost::asio::steady_timer alarm_;
    timer::duration armed_for_ = timer::never;
};

/// Closed until it is opened, for any number of threads.
class door {
public:
    void open() {
        const std::lock_guard lock(mutex_);
        open_ = true;
        changed_.notify_all();
    }
    void wait() {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return open_; });
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool open_ = false;
};

[[nodiscard]] inline endpoint address(const std::string& literal, std::uint16_t port = 0) {
    const auto parsed = parse_address(literal, port);
    if (!parsed) throw std::invalid_argument("not an address: " + literal);
    return *parsed;
}

[[nodiscard]] inline sockaddr* generic(endpoint& e) { return reinterpret_cast<sockaddr*>(&e.address); }

[[nodiscard]] inline std::uint16_t port_of(const endpoint& e) {
    const auto text = e.text();
    return static_cast<std::uint16_t>(std::stoi(text.substr(text.rfind(':') + 1)));
}

/// A socket bound to `at`, at a port of the system's choice when it names none. Null when that cannot be had.
[[nodiscard]] inline unique_fd bound_socket(endpoint at) {
    unique_fd fd(::socket(at.address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (fd && ::bind(fd.get(), generic(at), at.size) != 0) fd.reset();
    return fd;
}

[[nodiscard]] inline endpoint local_of(int fd) {
    endpoint e;
    e.size = sizeof e.address;
    if (::getsockname(fd, generic(e), &e.size) != 0) throw std::runtime_error("getsockname");
    return e;
}

/// Listens until it is destroyed; the kernel accepts in its stead.
class listener {
public:
    explicit listener(const endpoint& at = address("127.0.0.1"), int backlog = 64) : fd_(bound_socket(at)) {
        if (!fd_ || ::listen(fd_.get(), backlog) != 0) throw std::runtime_error("cannot listen on " + at.text());
    }
    [[nodiscard]] endpoint where() const { return local_of(fd_.get()); }
    [[nodiscard]] std::uint16_t port() const { return port_of(where()); }
    [[nodiscard]] unique_fd accept() const { return unique_fd(::accept4(fd_.get(), nullptr, nullptr, SOCK_CLOEXEC)); }

private:
    unique_fd fd_;
};

/// Bound and not listening: connecting there is refused.
class refusing_port {
public:
    explicit refusing_port(const std::string& literal = "127.0.0.1", std::uint16_t port = 0)
        : fd_(bound_socket(address(literal, port))) {}
    [[nodiscard]] explicit operator bool() const { return static_cast<bool>(fd_); }
    [[nodiscard]] std::uint16_t port() const { return port_of(local_of(fd_.get())); }

private:
    unique_fd fd_;
};

/// Listens with a full backlog: a connect there neither succeeds nor fails.
class hanging_port {
public:
    explicit hanging_port(const endpoint& at = address("127.0.0.1")) : listener_(at, 0) {
        for (int i = 0; i < 4; ++i) fillers_.push_back(begin_connect(listener_.where(), nullptr, 0ms).socket);
    }
    [[nodiscard]] std::uint16_t port() const { return listener_.port(); }

private:
    listener listener_;
    std::vector<unique_fd> fillers_;
};

/// A folder of its own that goes away with it.
class temporary_folder {
public:
    temporary_folder() {
        auto pattern = (std::filesystem::temp_directory_path() / "hearth-net-XXXXXX").string();
        if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp");
        path_ = pattern;
    }
    ~temporary_folder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    temporary_folder(const temporary_folder&) = delete;
    temporary_folder& operator=(const temporary_folder&) = delete;
    [[nodiscard]] std::string file(const std::string& name) const { return (path_ / name).string(); }

private:
    std::filesystem::path path_;
};

}  // namespace hearth::net::test
