// TLS on a scripted server's connection, each record and ending as the test says.
#pragma once

#include "support/certificates.hpp"
#include "support/scripted_server.hpp"

#include <openssl/ssl.h>

#include <memory>
#include <string>
#include <string_view>

namespace hearth::test {

/// A server's identity and its ticket keys, shared by all of its connections.
class secure_identity {
public:
    explicit secure_identity(const identity& who = certificates().server);

    [[nodiscard]] SSL_CTX* native() const noexcept { return context_.get(); }

private:
    std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
};

/// The server's end of a TLS connection, used by a script. Blocks as `peer` does; destroying it sends nothing.
class secure_peer {
public:
    /// Shakes hands. Throws std::runtime_error when that fails.
    secure_peer(peer& on, const secure_identity& as);

    /// As peer's.
    std::string read_head();
    bool send(std::string_view text);
    bool respond(std::string_view body) { return send(ok_response(body)); }
    bool wait_closed() { return plain_.wait_closed(); }
    void half_close() { plain_.half_close(); }
    void reset() { plain_.reset(); }

    /// Whether the client resumed a session.
    [[nodiscard]] bool is_resumed() const { return SSL_session_reused(ssl_.get()) == 1; }
    void send_ticket();
    /// Changes the keys, and asks the client to do so too.
    void send_key_update();
    void send_close_notify();
    /// Waits until something has come from the client that is not read yet.
    void wait_readable();

private:
    peer& plain_;
    std::unique_ptr<SSL, decltype(&SSL_free)> ssl_;
    std::string received_;
};

}  // namespace hearth::test
