#include "testing/tls_client.hpp"

#include "net/tls_openssl.hpp"

#include <openssl/ssl.h>

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <stdexcept>

namespace hearth::testing {
namespace {

/// OpenSSL writes to its socket without MSG_NOSIGNAL. For this thread only: the origin has to do without.
void block_sigpipe() {
    sigset_t pipe;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    ::pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
}

int& tickets_of(const SSL* tls) { return *static_cast<int*>(SSL_get_app_data(tls)); }

int count_ticket(SSL* tls, SSL_SESSION* /*session*/) {
    ++tickets_of(tls);
    return 0;
}

}  // namespace

struct tls_client::state {
    int tickets = 0;
    net::ssl_context_ptr context{SSL_CTX_new(TLS_client_method())};
    net::ssl_ptr tls;
};

tls_client::tls_client(std::uint16_t port) : raw_(port), state_(std::make_unique<state>()) {
    block_sigpipe();
    SSL_CTX_set_session_cache_mode(state_->context.get(), SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(state_->context.get(), count_ticket);
    state_->tls.reset(SSL_new(state_->context.get()));
    SSL_set_app_data(state_->tls.get(), &state_->tickets);
    SSL_set_fd(state_->tls.get(), raw_.fd());
    if (SSL_connect(state_->tls.get()) != 1) throw std::runtime_error("no handshake");
}

tls_client::~tls_client() = default;

void tls_client::send(std::string_view bytes) {
    if (SSL_write(state_->tls.get(), bytes.data(), static_cast<int>(bytes.size())) != static_cast<int>(bytes.size()))
        throw std::runtime_error("SSL_write");
}

std::string tls_client::get(std::string_view target) {
    send("GET " + std::string(target) + " HTTP/1.1\r\nHost: o\r\n\r\n");
    return some();
}

std::string tls_client::some() {
    std::array<char, 4'096> buffer{};
    const int size = SSL_read(state_->tls.get(), buffer.data(), static_cast<int>(buffer.size()));
    return {buffer.data(), static_cast<std::size_t>(size > 0 ? size : 0)};
}

int tls_client::end() {
    char byte = 0;
    errno = 0;
    const int size = SSL_read(state_->tls.get(), &byte, 1);
    if (size > 0) throw std::runtime_error("a byte came instead of the end");
    return SSL_get_error(state_->tls.get(), size);
}

int tls_client::tickets() const noexcept { return state_->tickets; }

bool tls_client::wait_for_tickets(int count) {
    const int flags = ::fcntl(raw_.fd(), F_GETFL);
    ::fcntl(raw_.fd(), F_SETFL, flags | O_NONBLOCK);
    bool came = true;
    while (state_->tickets < count && came) {
        char byte = 0;
        if (SSL_peek(state_->tls.get(), &byte, 1) > 0) break;
        pollfd ready{raw_.fd(), POLLIN, 0};
        came = state_->tickets >= count || ::poll(&ready, 1, 10'000) == 1;
    }
    ::fcntl(raw_.fd(), F_SETFL, flags);
    return state_->tickets >= count;
}

void tls_client::close_notify() { SSL_shutdown(state_->tls.get()); }

}  // namespace hearth::testing
