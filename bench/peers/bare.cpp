#include "peers/bare.hpp"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <openssl/err.h>

#include <array>
#include <cerrno>
#include <limits>
#include <system_error>

namespace bench {

namespace {

[[noreturn]] void fail(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

[[noreturn]] void fail_tls(const char* what) {
    std::array<char, 256> text{};
    ERR_error_string_n(ERR_get_error(), text.data(), text.size());
    throw std::runtime_error(std::string(what) + ": " + text.data());
}

hearth::net::unique_fd connect_to(const target& t) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (::getaddrinfo(t.host.c_str(), t.port.c_str(), &hints, &found) != 0)
        throw std::runtime_error("no address for " + t.host);
    const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(found, ::freeaddrinfo);
    hearth::net::unique_fd fd(::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!fd) fail("socket");
    if (::connect(fd.get(), found->ai_addr, found->ai_addrlen) != 0) fail("connect");
    const int on = 1;
    ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
}

int openssl_size(std::size_t n) {
    return static_cast<int>(std::min<std::size_t>(n, static_cast<std::size_t>(std::numeric_limits<int>::max())));
}

}  // namespace

tls_context make_tls_context(const target& t) {
    if (!t.tls) return nullptr;
    tls_context c(SSL_CTX_new(TLS_client_method()));
    if (!c) fail_tls("SSL_CTX_new");
    SSL_CTX_set_verify(c.get(), SSL_VERIFY_PEER, nullptr);
    const bool trusts = t.ca_file.empty() ? SSL_CTX_set_default_verify_paths(c.get()) == 1
                                          : SSL_CTX_load_verify_file(c.get(), t.ca_file.c_str()) == 1;
    if (!trusts) fail_tls("certificate authorities");
    return c;
}

bare_connection::bare_connection(const target& t, SSL_CTX* context) : fd_(connect_to(t)) {
    if (context == nullptr) return;
    ssl_.reset(SSL_new(context));
    if (!ssl_ || SSL_set_fd(ssl_.get(), fd_.get()) != 1 || SSL_connect(ssl_.get()) != 1) fail_tls("handshake");
}

void bare_connection::do_not_block() {
    if (::fcntl(fd_.get(), F_SETFL, O_NONBLOCK) != 0) fail("fcntl");
}

void bare_connection::send(std::string_view bytes) {
    if (ssl_) {
        if (SSL_write(ssl_.get(), bytes.data(), openssl_size(bytes.size())) != openssl_size(bytes.size()))
            fail_tls("SSL_write");
    } else if (::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(bytes.size())) {
        fail("send");
    }
}

std::size_t bare_connection::receive(std::span<char> into) {
    if (ssl_) {
        const int n = SSL_read(ssl_.get(), into.data(), openssl_size(into.size()));
        if (n > 0) return static_cast<std::size_t>(n);
        if (SSL_get_error(ssl_.get(), n) == SSL_ERROR_WANT_READ) return 0;
        fail_tls("SSL_read");
    }
    const ssize_t n = ::recv(fd_.get(), into.data(), into.size(), 0);
    if (n > 0) return static_cast<std::size_t>(n);
    if (n == 0) throw std::runtime_error("the server closed a connection");
    if (errno != EAGAIN) fail("recv");
    return 0;
}

std::string bare_request(const target& t) {
    return "GET " + t.path + " HTTP/1.1\r\nHost: " + t.host + ":" + t.port + "\r\nUser-Agent: limit\r\n\r\n";
}

std::size_t bare_response_size(const target& t, SSL_CTX* context) {
    bare_connection c(t, context);
    c.send(bare_request(t));
    std::string all;
    std::array<char, 65536> buffer{};
    std::size_t head_size = std::string::npos;
    while (head_size == std::string::npos || all.size() < head_size + t.body_size) {
        all.append(buffer.data(), c.receive(buffer));
        const std::size_t blank = all.find("\r\n\r\n");
        if (head_size == std::string::npos && blank != std::string::npos) head_size = blank + 4;
        if (head_size == std::string::npos) continue;
        const std::string_view head(all.data(), head_size);
        const bool as_told = head.starts_with("HTTP/1.1 200 ") &&
                             head.find("\r\nContent-Length: " + std::to_string(t.body_size) + "\r\n") != head.npos;
        if (!as_told) throw std::runtime_error("an answer other than 200 with a body as long as told: " + std::string(head));
    }
    return all.size();
}

}  // namespace bench
