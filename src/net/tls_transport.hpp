// A TLS connection, from its handshake to its end.
#pragma once

#include "net/slab.hpp"
#include "net/tls_bio.hpp"
#include "net/tls_context.hpp"
#include "net/transport.hpp"

#include <cstddef>
#include <memory>
#include <string>

namespace hearth::net {

class tls_transport final : public transport, public slab_allocated<tls_transport> {
public:
    /// Remembers sessions under `session_key`, if that is not empty.
    tls_transport(std::shared_ptr<openssl_context> context, unique_fd socket, std::string session_key);
    ~tls_transport() override;
    tls_transport(const tls_transport&) = delete;  // OpenSSL knows its address
    tls_transport& operator=(const tls_transport&) = delete;

    [[nodiscard]] io_result read(std::span<char> into) override;
    [[nodiscard]] io_result write(std::span<const char> head, std::span<const char> body) override;
    [[nodiscard]] idle_look look() override;
    void went_idle() override;
    void went_active() override {}
    void response_begun() override { strict_eof_ = true; }
    [[nodiscard]] int fd() const noexcept override { return socket_.fd.get(); }
    [[nodiscard]] std::uint64_t bytes_accepted() const noexcept override { return socket_.accepted; }
    [[nodiscard]] bool has_buffered() const noexcept override { return SSL_pending(ssl_.get()) > 0; }
    [[nodiscard]] std::string_view alpn() const noexcept override;
    void shutdown() noexcept override;
    void abort() noexcept override;

    /// One step of the handshake. A certificate that is refused meanwhile is described in `refused`.
    [[nodiscard]] io_result handshake(tls_failure& refused);
    [[nodiscard]] SSL* native() noexcept { return ssl_.get(); }
    [[nodiscard]] openssl_context& context() noexcept { return *context_; }
    [[nodiscard]] const std::string& session_key() const noexcept { return session_key_; }

    /// OpenSSL's callbacks; the transport is the SSL's app data.
    static int on_new_session(SSL* connection, SSL_SESSION* session) noexcept;
    static int on_verify(int accepted, X509_STORE_CTX* context);

private:
    void begin_call() noexcept;
    void free_buffers() noexcept;
    [[nodiscard]] io_result stopped(int returned) noexcept;
    [[nodiscard]] std::span<const char> next_record(std::span<const char> head, std::span<const char> body) noexcept;

    std::shared_ptr<openssl_context> context_;
    tls_socket socket_;
    ssl_ptr ssl_;
    std::string session_key_;
    tls_failure* refused_ = nullptr;  // during handshake()
    std::size_t unfinished_ = 0;      // data bytes of the record that OpenSSL has made and not yet sent
    bool strict_eof_ = false;         // a bare EOF is an error
    bool broken_ = false;             // TLS itself failed
};

}  // namespace hearth::net
