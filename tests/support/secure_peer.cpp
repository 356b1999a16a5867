#include "support/secure_peer.hpp"

#include <poll.h>
#include <pthread.h>

#include <array>
#include <csignal>
#include <stdexcept>

namespace hearth::test {
namespace {

void check(bool ok, const char* what) {
    if (!ok) throw std::runtime_error(std::string("TLS server: ") + what + " failed");
}

// OpenSSL's own BIO writes with write(): to a client that has gone, that would end the process.
void block_sigpipe() {
    sigset_t pipe;
    ::sigemptyset(&pipe);
    ::sigaddset(&pipe, SIGPIPE);
    ::pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
}

}  // namespace

secure_identity::secure_identity(const identity& who) : context_(SSL_CTX_new(TLS_server_method()), &SSL_CTX_free) {
    const temporary_file chain(who.certificate);
    const temporary_file key(who.key);
    check(SSL_CTX_use_certificate_chain_file(native(), chain.path().c_str()) == 1, "loading the certificate");
    check(SSL_CTX_use_PrivateKey_file(native(), key.path().c_str(), SSL_FILETYPE_PEM) == 1, "loading the key");
    check(SSL_CTX_set_session_id_context(native(), reinterpret_cast<const unsigned char*>("test"), 4) == 1, "naming it");
}

secure_peer::secure_peer(peer& on, const secure_identity& as) : plain_(on), ssl_(SSL_new(as.native()), &SSL_free) {
    block_sigpipe();
    check(SSL_set_fd(ssl_.get(), on.fd()) == 1 && SSL_accept(ssl_.get()) == 1, "the handshake");
}

std::string secure_peer::read_head() {
    std::size_t end = 0;
    while ((end = received_.find("\r\n\r\n")) == std::string::npos) {
        std::array<char, 16384> buffer{};
        std::size_t bytes = 0;
        if (SSL_read_ex(ssl_.get(), buffer.data(), buffer.size(), &bytes) != 1) return {};
        received_.append(buffer.data(), bytes);
    }
    std::string head = received_.substr(0, end + 4);
    received_.erase(0, end + 4);
    return head;
}

bool secure_peer::send(std::string_view text) {
    std::size_t bytes = 0;
    return text.empty() || SSL_write_ex(ssl_.get(), text.data(), text.size(), &bytes) == 1;
}

void secure_peer::send_ticket() {
    check(SSL_new_session_ticket(ssl_.get()) == 1 && SSL_do_handshake(ssl_.get()) == 1, "sending a ticket");
}

void secure_peer::send_key_update() {
    check(SSL_key_update(ssl_.get(), SSL_KEY_UPDATE_REQUESTED) == 1 && SSL_do_handshake(ssl_.get()) == 1, "a key update");
}

void secure_peer::send_close_notify() { check(SSL_shutdown(ssl_.get()) >= 0, "close_notify"); }

void secure_peer::wait_readable() {
    pollfd one{plain_.fd(), POLLIN, 0};
    check(::poll(&one, 1, 20'000) == 1, "waiting for the client");
}

}  // namespace hearth::test
