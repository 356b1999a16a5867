// What an idle TLS connection costs in user space.
#include "tls_peer.hpp"
#include "values/sanitizers.hpp"

#include <gtest/gtest.h>
#include <malloc.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <csignal>
#include <cstdio>
#include <stdexcept>

namespace hearth::net::test {
namespace {

void no_delay(int fd) {
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

// A server in a process of its own, so that its memory is not counted.
class forked_server {
public:
    explicit forked_server(const server_spec& spec) : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        address_.sin_family = AF_INET;
        address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address_;
        auto* generic = reinterpret_cast<sockaddr*>(&address_);
        if (::bind(listener_.get(), generic, size) != 0 || ::listen(listener_.get(), 128) != 0 ||
            ::getsockname(listener_.get(), generic, &size) != 0)
            throw std::runtime_error("listening failed");
        child_ = ::fork();
        if (child_ == 0) serve(spec);
    }
    ~forked_server() {
        ::kill(child_, SIGKILL);
        ::waitpid(child_, nullptr, 0);
    }
    forked_server(const forked_server&) = delete;
    forked_server& operator=(const forked_server&) = delete;

    [[nodiscard]] unique_fd connect() const {
        unique_fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address_), sizeof address_) != 0)
            throw std::runtime_error("connecting failed");
        no_delay(socket.get());
        return socket;
    }

private:
    [[noreturn]] void serve(const server_spec& spec) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        server origin(spec);
        std::vector<std::unique_ptr<server_connection>> all;
        for (;;) {
            unique_fd socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
            if (!socket) ::_exit(1);
            no_delay(socket.get());
            all.push_back(origin.accept(std::move(socket)));
            while (!all.back()->open() && !all.back()->failed() && wait_for(all.back()->fd(), POLLIN)) all.back()->step();
            if (all.back()->open() && all.back()->read_record() == "request") all.back()->write("answer");
        }
    }

    unique_fd listener_;
    sockaddr_in address_{};
    pid_t child_ = -1;
};

std::unique_ptr<transport> idle_connection(const forked_server& to, const std::shared_ptr<tls_context>& context,
                                           const std::string& key) {
    const auto handshake = tls_handshake::begin(context, to.connect(), "localhost", key);
    io state = handshake->step();
    while (state == io::want_read && wait_for(handshake->fd(), POLLIN)) state = handshake->step();
    if (state != io::done) throw std::runtime_error(handshake->why().detail);
    auto made = handshake->finish();
    if (made->write(std::string_view("request"), {}).state != io::done) throw std::runtime_error("no request sent");
    if (read_some(*made, 6).data != "answer") throw std::runtime_error("no answer");
    made->went_idle();
    if (made->look() != idle_look::live) throw std::runtime_error("not live");
    return made;
}

// Bytes a connection, over `count` of them.
std::size_t cost(const server_spec& spec, std::size_t count, const std::string& key) {
    const forked_server origin(spec);
    const auto context = trusting_context();
    std::vector<std::unique_ptr<transport>> all;
    all.reserve(count + 10);
    for (int i = 0; i < 10; ++i) all.push_back(idle_connection(origin, context, key));
    const std::size_t before = ::mallinfo2().uordblks;
    for (std::size_t i = 0; i < count; ++i) all.push_back(idle_connection(origin, context, key));
    return (::mallinfo2().uordblks - before) / count;
}

TEST(tls_memory, of_idle_connections) {
    if (values::address_sanitizer || values::thread_sanitizer) GTEST_SKIP() << "sanitizers keep books of their own";
    constexpr std::size_t allowed = std::size_t{22} * 1024;
    constexpr std::size_t count = 200;
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        const server_spec spec{.min_version = version, .max_version = version};
        const std::size_t fresh = cost(spec, count, "");
        const std::size_t resumed = cost(spec, count, "key");
        const std::string name = version == TLS1_2_VERSION ? "tls12" : "tls13";
        RecordProperty(name + "_bytes", static_cast<int>(fresh));
        RecordProperty(name + "_resumed_bytes", static_cast<int>(resumed));
        EXPECT_LE(fresh, allowed) << name;
        EXPECT_LE(resumed, allowed) << name;
        std::printf("%s: %zu bytes a connection, %zu with resumption\n", name.c_str(), fresh, resumed);
    }
}

}  // namespace
}  // namespace hearth::net::test
