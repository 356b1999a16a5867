#include "support/certificates.hpp"

#include "net/tls_openssl.hpp"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <utility>

namespace hearth::test {
namespace {

using net::bio_ptr;
using net::certificate_ptr;
using net::key_ptr;
using extension_ptr = std::unique_ptr<X509_EXTENSION, net::openssl_deleter<X509_EXTENSION_free>>;

void check(bool ok, const char* what) {
    if (!ok) throw std::runtime_error(std::string("test certificates: ") + what + " failed");
}

key_ptr make_key() {
    key_ptr key(EVP_EC_gen("P-256"));
    check(key != nullptr, "EVP_EC_gen");
    return key;
}

std::string text_of(BIO* bio) {
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio, &data);
    return {data, static_cast<std::size_t>(size)};
}

std::string pem(X509* certificate) {
    const bio_ptr out(BIO_new(BIO_s_mem()));
    check(PEM_write_bio_X509(out.get(), certificate) == 1, "PEM_write_bio_X509");
    return text_of(out.get());
}

std::string pem(EVP_PKEY* key) {
    const bio_ptr out(BIO_new(BIO_s_mem()));
    check(PEM_write_bio_PrivateKey(out.get(), key, nullptr, nullptr, 0, nullptr, nullptr) == 1, "PEM_write_bio_PrivateKey");
    return text_of(out.get());
}

// An unsigned certificate with a random serial number.
certificate_ptr draft(const certificate_spec& spec, EVP_PKEY* key) {
    certificate_ptr made(X509_new());
    check(made != nullptr && X509_set_version(made.get(), X509_VERSION_3) == 1, "X509_new");
    std::uint64_t serial = 0;
    check(RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial) == 1, "RAND_bytes");
    ASN1_INTEGER_set_uint64(X509_get_serialNumber(made.get()), serial >> 1U);
    const auto seconds = [](std::chrono::hours h) { return static_cast<long>(std::chrono::seconds(h).count()); };
    X509_gmtime_adj(X509_getm_notBefore(made.get()), seconds(spec.not_before));
    X509_gmtime_adj(X509_getm_notAfter(made.get()), seconds(spec.not_after));
    X509_NAME* subject = X509_get_subject_name(made.get());
    X509_NAME_add_entry_by_txt(subject, "O", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("Hearth tests"), -1, -1,
                               0);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(spec.common_name.c_str()),
                               -1, -1, 0);
    check(X509_set_pubkey(made.get(), key) == 1, "X509_set_pubkey");
    return made;
}

void extend(X509* made, X509* issuer, int nid, const std::string& value) {
    X509V3_CTX context{};
    X509V3_set_ctx(&context, issuer, made, nullptr, nullptr, 0);
    const extension_ptr extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
    check(extension != nullptr && X509_add_ext(made, extension.get(), -1) == 1, "X509V3_EXT_conf_nid");
}

std::string alternatives(const certificate_spec& spec) {
    std::string list;
    const auto add = [&](const char* kind, const std::string& value) {
        if (!list.empty()) list += ',';
        list += kind + value;
    };
    for (const std::string& name : spec.names) add("DNS:", name);
    for (const std::string& address : spec.addresses) add("IP:", address);
    return list;
}

void sign(X509* made, X509* issuer, EVP_PKEY* key) {
    check(X509_set_issuer_name(made, X509_get_subject_name(issuer)) == 1, "X509_set_issuer_name");
    extend(made, issuer, NID_subject_key_identifier, "hash");
    if (issuer != made) extend(made, issuer, NID_authority_key_identifier, "keyid:always");
    check(X509_sign(made, key, EVP_sha256()) > 0, "X509_sign");
}

void describe_leaf(X509* made, const certificate_spec& spec) {
    extend(made, made, NID_basic_constraints, "critical,CA:FALSE");
    extend(made, made, NID_key_usage, "critical,digitalSignature");
    extend(made, made, NID_ext_key_usage, "serverAuth,clientAuth");
    if (const std::string names = alternatives(spec); !names.empty()) extend(made, made, NID_subject_alt_name, names);
}

void describe_authority(X509* made) {
    extend(made, made, NID_basic_constraints, "critical,CA:TRUE");
    extend(made, made, NID_key_usage, "critical,keyCertSign,cRLSign");
}

certificate_spec authority_spec(const std::string& common_name) {
    return {.common_name = common_name, .names = {}, .addresses = {}, .not_before = std::chrono::hours{-48}};
}

}  // namespace

struct certificate_authority::state {
    key_ptr key;
    certificate_ptr certificate;
    std::string certificate_pem;
    std::string chain_pem;  // what goes along with an issued certificate
};

certificate_authority::certificate_authority(std::unique_ptr<state> made) : state_(std::move(made)) {}
certificate_authority::~certificate_authority() = default;
certificate_authority::certificate_authority(certificate_authority&&) noexcept = default;
certificate_authority& certificate_authority::operator=(certificate_authority&&) noexcept = default;

certificate_authority::certificate_authority(const std::string& common_name) : state_(std::make_unique<state>()) {
    state_->key = make_key();
    state_->certificate = draft(authority_spec(common_name), state_->key.get());
    describe_authority(state_->certificate.get());
    sign(state_->certificate.get(), state_->certificate.get(), state_->key.get());
    state_->certificate_pem = pem(state_->certificate.get());
}

const std::string& certificate_authority::certificate() const noexcept { return state_->certificate_pem; }

identity certificate_authority::issue(const certificate_spec& spec) const {
    const key_ptr key = make_key();
    const certificate_ptr made = draft(spec, key.get());
    describe_leaf(made.get(), spec);
    sign(made.get(), state_->certificate.get(), state_->key.get());
    return {pem(made.get()) + state_->chain_pem, pem(key.get())};
}

certificate_authority certificate_authority::intermediate(const std::string& common_name) const {
    auto lower = std::make_unique<state>();
    lower->key = make_key();
    lower->certificate = draft(authority_spec(common_name), lower->key.get());
    describe_authority(lower->certificate.get());
    sign(lower->certificate.get(), state_->certificate.get(), state_->key.get());
    lower->certificate_pem = pem(lower->certificate.get());
    lower->chain_pem = lower->certificate_pem + state_->chain_pem;
    return certificate_authority(std::move(lower));
}

identity self_signed(const certificate_spec& spec) {
    const key_ptr key = make_key();
    const certificate_ptr made = draft(spec, key.get());
    describe_leaf(made.get(), spec);
    sign(made.get(), made.get(), key.get());
    return {pem(made.get()), pem(key.get())};
}

std::string encrypt_key(const identity& id, const std::string& passphrase) {
    const bio_ptr in(BIO_new_mem_buf(id.key.data(), static_cast<int>(id.key.size())));
    const key_ptr key(PEM_read_bio_PrivateKey(in.get(), nullptr, nullptr, nullptr));
    check(key != nullptr, "PEM_read_bio_PrivateKey");
    const bio_ptr out(BIO_new(BIO_s_mem()));
    check(PEM_write_bio_PKCS8PrivateKey(out.get(), key.get(), EVP_aes_256_cbc(), passphrase.data(),
                                        static_cast<int>(passphrase.size()), nullptr, nullptr) == 1,
          "PEM_write_bio_PKCS8PrivateKey");
    return text_of(out.get());
}

const test_certificates& certificates() {
    static const test_certificates all = [] {
        using std::chrono::hours;
        certificate_authority authority;
        identity server = authority.issue({});
        identity client = authority.issue({.common_name = "hearth test client", .names = {}, .addresses = {}});
        identity expired = authority.issue({.not_before = hours{-48}, .not_after = hours{-24}});
        identity not_yet = authority.issue({.not_before = hours{24}, .not_after = hours{48}});
        identity wrong_host = authority.issue({.names = {"a.test", "b.test"}, .addresses = {}});
        return test_certificates{std::move(authority), std::move(server),     std::move(client),    std::move(expired),
                                 std::move(not_yet),   std::move(wrong_host), test::self_signed({})};
    }();
    return all;
}

temporary_file::temporary_file(const std::string& content)
    : path_((std::filesystem::temp_directory_path() / "hearth-test-XXXXXX").string()) {
    const int fd = ::mkstemp(path_.data());
    check(fd >= 0, "mkstemp");
    const ssize_t written = ::write(fd, content.data(), content.size());
    ::close(fd);
    check(written == static_cast<ssize_t>(content.size()), "writing a temporary file");
}

temporary_file::~temporary_file() { ::unlink(path_.c_str()); }

}  // namespace hearth::test
