// SSLKEYLOGFILE: session secrets for those who debug with a packet analyser.
#pragma once

#include "net/fd.hpp"
#include "net/tls_openssl.hpp"

#include <memory>
#include <utility>

namespace hearth::net {

/// A key log (in the format of draft-ietf-tls-keylogfile), appended to line by line. Thread-safe.
class tls_key_log {
public:
    /// The file that the environment variable SSLKEYLOGFILE names, shared by the contexts of the process; null when it names
    /// none, the file cannot be opened, or the process runs with privileges that its user has not.
    [[nodiscard]] static std::shared_ptr<tls_key_log> open();
    /// OpenSSL's callback; the log is the SSL_CTX's app data.
    static void on_line(const SSL* connection, const char* line);

    explicit tls_key_log(unique_fd file) noexcept : file_(std::move(file)) {}

private:
    unique_fd file_;
};

}  // namespace hearth::net
