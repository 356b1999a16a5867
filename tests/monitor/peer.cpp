#include "monitor/peer.hpp"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <stdexcept>
#include <system_error>

namespace hearth::test {
namespace {

constexpr int patience_ms = 20'000;
constexpr std::size_t shown = 500;  // of what was read, in messages

[[noreturn]] void fail(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

int connect_to(const sockaddr* address, socklen_t size, int family, int buffer) {
    const int s = ::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (s < 0) fail("socket");
    if (buffer > 0) ::setsockopt(s, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof(buffer));
    if (::connect(s, address, size) != 0) {
        ::close(s);
        fail("connect");
    }
    return s;
}

int connect_to(std::string_view url, int buffer) {
    if (url.starts_with("unix:")) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        url.substr(5).copy(address.sun_path, sizeof(address.sun_path) - 1);
        return connect_to(reinterpret_cast<const sockaddr*>(&address), sizeof(address), AF_UNIX, buffer);
    }
    constexpr std::string_view host = "http://127.0.0.1:";
    if (!url.starts_with(host)) throw std::runtime_error("not an address of these tests: " + std::string(url));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    std::uint16_t port = 0;
    std::from_chars(url.data() + host.size(), url.data() + url.size(), port);
    address.sin_port = htons(port);
    return connect_to(reinterpret_cast<const sockaddr*>(&address), sizeof(address), AF_INET, buffer);
}

std::size_t length_of(std::string_view head) {
    constexpr std::string_view name = "Content-Length: ";
    const std::size_t at = head.find(name);
    if (at == std::string_view::npos) throw std::runtime_error("no Content-Length in\n" + std::string(head));
    std::size_t n = 0;
    std::from_chars(head.data() + at + name.size(), head.data() + head.size(), n);
    return n;
}

}  // namespace

monitor_peer::monitor_peer(std::string_view url, int receive_buffer) : socket_(connect_to(url, receive_buffer)) {}

monitor_peer::~monitor_peer() {
    if (socket_ >= 0) ::close(socket_);
}

bool monitor_peer::send(std::string_view bytes) {
    while (!bytes.empty()) {
        pollfd p{.fd = socket_, .events = POLLOUT, .revents = 0};
        if (::poll(&p, 1, patience_ms) == 0) throw std::runtime_error("nothing could be sent for 20 s");
        const ssize_t n = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (n <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return true;
}

bool monitor_peer::get(std::string_view path, std::string_view lines) {
    return send("GET " + std::string(path) + " HTTP/1.1\r\nHost: localhost\r\n" + std::string(lines) + "\r\n");
}

bool monitor_peer::more() {
    pollfd p{.fd = socket_, .events = POLLIN, .revents = 0};
    if (::poll(&p, 1, patience_ms) == 0) throw std::runtime_error("nothing came for 20 s, after\n" + read_.substr(0, shown));
    std::array<char, 64 * 1024> piece{};
    const ssize_t n = ::recv(socket_, piece.data(), piece.size(), 0);
    if (n <= 0) return false;
    read_.append(piece.data(), static_cast<std::size_t>(n));
    return true;
}

std::string monitor_peer::read_until(std::string_view end) {
    std::size_t at = read_.find(end);
    while (at == std::string::npos) {
        if (!more()) throw std::runtime_error("it was closed after\n" + read_.substr(0, shown));
        at = read_.find(end);
    }
    std::string text = read_.substr(0, at + end.size());
    read_.erase(0, at + end.size());
    return text;
}

std::string monitor_peer::read_message() {
    std::string message = read_until("\r\n\r\n");
    const std::size_t length = length_of(message);
    while (read_.size() < length) {
        if (!more()) throw std::runtime_error("it was closed after\n" + message.substr(0, shown));
    }
    message += read_.substr(0, length);
    read_.erase(0, length);
    return message;
}

std::string monitor_peer::read_to_end() {
    while (more()) {
    }
    return std::exchange(read_, {});
}

std::string ask(std::string_view url, std::string_view path, std::string_view lines) {
    monitor_peer p(url);
    p.get(path, "Connection: close\r\n" + std::string(lines));
    return p.read_to_end();
}

std::string body_of(const std::string& message) {
    const std::size_t at = message.find("\r\n\r\n");
    return at == std::string::npos ? std::string() : message.substr(at + 4);
}

}  // namespace hearth::test
