// What went wrong in TLS, in words.
#pragma once

#include "net/tls.hpp"
#include "net/tls_openssl.hpp"

#include <string>

namespace hearth::net {

/// The oldest error in OpenSSL's queue, which is the most exact; empties the queue. OpenSSL says nothing: a general code.
[[nodiscard]] error_code take_openssl_error() noexcept;

/// Why the verification that `context` stands in failed, at its current certificate.
[[nodiscard]] tls_failure describe_refused_certificate(X509_STORE_CTX* context);

/// Whom a certificate is for: its subjectAltName's DNS names and addresses, else its subject's common name. Printable; a few
/// at most.
[[nodiscard]] std::string names_in(const X509* certificate);

}  // namespace hearth::net
