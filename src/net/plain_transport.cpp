#include "net/plain_transport.hpp"

#include "net/slab.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cerrno>
#include <utility>

namespace hearth::net {

namespace {

// One system call, again if a signal interrupted it.
template <class Call>
[[nodiscard]] ssize_t uninterrupted(Call call) noexcept {
    for (;;) {
        const ssize_t n = call();
        if (n >= 0 || errno != EINTR) return n;
    }
}

[[nodiscard]] bool would_block(int e) noexcept { return e == EAGAIN || e == EWOULDBLOCK; }

[[nodiscard]] io_result failed_with(int e) noexcept {
    return {.state = io::failed, .bytes = 0, .error = error_code(e, boost::system::system_category())};
}

class plain_transport final : public transport, public slab_allocated<plain_transport> {
public:
    explicit plain_transport(unique_fd socket) noexcept : socket_(std::move(socket)) {}

    io_result read(std::span<char> into) override { return socket_read(socket_.get(), into); }

    io_result write(std::span<const char> head, std::span<const char> body) override {
        const auto result = socket_write(socket_.get(), head, body);
        accepted_ += result.bytes;
        return result;
    }

    idle_look look() override { return socket_look(socket_.get()); }
    void went_idle() override {}
    void went_active() override {}
    void response_begun() override {}

    int fd() const noexcept override { return socket_.get(); }
    std::uint64_t bytes_accepted() const noexcept override { return accepted_; }
    bool has_buffered() const noexcept override { return false; }
    std::string_view alpn() const noexcept override { return {}; }
    void shutdown() noexcept override {}
    void abort() noexcept override { socket_abort(socket_); }

private:
    unique_fd socket_;
    std::uint64_t accepted_ = 0;
};

}  // namespace

io_result socket_read(int fd, std::span<char> into) noexcept {
    const auto n = uninterrupted([&] { return ::recv(fd, into.data(), into.size(), MSG_DONTWAIT); });
    if (n > 0) return {.state = io::done, .bytes = static_cast<std::size_t>(n)};
    if (n == 0) return {.state = io::closed};
    return would_block(errno) ? io_result{.state = io::want_read} : failed_with(errno);
}

io_result socket_write(int fd, std::span<const char> head, std::span<const char> body) noexcept {
    constexpr int flags = MSG_NOSIGNAL | MSG_DONTWAIT;
    if (head.empty()) std::swap(head, body);
    if (head.empty()) return {};
    const auto n = uninterrupted([&]() -> ssize_t {
        if (body.empty()) return ::send(fd, head.data(), head.size(), flags);
        // sendmsg only reads what iov_base points to.
        std::array<iovec, 2> parts{iovec{const_cast<char*>(head.data()), head.size()},
                                   iovec{const_cast<char*>(body.data()), body.size()}};
        msghdr message{};
        message.msg_iov = parts.data();
        message.msg_iovlen = parts.size();
        return ::sendmsg(fd, &message, flags);
    });
    if (n >= 0) return {.state = io::done, .bytes = static_cast<std::size_t>(n)};
    return would_block(errno) ? io_result{.state = io::want_write} : failed_with(errno);
}

idle_look socket_look(int fd) noexcept {
    char byte = 0;
    const auto n = uninterrupted([&] { return ::recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT); });
    if (n > 0) return idle_look::bytes;
    return n < 0 && would_block(errno) ? idle_look::live : idle_look::closed;
}

void socket_abort(unique_fd& socket) noexcept {
    if (!socket) return;
    const linger reset{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(socket.get(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    socket.reset();
}

std::unique_ptr<transport> make_plain_transport(unique_fd socket) {
    const int flags = ::fcntl(socket.get(), F_GETFL);
    if (flags >= 0 && (flags & O_NONBLOCK) == 0) ::fcntl(socket.get(), F_SETFL, flags | O_NONBLOCK);
    return std::make_unique<plain_transport>(std::move(socket));
}

}  // namespace hearth::net
