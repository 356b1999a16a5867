#include "net/tls_context.hpp"

#include "net/tls_errors.hpp"
#include "net/tls_key_log.hpp"
#include "net/tls_transport.hpp"

#include <openssl/pem.h>

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <new>
#include <system_error>
#include <utility>
#include <vector>

namespace hearth::net {
namespace {

constexpr std::size_t largest_pem = std::size_t{16} * 1024 * 1024;

std::string read_file(const char* option, const std::string& path) {
    const unique_fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    std::string content;
    std::array<char, 16 * 1024> piece{};
    ssize_t size = file ? 1 : -1;
    while (size > 0 && content.size() <= largest_pem) {
        size = ::read(file.get(), piece.data(), piece.size());
        if (size > 0) content.append(piece.data(), static_cast<std::size_t>(size));
    }
    if (size < 0) refuse_option(option, path + " cannot be read: " + std::generic_category().message(errno));
    if (content.empty()) refuse_option(option, path + " is empty");
    return content;
}

// An option that is given as text or as a file's path.
pem_source load(const char* text_option, const std::string& text, const char* file_option, const std::string& path) {
    if (!text.empty() && !path.empty())
        refuse_option(text_option, std::string("given together with tls.") + file_option + "; give one of them");
    pem_source source = path.empty() ? pem_source{text_option, text} : pem_source{file_option, read_file(file_option, path)};
    if (source.text.size() > largest_pem) refuse_option(source.option, "larger than 16 MiB");
    return source;
}

// Called for the passphrase of a protected key. There is nobody to ask.
int no_passphrase(char* /*into*/, int /*size*/, int /*writing*/, void* asked) {
    *static_cast<bool*>(asked) = true;
    return -1;
}

key_ptr read_key(const pem_source& source) {
    ERR_clear_error();
    const bio_ptr text(BIO_new_mem_buf(source.text.data(), static_cast<int>(source.text.size())));
    bool asked = false;
    key_ptr key(text ? PEM_read_bio_PrivateKey(text.get(), nullptr, no_passphrase, &asked) : nullptr);
    if (key) return key;
    const error_code cause = take_openssl_error();
    if (asked) refuse_option(source.option, "the key is protected by a passphrase; give it without one");
    refuse_option(source.option, "holds no private key in PEM form that can be read (" + cause.message() + ")");
}

void configure(SSL_CTX* context) {
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    // A bare EOF is told from close_notify by tls_transport, which knows when it matters. Left to OpenSSL it would write an
    // alert and spoil the session.
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_IGNORE_UNEXPECTED_EOF);
#ifdef SSL_OP_ENABLE_KTLS
    SSL_CTX_clear_options(context, SSL_OP_ENABLE_KTLS);  // openssl.cnf may have set it
#endif
    SSL_CTX_set_mode(context, SSL_MODE_AUTO_RETRY | SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_NO_AUTO_CHAIN);
    SSL_CTX_set_read_ahead(context, 0);
}

}  // namespace

std::shared_ptr<tls_context> tls_context::make(const tls_options& options) {
    return std::make_shared<openssl_context>(options);
}

openssl_context::openssl_context(const tls_options& options)
    : context_(SSL_CTX_new(TLS_client_method())), sessions_(options.session_cache), verifies_(options.reject_unauthorized) {
    if (!context_) throw error(errc::tls_failed, "OpenSSL cannot be used: " + take_openssl_error().message());
    configure(context_.get());
    trust(options);
    identify(options);
    offer(options.alpn);
    if (sessions_.capacity() > 0) {
        SSL_CTX_set_session_cache_mode(context_.get(), SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
        SSL_CTX_sess_set_new_cb(context_.get(), tls_transport::on_new_session);
    } else {
        SSL_CTX_set_session_cache_mode(context_.get(), SSL_SESS_CACHE_OFF);
    }
    key_log_ = tls_key_log::open();
    if (key_log_) {
        SSL_CTX_set_app_data(context_.get(), key_log_.get());
        SSL_CTX_set_keylog_callback(context_.get(), tls_key_log::on_line);
    }
}

void openssl_context::trust(const tls_options& options) {
    std::vector<pem_source> authorities;
    if (!options.ca.empty()) authorities.push_back(load("ca", options.ca, "ca_file", {}));
    if (!options.ca_file.empty()) authorities.push_back(load("ca", {}, "ca_file", options.ca_file));
    // Made, and so checked, even when nothing will be verified.
    const trust_store store = authorities.empty() ? nullptr : pem_trust_store(authorities);
    X509_VERIFY_PARAM* how = SSL_CTX_get0_param(context_.get());
    X509_VERIFY_PARAM_set_hostflags(how, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    if (!verifies_) {
        // Not even looked at: verifying only to ignore the outcome would cost as much as verifying.
        SSL_CTX_set_cert_verify_callback(
            context_.get(), [](X509_STORE_CTX*, void*) { return 1; }, nullptr);
        return;
    }
    SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, tls_transport::on_verify);
    if (!store) {
        needs_system_store_ = true;
        return;
    }
    // Whoever names an intermediate authority means it.
    X509_VERIFY_PARAM_set_flags(how, X509_V_FLAG_PARTIAL_CHAIN);
    SSL_CTX_set1_cert_store(context_.get(), store.get());
}

void openssl_context::identify(const tls_options& options) {
    const pem_source chain = load("cert", options.cert, "cert_file", options.cert_file);
    const pem_source secret = load("key", options.key, "key_file", options.key_file);
    if (chain.text.empty() && secret.text.empty()) return;
    if (secret.text.empty()) refuse_option("key", "missing; a client certificate needs its key");
    if (chain.text.empty()) refuse_option("cert", "missing; a client's key needs its certificate");

    const auto certificates = read_certificates(chain);
    const key_ptr key = read_key(secret);
    if (SSL_CTX_use_certificate(context_.get(), certificates.front().get()) != 1)
        refuse_option(chain.option, "OpenSSL does not take the certificate (" + take_openssl_error().message() + ")");
    for (std::size_t i = 1; i < certificates.size(); ++i)
        if (SSL_CTX_add1_chain_cert(context_.get(), certificates[i].get()) != 1)
            refuse_option(chain.option, "OpenSSL does not take the chain (" + take_openssl_error().message() + ")");
    if (X509_check_private_key(certificates.front().get(), key.get()) != 1) {
        ERR_clear_error();
        refuse_option(secret.option, "does not belong to the certificate in tls." + chain.option);
    }
    if (SSL_CTX_use_PrivateKey(context_.get(), key.get()) != 1)
        refuse_option(secret.option, "OpenSSL does not take the key (" + take_openssl_error().message() + ")");
}

void openssl_context::offer(const std::vector<std::string>& protocols) {
    constexpr std::size_t longest_name = 255;
    constexpr std::size_t longest_list = 65'533;  // RFC 7301, 3.1
    for (const std::string& name : protocols) {
        if (name.empty() || name.size() > longest_name)
            refuse_option("alpn", "a protocol's name has " + std::to_string(name.size()) + " bytes; 1 to 255 are allowed");
        alpn_ += static_cast<char>(name.size());
        alpn_ += name;
    }
    if (alpn_.size() > longest_list) refuse_option("alpn", "the protocols' names together have over 65,533 bytes");
    if (alpn_.empty()) return;
    // Unlike most of OpenSSL, 0 is success.
    if (SSL_CTX_set_alpn_protos(context_.get(), reinterpret_cast<const unsigned char*>(alpn_.data()),
                                static_cast<unsigned int>(alpn_.size())) != 0)
        throw std::bad_alloc();
}

bool openssl_context::offered(std::string_view protocol) const noexcept {
    for (std::string_view rest = alpn_; !rest.empty();) {
        const auto size = static_cast<unsigned char>(rest.front());
        if (rest.substr(1, size) == protocol) return true;
        rest.remove_prefix(std::size_t{1} + size);
    }
    return false;
}

ssl_ptr openssl_context::new_connection() {
    if (needs_system_store_) {
        // Not before a connection is made: an agent for http has no use for it.
        SSL_CTX_set1_cert_store(context_.get(), system_trust_store().get());
        needs_system_store_ = false;
    }
    ssl_ptr connection(SSL_new(context_.get()));
    if (!connection) throw std::bad_alloc();
    SSL_set_connect_state(connection.get());
    return connection;
}

}  // namespace hearth::net
