// Whom to trust: stores of authorities, shared by the contexts of the process that trust the same ones.
#pragma once

#include "net/tls_openssl.hpp"

#include <memory>
#include <string>
#include <vector>

namespace hearth::net {

using trust_store = std::shared_ptr<X509_STORE>;

/// The system's authorities, or what SSL_CERT_FILE and SSL_CERT_DIR name instead. Thread-safe. Reading a whole bundle costs
/// some 50 ms, so it is put off until the hashed directory has not got the authority of a certificate.
[[nodiscard]] trust_store system_trust_store();

/// The authorities in PEM texts. `option` names where the first came from, in the error (hearth::error,
/// errc::invalid_option) when one does not parse or holds no certificate. Thread-safe.
struct pem_source {
    std::string option;
    std::string text;
};
[[nodiscard]] trust_store pem_trust_store(const std::vector<pem_source>& sources);

/// All certificates in a PEM text, in order; throws as above.
[[nodiscard]] std::vector<certificate_ptr> read_certificates(const pem_source& source);

/// Throws hearth::error (errc::invalid_option) saying what is wrong with tls_options::`option`.
[[noreturn]] void refuse_option(const std::string& option, const std::string& what);

}  // namespace hearth::net
