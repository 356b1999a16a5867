#include "net/tls_transport.hpp"

#include <arpa/inet.h>

#include <array>
#include <cerrno>
#include <utility>

namespace hearth::net {
namespace {

constexpr std::size_t longest_name = 253;  // RFC 1035, 2.3.4

bool is_address(const std::string& text) noexcept {
    std::array<unsigned char, sizeof(in6_addr)> address{};
    return ::inet_pton(AF_INET, text.c_str(), address.data()) == 1 ||
           ::inet_pton(AF_INET6, text.c_str(), address.data()) == 1;
}

// A URL's host as certificates know it: no brackets or zone around an address, no root dot behind a name.
std::string bare_name(std::string name) {
    if (name.size() > 2 && name.front() == '[' && name.back() == ']') name = name.substr(1, name.size() - 2);
    if (const auto zone = name.find('%'); zone != std::string::npos && is_address(name.substr(0, zone))) name.resize(zone);
    if (name.size() > 1 && name.back() == '.') name.pop_back();
    return name;
}

class openssl_handshake final : public tls_handshake {
public:
    openssl_handshake(std::shared_ptr<openssl_context> context, unique_fd socket, const std::string& server_name,
                      const std::string& session_key)
        : transport_(std::make_unique<tls_transport>(std::move(context), std::move(socket), session_key)),
          socket_(transport_->fd()) {
        expect(bare_name(server_name));
        if (failed_ || session_key.empty()) return;
        if (const session_ptr session = transport_->context().session_cache().take(session_key))
            SSL_set_session(transport_->native(), session.get());
    }

    io step() override {
        if (failed_) return io::failed;
        const io_result result = transport_->handshake(failure_);
        if (result.state == io::want_read || result.state == io::want_write) return result.state;
        if (result.state == io::done && agreed()) return io::done;
        if (result.state != io::done) explain(result);
        failed_ = true;
        transport_->context().forget_session(transport_->session_key());
        return io::failed;
    }

    const tls_failure& why() const noexcept override { return failure_; }
    std::unique_ptr<transport> finish() override { return std::move(transport_); }
    int fd() const noexcept override { return socket_; }

private:
    void fail(errc code, std::string detail) {
        failed_ = true;
        failure_ = {.code = code, .cause = {}, .detail = std::move(detail)};
    }

    // Whom the server must prove to be.
    void expect(const std::string& name) {
        SSL* ssl = transport_->native();
        const bool address = is_address(name);
        // OpenSSL takes an empty name for "any", and a leading dot for "any below".
        if (name.empty() || name.size() > longest_name || name.front() == '.' || name.find('\0') != std::string::npos)
            return fail(errc::certificate_host_mismatch,
                        "no certificate can be for the name \"" + name.substr(0, longest_name) + '"');
        if (!address && SSL_set_tlsext_host_name(ssl, name.c_str()) != 1)
            return fail(errc::tls_failed, "the name \"" + name + "\" cannot be sent to the server");
        if (!transport_->context().verifies()) return;
        X509_VERIFY_PARAM* wanted = SSL_get0_param(ssl);
        const int set = address ? X509_VERIFY_PARAM_set1_ip_asc(wanted, name.c_str())
                                : X509_VERIFY_PARAM_set1_host(wanted, name.data(), name.size());
        if (set != 1) fail(errc::certificate_host_mismatch, "no certificate can be for the name \"" + name + '"');
    }

    // Not every OpenSSL checks that what the server chose by ALPN had been offered.
    bool agreed() {
        const std::string_view protocol = transport_->alpn();
        if (protocol.empty() || transport_->context().offered(protocol)) return true;
        failure_ = {.code = errc::tls_failed, .cause = {}, .detail = "the server chose a protocol that was not offered"};
        return false;
    }

    void explain(const io_result& result) {
        if (failure_.code != errc::tls_failed) return;  // the certificate was refused, and on_verify has said why
        failure_.cause = result.error;
        if (result.state == io::closed) {
            failure_.detail = "the server closed the connection during the TLS handshake";
        } else if (result.error == error_code(ECONNRESET, boost::system::system_category())) {
            failure_.detail = "the server reset the connection during the TLS handshake";
        } else {
            failure_.detail = result.error.message();
        }
    }

    std::unique_ptr<tls_transport> transport_;
    int socket_;
    tls_failure failure_;
    bool failed_ = false;
};

}  // namespace

std::unique_ptr<tls_handshake> tls_handshake::begin(std::shared_ptr<tls_context> context, unique_fd socket,
                                                    const std::string& server_name, const std::string& session_key) {
    // There is no other kind of tls_context.
    return std::make_unique<openssl_handshake>(std::static_pointer_cast<openssl_context>(std::move(context)),
                                               std::move(socket), server_name, session_key);
}

}  // namespace hearth::net
