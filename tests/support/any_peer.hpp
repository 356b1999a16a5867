// A scripted server's connection, plain or TLS, with the same words for both.
#pragma once

#include "support/scripted_server.hpp"
#include "support/secure_peer.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace hearth::test {

class any_peer {
public:
    /// `as` null: plain.
    any_peer(peer& on, const secure_identity* as) : plain_(on) {
        if (as != nullptr) secure_.emplace(on, *as);
    }

    std::string read_head() { return secure_ ? secure_->read_head() : plain_.read_head(); }
    bool send(std::string_view text) { return secure_ ? secure_->send(text) : plain_.send(text); }
    bool respond(std::string_view body) { return send(ok_response(body)); }
    /// FIN; under TLS close_notify before it.
    void half_close() {
        if (secure_) secure_->send_close_notify();
        plain_.half_close();
    }
    void close() {
        if (secure_) secure_->send_close_notify();
        plain_.close();
    }
    /// FIN, under TLS without a word.
    void close_bare() { plain_.close(); }
    void reset() { plain_.reset(); }
    /// What TCP does, not the protocol on it.
    [[nodiscard]] peer& below() noexcept { return plain_; }

private:
    peer& plain_;
    std::optional<secure_peer> secure_;
};

}  // namespace hearth::test
