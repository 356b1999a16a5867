// A TLS client that sees the wire as OpenSSL shows it.
#pragma once

#include "testing/raw_client.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace hearth::testing {

/// Trusts everybody. Every wait gives up after ten seconds; what fails fails with std::runtime_error.
class tls_client {
public:
    /// Connects and shakes hands.
    explicit tls_client(std::uint16_t port);
    ~tls_client();
    tls_client(const tls_client&) = delete;
    tls_client& operator=(const tls_client&) = delete;

    [[nodiscard]] raw_client& raw() noexcept { return raw_; }
    void send(std::string_view bytes);
    /// Sends a GET, and gives what comes first of the answer.
    std::string get(std::string_view target);
    /// What comes next; "" at the end.
    std::string some();
    /// How it ends, as SSL_get_error says: SSL_ERROR_ZERO_RETURN for close_notify, SSL_ERROR_SSL for a bare FIN,
    /// SSL_ERROR_SYSCALL with errno for a reset. Fails when bytes come.
    int end();
    /// Session tickets received so far. They are taken in by reading.
    [[nodiscard]] int tickets() const noexcept;
    /// Reads until so many have come; false when none comes for ten seconds.
    [[nodiscard]] bool wait_for_tickets(int count);
    /// Says goodbye: close_notify.
    void close_notify();

private:
    struct state;
    raw_client raw_;
    std::unique_ptr<state> state_;
};

}  // namespace hearth::testing
