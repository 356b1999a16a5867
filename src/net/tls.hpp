// TLS by OpenSSL 3, on the socket itself.
#pragma once

#include "net/fd.hpp"
#include "net/transport.hpp"

#include <hearth/error.hpp>
#include <hearth/options.hpp>

#include <cstddef>
#include <memory>
#include <string>

namespace hearth::net {

/// Verification, identity and remembered sessions of one tls_options. Shared by the connections of one agent; not
/// synchronised.
class tls_context {
public:
    /// Throws hearth::error (errc::invalid_option) naming the option and what OpenSSL says of it.
    [[nodiscard]] static std::shared_ptr<tls_context> make(const tls_options& options);
    virtual ~tls_context() = default;
    /// Sessions remembered now.
    [[nodiscard]] virtual std::size_t sessions() const noexcept = 0;
    /// Forgets the sessions of `key`: its handshake failed. A failed tls_handshake has done so already.
    virtual void forget_session(const std::string& key) = 0;
};

/// OpenSSL's error codes, in words where Hearth knows better ones. What TLS has against a peer, in tls_failure::cause and in
/// a transport's io_result::error; a socket's own errors are in the system category, and an end of the stream without
/// close_notify after response_begun() is errc::truncated_response.
[[nodiscard]] const boost::system::error_category& tls_category() noexcept;
/// OpenSSL's certificate verification results (X509_V_ERR_...), in tls_failure::cause.
[[nodiscard]] const boost::system::error_category& certificate_category() noexcept;

/// How a failed handshake is told.
struct tls_failure {
    errc code = errc::tls_failed;
    error_code cause{};  ///< OpenSSL's error or the certificate verification result
    std::string detail;  ///< in words: "self-signed certificate", "certificate is for a.example, not b.example"
};

/// A TLS transport in the making.
class tls_handshake {
public:
    /// `server_name` is a DNS name (sent as SNI and verified) or an IP address (verified only). Sessions are remembered
    /// under `session_key`; an empty one remembers none. REQUIRES: one `session_key` always comes with one `server_name`,
    /// since a resumed session is not verified again. Does no I/O; what is wrong with the name is told by the first step().
    [[nodiscard]] static std::unique_ptr<tls_handshake> begin(std::shared_ptr<tls_context> context, unique_fd socket,
                                                              const std::string& server_name,
                                                              const std::string& session_key);
    virtual ~tls_handshake() = default;
    /// Goes on as far as it can: done, want_read, want_write or failed.
    [[nodiscard]] virtual io step() = 0;
    /// After step() said failed.
    [[nodiscard]] virtual const tls_failure& why() const noexcept = 0;
    /// After step() said done: the transport. REQUIRES: once.
    [[nodiscard]] virtual std::unique_ptr<transport> finish() = 0;
    [[nodiscard]] virtual int fd() const noexcept = 0;
};

}  // namespace hearth::net
