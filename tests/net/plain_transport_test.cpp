#include "net/plain_transport.hpp"

#include <gtest/gtest.h>

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hearth::net {
namespace {

std::span<const char> chars(std::string_view text) { return {text.data(), text.size()}; }

// Two ends of a TCP connection over loopback.
struct tcp_pair {
    unique_fd near, far;
    tcp_pair() {
        unique_fd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        auto* const generic = reinterpret_cast<sockaddr*>(&address);
        near.reset(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        if (::bind(listener.get(), generic, size) != 0 || ::listen(listener.get(), 1) != 0 ||
            ::getsockname(listener.get(), generic, &size) != 0 || ::connect(near.get(), generic, size) != 0)
            throw std::runtime_error("no loopback TCP");
        far.reset(::accept(listener.get(), nullptr, nullptr));
    }
    void say(std::string_view text) const {
        EXPECT_EQ(::send(far.get(), text.data(), text.size(), MSG_NOSIGNAL), std::ssize(text));
    }
    std::string hear(std::size_t size) const {
        std::string text(size, '\0');
        EXPECT_EQ(::recv(far.get(), text.data(), size, MSG_WAITALL), static_cast<ssize_t>(size));
        return text;
    }
    void reset_far() {
        const linger hard{1, 0};
        ASSERT_EQ(::setsockopt(far.get(), SOL_SOCKET, SO_LINGER, &hard, sizeof hard), 0);
        far.reset();
    }
};

// Blocks until the kernel has something to tell of `fd`: loopback delivers on the sender's time, not necessarily at once.
void await(int fd, short events) {
    pollfd p{fd, events, 0};
    ASSERT_EQ(::poll(&p, 1, 10'000), 1);
}

TEST(plain_transport, reads_what_is_there_and_says_when_there_is_nothing) {
    tcp_pair pair;
    const int fd = pair.near.get();
    const auto t = make_plain_transport(std::move(pair.near));
    EXPECT_EQ(t->fd(), fd);
    std::array<char, 16> buffer{};
    EXPECT_EQ(t->read(buffer).state, io::want_read);
    pair.say("hello");
    await(fd, POLLIN);
    const auto got = t->read(buffer);
    EXPECT_EQ(got.state, io::done);
    EXPECT_EQ(std::string_view(buffer.data(), got.bytes), "hello");
    pair.far.reset();
    await(fd, POLLIN);
    EXPECT_EQ(t->read(buffer).state, io::closed);
    EXPECT_FALSE(t->has_buffered());
    EXPECT_TRUE(t->alpn().empty());
}

TEST(plain_transport, writes_head_and_body_in_one_go_and_counts) {
    tcp_pair pair;
    const auto t = make_plain_transport(std::move(pair.near));
    struct row {
        std::string_view head, body;
    };
    std::uint64_t total = 0;
    for (const auto& [head, body] : {row{"head ", "body"}, row{"alone", ""}, row{"", "only body"}, row{"", ""}}) {
        const auto result = t->write(chars(head), chars(body));
        EXPECT_EQ(result.state, io::done);
        EXPECT_EQ(result.bytes, head.size() + body.size());
        total += result.bytes;
        EXPECT_EQ(t->bytes_accepted(), total);
        if (result.bytes > 0) {
            EXPECT_EQ(pair.hear(result.bytes), std::string(head) + std::string(body));
        }
    }
}

TEST(plain_transport, takes_what_fits_and_then_asks_to_wait) {
    tcp_pair pair;
    const auto t = make_plain_transport(std::move(pair.near));
    const std::vector<char> much(1 << 20, 'x');
    std::uint64_t total = 0;
    io_result last;
    for (int i = 0; i < 1'000 && last.state == io::done; ++i) {
        last = t->write(much, much);
        total += last.bytes;
    }
    EXPECT_EQ(last.state, io::want_write);
    EXPECT_EQ(last.bytes, 0U);
    EXPECT_GT(total, 0U);
    EXPECT_EQ(t->bytes_accepted(), total);
}

TEST(plain_transport, looks_without_consuming) {
    tcp_pair pair;
    const int fd = pair.near.get();
    const auto t = make_plain_transport(std::move(pair.near));
    EXPECT_EQ(t->look(), idle_look::live);
    pair.say("y");
    await(fd, POLLIN);
    EXPECT_EQ(t->look(), idle_look::bytes);
    std::array<char, 4> buffer{};
    EXPECT_EQ(t->read(buffer).bytes, 1U);
    EXPECT_EQ(t->look(), idle_look::live);
    pair.far.reset();
    await(fd, POLLIN);
    EXPECT_EQ(t->look(), idle_look::closed);
}

TEST(plain_transport, sees_a_reset) {
    tcp_pair pair;
    const int fd = pair.near.get();
    const auto t = make_plain_transport(std::move(pair.near));
    pair.reset_far();
    await(fd, POLLIN);
    EXPECT_EQ(t->look(), idle_look::closed);
}

TEST(plain_transport, a_reset_read_is_a_failure_with_its_cause) {
    tcp_pair pair;
    const int fd = pair.near.get();
    const auto t = make_plain_transport(std::move(pair.near));
    pair.reset_far();
    await(fd, POLLIN);
    std::array<char, 4> buffer{};
    const auto result = t->read(buffer);
    EXPECT_EQ(result.state, io::failed);
    EXPECT_EQ(result.error, boost::system::errc::connection_reset);
}

TEST(plain_transport, writing_to_a_dead_socket_raises_no_signal) {
    // The default action of SIGPIPE would end this process.
    ASSERT_NE(std::signal(SIGPIPE, SIG_DFL), SIG_ERR);
    tcp_pair pair;
    const int fd = pair.near.get();
    const auto t = make_plain_transport(std::move(pair.near));
    pair.reset_far();
    await(fd, POLLIN);
    for (const std::string_view body : {"", "body"}) {
        auto result = t->write(chars("head"), chars(body));
        if (result.state == io::done) result = t->write(chars("head"), chars(body));
        EXPECT_EQ(result.state, io::failed);
        EXPECT_EQ(result.bytes, 0U);
    }
    const auto last = t->write(chars("head"), chars("body"));
    EXPECT_EQ(last.error, boost::system::errc::broken_pipe);
    EXPECT_EQ(t->bytes_accepted(), 0U);
}

TEST(plain_transport, abort_resets_and_the_destructor_says_goodbye) {
    for (const bool abort : {true, false}) {
        tcp_pair pair;
        auto t = make_plain_transport(std::move(pair.near));
        if (abort) {
            t->abort();
            EXPECT_EQ(t->fd(), -1);
            EXPECT_EQ(t->look(), idle_look::closed);
            t->abort();
        }
        t.reset();
        await(pair.far.get(), POLLIN);
        char byte = 0;
        const auto n = ::recv(pair.far.get(), &byte, 1, 0);
        if (abort) {
            EXPECT_EQ(n, -1);
            EXPECT_EQ(errno, ECONNRESET);
        } else {
            EXPECT_EQ(n, 0);
        }
    }
}

TEST(plain_transport, serves_unix_sockets) {
    std::array<int, 2> fds{};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds.data()), 0);
    unique_fd far(fds[1]);
    const auto t = make_plain_transport(unique_fd(fds[0]));
    EXPECT_EQ(t->look(), idle_look::live);
    EXPECT_EQ(t->write(chars("a"), chars("b")).bytes, 2U);
    far.reset();
    EXPECT_EQ(t->look(), idle_look::closed);
    EXPECT_EQ(t->write(chars("a"), chars("b")).error, boost::system::errc::broken_pipe);
}

}  // namespace
}  // namespace hearth::net
