#include "support/scripted_server.hpp"

#include <arpa/inet.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace hearth::test {

namespace {

[[noreturn]] void fail(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

int listen_on(const std::string& path, const std::string& on, std::uint16_t& port) {
    const int fd = ::socket(path.empty() ? AF_INET : AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) fail("socket");
    if (path.empty()) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        ::inet_pton(AF_INET, on.c_str(), &address.sin_addr);
        socklen_t size = sizeof address;
        if (::bind(fd, reinterpret_cast<sockaddr*>(&address), size) != 0) fail("bind");
        if (::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) fail("getsockname");
        port = ntohs(address.sin_port);
    } else {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path.copy(address.sun_path, sizeof address.sun_path - 1);
        if (::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) fail("bind");
    }
    if (::listen(fd, 512) != 0) fail("listen");
    return fd;
}

}  // namespace

thread_local scripted_server* scripted_server::current_ = nullptr;

std::string ok_response(std::string_view body, std::string_view more_fields) {
    return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + std::string(more_fields) + "\r\n" +
           std::string(body);
}

peer::~peer() { close(); }

bool peer::receive_more() {
    std::array<char, 65536> buffer{};
    const ssize_t n = ::recv(fd_, buffer.data(), buffer.size(), 0);
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) throw std::runtime_error("nothing came for 20 s");
    if (n <= 0) return false;
    received_.append(buffer.data(), static_cast<std::size_t>(n));
    return true;
}

std::string peer::read_head() {
    std::size_t end = 0;
    while ((end = received_.find("\r\n\r\n")) == std::string::npos) {
        if (!receive_more()) return {};
    }
    std::string head = received_.substr(0, end + 4);
    received_.erase(0, end + 4);
    if (scripted_server::current_ != nullptr) ++scripted_server::current_->requests_;
    return head;
}

std::string peer::read_exactly(std::size_t n) {
    while (received_.size() < n) {
        if (!receive_more()) throw std::runtime_error("the client closed early");
    }
    std::string bytes = received_.substr(0, n);
    received_.erase(0, n);
    return bytes;
}

bool peer::wait_closed() {
    std::array<char, 4096> buffer{};
    for (;;) {
        const ssize_t n = ::recv(fd_, buffer.data(), buffer.size(), 0);
        if (n == 0) return true;
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            throw std::runtime_error("the client did not close for 20 s");
        if (n < 0) return false;
    }
}

void peer::hold() {
    while (!scripted_server::current_->ending_) std::this_thread::sleep_for(std::chrono::milliseconds(5));
}

bool peer::send(std::string_view text) {
    while (!text.empty()) {
        const ssize_t n = ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
        if (n <= 0) return false;
        text.remove_prefix(static_cast<std::size_t>(n));
    }
    return true;
}

bool peer::respond(std::string_view body) { return send(ok_response(body)); }
void peer::half_close() { ::shutdown(fd_, SHUT_WR); }

void peer::close() {
    const std::lock_guard lock(mutex_);
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

void peer::reset() {
    const linger now{1, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close();
}

void peer::go_deaf() {
    sock_filter drop{BPF_RET | BPF_K, 0, 0, 0};
    const sock_fprog program{1, &drop};
    if (::setsockopt(fd_, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) != 0)
        throw std::system_error(errno, std::generic_category(), "SO_ATTACH_FILTER");
}

void peer::acknowledge_at_once() {
    const int on = 1;
    if (::setsockopt(fd_, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on) != 0)
        throw std::system_error(errno, std::generic_category(), "TCP_QUICKACK");
}

void peer::hear_again() {
    const int ignored = 0;
    if (::setsockopt(fd_, SOL_SOCKET, SO_DETACH_FILTER, &ignored, sizeof ignored) != 0)
        throw std::system_error(errno, std::generic_category(), "SO_DETACH_FILTER");
}

scripted_server::scripted_server(std::vector<script> scripts, std::string path)
    : scripts_(std::move(scripts)),
      address_(path.empty() || path.find('/') != std::string::npos ? "127.0.0.1" : path),
      path_(address_ == path ? "" : std::move(path)),
      listener_(listen_on(path_, address_, port_)),
      thread_([this] { accept_all(); }) {}

scripted_server::~scripted_server() {
    ending_ = true;
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    for (session& s : sessions_) {
        {
            const std::lock_guard lock(s.p->mutex_);
            if (s.p->fd_ >= 0) ::shutdown(s.p->fd_, SHUT_RDWR);
        }
        s.thread.join();
    }
    ::close(listener_);
    if (!path_.empty()) ::unlink(path_.c_str());
}

std::string scripted_server::url(std::string_view path) const {
    if (!path_.empty()) return "http://localhost" + std::string(path);
    return "http://" + address_ + ":" + std::to_string(port_) + std::string(path);
}

void scripted_server::accept_all() {
    while (!ending_) {
        const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        if (fd < 0) {
            // accept() takes its descriptor before it waits: a test that has run out of them on purpose reaches this thread
            // too.
            const bool passes = errno == EINTR || errno == ECONNABORTED || errno == EMFILE;
            if (ending_ || !passes) return;
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
            continue;
        }
        const timeval patience{20, 0};
        ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        session& s = sessions_.emplace_back();
        s.p = std::make_unique<peer>(fd, accepted_++);
        s.thread = std::thread([this, p = s.p.get()] { serve(*p); });
    }
}

void scripted_server::serve(peer& p) {
    current_ = this;
    try {
        scripts_[std::min(static_cast<std::size_t>(p.number()), scripts_.size() - 1)](p);
    } catch (const std::exception& e) {
        const std::lock_guard lock(mutex_);
        if (!ending_) complaints_ += "connection " + std::to_string(p.number()) + ": " + e.what() + "; ";
    }
    p.close();
    const std::lock_guard lock(mutex_);
    ++ended_count_;
    ended_.notify_all();
}

void scripted_server::wait_for_ended(int n) {
    std::unique_lock lock(mutex_);
    if (!ended_.wait_for(lock, std::chrono::seconds(20), [&] { return ended_count_ >= n; }))
        throw std::runtime_error("the scripts did not end within 20 s");
}

std::string scripted_server::complaints() {
    const std::lock_guard lock(mutex_);
    return complaints_;
}

}  // namespace hearth::test
