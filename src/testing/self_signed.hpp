// A certificate for the occasion.
#pragma once

#include <string>
#include <string_view>

namespace hearth::testing {

struct pem_identity {
    std::string certificate;
    std::string key;
};

/// A new P-256 key and a certificate that it has signed itself: for localhost, 127.0.0.1, ::1 and `address` (an IP address),
/// from an hour ago to a day from now. Throws std::runtime_error when OpenSSL cannot.
[[nodiscard]] pem_identity make_self_signed(std::string_view address);

}  // namespace hearth::testing
