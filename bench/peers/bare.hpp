// A socket, or OpenSSL on one, with nothing above it.
#pragma once

#include "net/fd.hpp"
#include "peers/peer.hpp"

#include <openssl/ssl.h>

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace bench {

struct free_openssl {
    void operator()(SSL_CTX* c) const noexcept { SSL_CTX_free(c); }
    void operator()(SSL* s) const noexcept { SSL_free(s); }
};
using tls_context = std::unique_ptr<SSL_CTX, free_openssl>;

/// Null for plain targets.
[[nodiscard]] tls_context make_tls_context(const target& t);

/// Throws std::runtime_error when anything fails, the peer's close included.
class bare_connection {
public:
    /// Connects, and shakes hands where there is a context; blocks.
    bare_connection(const target& t, SSL_CTX* context);

    [[nodiscard]] int fd() const noexcept { return fd_.get(); }
    [[nodiscard]] bool tls() const noexcept { return ssl_ != nullptr; }
    void do_not_block();
    /// All of it: a request is smaller than any socket's buffer.
    void send(std::string_view bytes);
    /// What has come, at least a byte; 0 when nothing has and the connection does not block.
    [[nodiscard]] std::size_t receive(std::span<char> into);

private:
    hearth::net::unique_fd fd_;
    std::unique_ptr<SSL, free_openssl> ssl_;
};

[[nodiscard]] std::string bare_request(const target& t);

/// Asks once, over a connection of its own, and checks the answer: how many bytes a response has, head and body.
[[nodiscard]] std::size_t bare_response_size(const target& t, SSL_CTX* context);

}  // namespace bench
