#include "get_streams.hpp"

#include <hearth/error.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <exception>
#include <system_error>
#include <utility>

namespace hearth::cli {
namespace {

namespace asio = boost::asio;

// What poll calls writable takes this much without blocking, were it a pipe with one free page (pipe(7), PIPE_BUF).
constexpr std::size_t write_size_max = 4096;

[[noreturn]] void throw_errno(const std::string& what) { throw std::system_error(errno, std::generic_category(), what); }

int open_input(const std::string& path) {
    if (path == "-") return STDIN_FILENO;
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) throw_errno("cannot read " + path);
    return fd;
}

class input_source final : public body_source {
public:
    explicit input_source(std::shared_ptr<input> from) : from_(std::move(from)) {}

    void async_read(std::span<char> into, handler done) override {
        asio::co_spawn(from_->executor(), read(from_, into),
                       [done = std::move(done)](const std::exception_ptr& e, std::size_t n) mutable {
                           std::move(done)(e ? error_code(errc::invalid_body) : error_code(), e ? 0 : n);
                       });
    }

private:
    static asio::awaitable<std::size_t> read(std::shared_ptr<input> from, std::span<char> into) {
        co_return co_await from->read_some(into);
    }

    std::shared_ptr<input> from_;
};

}  // namespace

fd_waiter::fd_waiter(asio::any_io_executor executor, int fd, direction d)
    : executor_(executor), fd_(fd), poll_event_(d == direction::read ? POLLIN : POLLOUT) {
    const int set = ::epoll_create1(EPOLL_CLOEXEC);
    if (set < 0) throw_errno("epoll_create1");
    set_.emplace(std::move(executor), set);
    epoll_event event{};
    event.events = d == direction::read ? EPOLLIN : EPOLLOUT;
    if (::epoll_ctl(set, EPOLL_CTL_ADD, fd, &event) != 0) {
        if (errno != EPERM) throw_errno("epoll_ctl");
        set_.reset();
    }
}

asio::awaitable<void> fd_waiter::wait() {
    while (set_) {
        pollfd p{fd_, poll_event_, 0};
        if (::poll(&p, 1, 0) > 0) co_return;
        if (given_up_) throw boost::system::system_error(asio::error::operation_aborted);
        co_await set_->async_wait(asio::posix::stream_descriptor::wait_read, asio::use_awaitable);
    }
}

void fd_waiter::give_up() {
    given_up_ = true;
    if (set_) set_->cancel();
}

input::input(asio::any_io_executor executor, const std::string& path) : fd_(open_input(path)), owned_(path != "-") {
    try {
        waiter_.emplace(std::move(executor), fd_, fd_waiter::direction::read);
    } catch (...) {
        if (owned_) ::close(fd_);
        throw;
    }
}

input::~input() {
    if (owned_) ::close(fd_);
}

asio::awaitable<std::size_t> input::read_some(std::span<char> into) {
    for (;;) {
        co_await waiter_->wait();
        const ssize_t n = ::read(fd_, into.data(), into.size());
        if (n >= 0) co_return static_cast<std::size_t>(n);
        // EAGAIN: somebody else made it non-blocking and was faster.
        if (errno != EINTR && errno != EAGAIN) throw_errno("cannot read the input");
    }
}

output::output(asio::any_io_executor executor) : waiter_(std::move(executor), STDOUT_FILENO, fd_waiter::direction::write) {
    int type = 0;
    socklen_t size = sizeof type;
    socket_ = ::getsockopt(STDOUT_FILENO, SOL_SOCKET, SO_TYPE, &type, &size) == 0;
}

asio::awaitable<void> output::write(std::string_view bytes) {
    while (!bytes.empty()) {
        co_await waiter_.wait();
        const std::size_t size = waiter_.always_ready() ? bytes.size() : std::min(bytes.size(), write_size_max);
        const ssize_t n = socket_ ? ::send(STDOUT_FILENO, bytes.data(), size, MSG_DONTWAIT | MSG_NOSIGNAL)
                                  : ::write(STDOUT_FILENO, bytes.data(), size);
        if (n >= 0) {
            bytes.remove_prefix(static_cast<std::size_t>(n));
        } else if (errno == EINTR || errno == EAGAIN) {
            // A signal's handler runs on the loop: let it.
            co_await asio::post(waiter_.executor(), asio::use_awaitable);
        } else {
            throw_errno("cannot write to standard output");
        }
    }
}

hearth::body stream_body(std::shared_ptr<input> from) {
    return hearth::body::stream(std::make_shared<input_source>(std::move(from)));
}

}  // namespace hearth::cli
