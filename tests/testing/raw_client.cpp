#include "testing/raw_client.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace hearth::testing {
namespace {

constexpr std::size_t max_response = 64 * 1024 * 1024;

[[noreturn]] void fail(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

/// A socket whose waits are bounded.
int open_socket(int family) {
    const int fd = ::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) fail("socket");
    const timeval patience{.tv_sec = 10, .tv_usec = 0};
    ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    return fd;
}

template <class Address>
int connect(int fd, const Address& address) {
    return ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ? 0 : errno;
}

sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

int connected(int fd, int error) {
    if (error == 0) return fd;
    ::close(fd);
    errno = error;
    fail("connect");
}

int dial(std::uint16_t port) {
    const int fd = open_socket(AF_INET);
    return connected(fd, connect(fd, loopback(port)));
}

int dial_v6(std::uint16_t port) {
    const int fd = open_socket(AF_INET6);
    sockaddr_in6 address{};
    address.sin6_family = AF_INET6;
    address.sin6_port = htons(port);
    address.sin6_addr = in6addr_loopback;
    return connected(fd, connect(fd, address));
}

int dial(const std::string& path) {
    const int fd = open_socket(AF_UNIX);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    return connected(fd, connect(fd, address));
}

/// Where the body ends, by the head that ends at `body`; npos when more must be read.
std::size_t end_of(std::string_view text, std::size_t body) {
    const std::string_view head = text.substr(0, body);
    if (head.find("Transfer-Encoding: chunked") != head.npos) {
        if (text.substr(body).starts_with("0\r\n\r\n")) return body + 5;
        const std::size_t last = text.find("\r\n0\r\n\r\n", body);
        return last == text.npos ? last : last + 7;
    }
    constexpr std::string_view field = "Content-Length: ";
    const std::size_t at = head.find(field);
    const std::size_t length = at == head.npos ? 0 : std::stoull(std::string(head.substr(at + field.size(), 20)));
    return text.size() - body >= length ? body + length : text.npos;
}

}  // namespace

raw_client::raw_client(std::uint16_t port, bool v6) : fd_(v6 ? dial_v6(port) : dial(port)) {}
raw_client::raw_client(const std::string& path) : fd_(dial(path)) {}
raw_client::~raw_client() { ::close(fd_); }

void raw_client::send(std::string_view bytes) const {
    while (!bytes.empty()) {
        const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent < 0) fail("send");
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
}

std::size_t raw_client::receive() {
    if (buffer_.size() > max_response) throw std::runtime_error("the response does not end");
    std::array<char, 65'536> piece{};
    const ssize_t size = ::recv(fd_, piece.data(), piece.size(), 0);
    if (size < 0) fail("recv");
    buffer_.append(piece.data(), static_cast<std::size_t>(size));
    return static_cast<std::size_t>(size);
}

std::string raw_client::response(bool to_head_request) {
    while (true) {
        if (const std::size_t head = buffer_.find("\r\n\r\n"); head != std::string::npos) {
            const std::size_t body = head + 4;
            const std::size_t end = to_head_request ? body : end_of(buffer_, body);
            if (end != std::string::npos) {
                std::string whole = buffer_.substr(0, end);
                buffer_.erase(0, end);
                return whole;
            }
        }
        if (receive() == 0) throw std::runtime_error("the connection ended in the middle of a response: " + buffer_);
    }
}

std::string raw_client::get(std::string_view target) {
    send("GET " + std::string(target) + " HTTP/1.1\r\nHost: origin\r\n\r\n");
    return response();
}

std::string raw_client::some() {
    if (buffer_.empty()) (void)receive();
    return std::exchange(buffer_, {});
}

std::string raw_client::rest() {
    while (receive() > 0) {
    }
    return std::exchange(buffer_, {});
}

int raw_client::end() {
    if (!buffer_.empty()) throw std::runtime_error("unread: " + buffer_);
    char byte = 0;
    const ssize_t size = ::recv(fd_, &byte, 1, 0);
    if (size > 0) throw std::runtime_error("a byte came instead of the end");
    return size == 0 ? 0 : errno;
}

std::string request_text(std::string_view method, std::string_view id, std::string_view target) {
    return std::string(method) + " " + std::string(target) +
           " HTTP/1.1\r\nHost: o\r\nContent-Length: 0\r\nx-request-id: " + std::string(id) + "\r\n\r\n";
}

int connect_error(std::uint16_t port) {
    const int fd = open_socket(AF_INET);
    const int error = connect(fd, loopback(port));
    ::close(fd);
    return error;
}

std::string body_of(const std::string& response) {
    const std::size_t head = response.find("\r\n\r\n");
    return head == std::string::npos ? std::string() : response.substr(head + 4);
}

}  // namespace hearth::testing
