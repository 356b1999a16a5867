// The parts of an http or https URL that a client needs.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace hearth {

/// An absolute http or https URL, taken apart and normalised: scheme and host in lower case, the port always there, an
/// empty path made "/", the fragment dropped (RFC 3986, 6; RFC 9110, 4.2).
struct url {
    bool tls = false;  ///< https
    std::string host;  ///< lower case, with its trailing dot if it has one; an IPv6 address in RFC 5952's form, unbracketed
    std::uint16_t port = 0;  ///< 80 or 443 when the URL names none
    std::string target;      ///< path and query, as they stand in the request line
    std::string userinfo;    ///< "user:password", percent-decoded, or empty; fit for Basic. Never shown in messages

    /// Parses `text`, of at most 64 KiB. Throws hearth::error with errc::invalid_url or errc::unsupported_scheme, naming
    /// what is wrong and what is allowed, with credentials and query left out. Stricter than RFC 3986 in the host: no
    /// percent-encoding, no zone ids, only what can be a name or an address. Laxer in the query: brackets may stand in it,
    /// as they often do.
    [[nodiscard]] static url parse(std::string_view text);

    /// "https://host:port", the port only where it is not the scheme's own.
    [[nodiscard]] std::string origin() const;
    /// The Host header's value: host, in brackets for IPv6, and the port where it is not the scheme's own.
    [[nodiscard]] std::string authority() const;
    /// The URL without credentials, query and fragment: fit for logs.
    [[nodiscard]] std::string redacted() const;
};

}  // namespace hearth
