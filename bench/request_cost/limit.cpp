// The limit: one epoll loop over keep-alive connections that neither parses nor pools nor checks anything. It sends the same
// bytes again as soon as as many bytes as the first response had have come back.
#include "request_cost/cost.hpp"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <stdexcept>
#include <system_error>

namespace bench {

namespace {

struct limit_connection {
    int fd = -1;
    std::size_t received = 0;
};

[[noreturn]] void fail(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

int connect_to(const target& t) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(t.port);
    if (::inet_pton(AF_INET, t.host.c_str(), &address.sin_addr) != 1)
        throw std::invalid_argument("the host must be an IPv4 address");
    if (fd < 0 || ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) fail("connect");
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
}

void send_all(int fd, const std::string& bytes) {
    if (::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(bytes.size())) fail("send");
}

// Asks once, over a connection of its own, how long a response is.
std::size_t response_size(const target& t, const std::string& request) {
    const int fd = connect_to(t);
    send_all(fd, request);
    std::string all;
    std::array<char, 65536> buffer{};
    std::size_t size = 0;
    while (size == 0 || all.size() < size) {
        const ssize_t n = ::recv(fd, buffer.data(), buffer.size(), 0);
        if (n <= 0) fail("recv");
        all.append(buffer.data(), static_cast<std::size_t>(n));
        const std::size_t head = all.find("\r\n\r\n");
        const std::size_t length = all.find("Content-Length: ");
        if (head != std::string::npos && length < head) size = head + 4 + std::stoul(all.substr(length + 16));
    }
    ::close(fd);
    return size;
}

}  // namespace

void run_limit(const target& t, std::size_t connections, std::size_t requests) {
    const std::string request =
        "GET " + t.path + " HTTP/1.1\r\nHost: " + t.host + ":" + std::to_string(t.port) + "\r\nUser-Agent: limit\r\n\r\n";
    const std::size_t expected = response_size(t, request);
    const int epoll = ::epoll_create1(EPOLL_CLOEXEC);
    std::vector<limit_connection> all(connections);
    for (limit_connection& c : all) {
        c.fd = connect_to(t);
        epoll_event e{};
        e.events = EPOLLIN;
        e.data.ptr = &c;
        if (::epoll_ctl(epoll, EPOLL_CTL_ADD, c.fd, &e) != 0) fail("epoll_ctl");
    }
    std::size_t sent = 0;
    std::size_t answered = 0;
    for (; sent < connections && sent < requests; ++sent) send_all(all[sent].fd, request);
    std::array<epoll_event, 256> events{};
    std::array<char, 65536> buffer{};
    while (answered < requests) {
        const int n = ::epoll_wait(epoll, events.data(), static_cast<int>(events.size()), -1);
        for (int i = 0; i < n; ++i) {
            auto& c = *static_cast<limit_connection*>(events[static_cast<std::size_t>(i)].data.ptr);
            const ssize_t got = ::recv(c.fd, buffer.data(), buffer.size(), MSG_DONTWAIT);
            if (got <= 0) fail("recv");
            c.received += static_cast<std::size_t>(got);
            if (c.received < expected) continue;
            c.received = 0;
            ++answered;
            if (sent < requests) {
                ++sent;
                send_all(c.fd, request);
            }
        }
    }
    for (const limit_connection& c : all) ::close(c.fd);
    ::close(epoll);
}

}  // namespace bench
