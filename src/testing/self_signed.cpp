#include "testing/self_signed.hpp"

#include "net/tls_openssl.hpp"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <cstdint>
#include <memory>
#include <stdexcept>

namespace hearth::testing {
namespace {

using net::bio_ptr;
using net::certificate_ptr;
using net::key_ptr;
using extension_ptr = std::unique_ptr<X509_EXTENSION, net::openssl_deleter<X509_EXTENSION_free>>;

constexpr long hour_s = 3'600;

void require(bool ok, const char* what) {
    if (!ok) throw std::runtime_error(std::string("faulty_origin: making a certificate: ") + what + " failed");
}

void extend(X509* certificate, int nid, const std::string& value) {
    X509V3_CTX context{};
    X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
    const extension_ptr extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
    require(extension != nullptr && X509_add_ext(certificate, extension.get(), -1) == 1, "an extension");
}

void number(X509* certificate) {
    std::uint64_t serial = 0;
    require(RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial) == 1, "RAND_bytes");
    require(ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial >> 1U) == 1, "its number");
}

template <class Write>
std::string pem(const Write& write) {
    const bio_ptr out(BIO_new(BIO_s_mem()));
    require(out != nullptr && write(out.get()) == 1, "PEM");
    char* data = nullptr;
    const long size = BIO_get_mem_data(out.get(), &data);
    return {data, static_cast<std::size_t>(size)};
}

}  // namespace

pem_identity make_self_signed(std::string_view address) {
    const key_ptr key(EVP_EC_gen("P-256"));
    const certificate_ptr made(X509_new());
    require(key != nullptr && made != nullptr && X509_set_version(made.get(), X509_VERSION_3) == 1, "a key");
    number(made.get());
    X509_gmtime_adj(X509_getm_notBefore(made.get()), -hour_s);
    X509_gmtime_adj(X509_getm_notAfter(made.get()), 24 * hour_s);
    X509_NAME* name = X509_get_subject_name(made.get());
    constexpr std::string_view common_name = "hearth faulty origin";
    require(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(common_name.data()),
                                       static_cast<int>(common_name.size()), -1, 0) == 1,
            "its name");
    require(X509_set_issuer_name(made.get(), name) == 1 && X509_set_pubkey(made.get(), key.get()) == 1, "its issuer");
    extend(made.get(), NID_basic_constraints, "critical,CA:FALSE");
    extend(made.get(), NID_ext_key_usage, "serverAuth");
    extend(made.get(), NID_subject_key_identifier, "hash");
    extend(made.get(), NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1,IP:::1,IP:" + std::string(address));
    require(X509_sign(made.get(), key.get(), EVP_sha256()) > 0, "signing");
    return {pem([&](BIO* out) { return PEM_write_bio_X509(out, made.get()); }),
            pem([&](BIO* out) { return PEM_write_bio_PrivateKey(out, key.get(), nullptr, nullptr, 0, nullptr, nullptr); })};
}

}  // namespace hearth::testing
