// The tls_context that there is: one SSL_CTX and what its connections share.
#pragma once

#include "net/tls.hpp"
#include "net/tls_openssl.hpp"
#include "net/tls_sessions.hpp"
#include "net/tls_store.hpp"

#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <string>

namespace hearth::net {

class tls_key_log;

class openssl_context final : public tls_context {
public:
    explicit openssl_context(const tls_options& options);

    [[nodiscard]] std::size_t sessions() const noexcept override { return sessions_.size(); }
    void forget_session(const std::string& key) override { sessions_.forget(key); }

    /// A new client connection's state.
    [[nodiscard]] ssl_ptr new_connection();
    [[nodiscard]] bool verifies() const noexcept { return verifies_; }
    /// Whether a server may choose this protocol: it was offered.
    [[nodiscard]] bool offered(std::string_view protocol) const noexcept;
    [[nodiscard]] tls_session_cache& session_cache() noexcept { return sessions_; }

    /// The most that goes into one record (RFC 8446, 5.1).
    static constexpr std::size_t record_size = std::size_t{16} * 1024;
    /// Where a record's data is gathered; valid until the next write on any of the context's connections.
    [[nodiscard]] std::span<char, record_size> scratch() noexcept { return scratch_; }

private:
    void trust(const tls_options& options);
    void identify(const tls_options& options);
    void offer(const std::vector<std::string>& protocols);

    ssl_context_ptr context_;
    tls_session_cache sessions_;
    std::shared_ptr<tls_key_log> key_log_;
    std::string alpn_;  // as on the wire: each name after its length
    bool verifies_;
    bool needs_system_store_ = false;
    std::array<char, record_size> scratch_;
};

}  // namespace hearth::net
