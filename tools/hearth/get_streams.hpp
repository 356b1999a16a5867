// Standard input and output, waited for without blocking the agent and without making them non-blocking.
#pragma once

#include <hearth/body.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace hearth::cli {

/// Waits until a descriptor can be read or written. O_NONBLOCK belongs to the open file, which the shell and other processes
/// of a pipeline share, so it stays as it is: what Asio waits for is an epoll set that holds the descriptor.
class fd_waiter {
public:
    enum class direction { read, write };
    /// Throws std::system_error. A descriptor that epoll does not take, a regular file say, is always ready.
    fd_waiter(boost::asio::any_io_executor executor, int fd, direction d);
    /// Throws boost::system::system_error (operation_aborted) when given up.
    boost::asio::awaitable<void> wait();
    /// This wait and those to come fail, unless the descriptor is ready.
    void give_up();
    [[nodiscard]] bool always_ready() const noexcept { return !set_; }
    [[nodiscard]] boost::asio::any_io_executor executor() const { return executor_; }

private:
    boost::asio::any_io_executor executor_;
    std::optional<boost::asio::posix::stream_descriptor> set_;
    int fd_;
    short poll_event_;
    bool given_up_ = false;
};

/// Bytes from a file or from standard input ("-"), as they come.
class input {
public:
    /// Throws std::system_error when the file cannot be opened.
    input(boost::asio::any_io_executor executor, const std::string& path);
    ~input();
    input(const input&) = delete;
    input& operator=(const input&) = delete;

    /// At least one byte, or 0 at the end. Throws std::system_error. One read at a time.
    boost::asio::awaitable<std::size_t> read_some(std::span<char> into);
    void give_up() { waiter_->give_up(); }
    [[nodiscard]] boost::asio::any_io_executor executor() const { return waiter_->executor(); }

private:
    int fd_;
    bool owned_;
    std::optional<fd_waiter> waiter_;
};

/// Standard output.
class output {
public:
    explicit output(boost::asio::any_io_executor executor);
    /// Writes all of it, at its reader's speed. Throws std::system_error, broken_pipe when nobody reads any more.
    boost::asio::awaitable<void> write(std::string_view bytes);
    void give_up() { waiter_.give_up(); }

private:
    fd_waiter waiter_;
    bool socket_;
};

/// A request's body from an input, sent as it comes. It cannot be sent twice.
[[nodiscard]] hearth::body stream_body(std::shared_ptr<input> from);

}  // namespace hearth::cli
