#include "net/tls_errors.hpp"

#include "values/text.hpp"

#include <arpa/inet.h>

#include <openssl/tls1.h>

#include <array>
#include <ctime>
#include <string_view>
#include <vector>

namespace hearth::net {
namespace {

// Alerts come back as errors whose reason is this plus the alert's number.
constexpr int alert_offset = SSL_AD_REASON_OFFSET;

constexpr std::size_t longest_shown = 128;

// OpenSSL names most alerts, and the youngest ones only in its errors ("tlsv13 alert certificate required").
std::string_view alert_name(unsigned long code) {
    const std::string_view name = SSL_alert_desc_string_long(ERR_GET_REASON(code) - alert_offset);
    const char* reason = ERR_reason_error_string(code);
    if (name != "unknown" || reason == nullptr) return name;
    const std::string_view text = reason;
    constexpr std::string_view before = "alert ";
    const auto at = text.find(before);
    return at == std::string_view::npos ? text : text.substr(at + before.size());
}

std::string describe_reason(unsigned long code) {
    const int reason = ERR_GET_REASON(code);
    if (ERR_GET_LIB(code) == ERR_LIB_SSL) {
        if (reason > alert_offset) return "the server ended TLS with the alert " + values::in_quotes(alert_name(code));
        switch (reason) {
            case SSL_R_WRONG_VERSION_NUMBER:
            case SSL_R_HTTP_REQUEST:
            case SSL_R_PACKET_LENGTH_TOO_LONG:
            case SSL_R_BAD_RECORD_TYPE: return "what the server sent is not TLS";
            case SSL_R_UNSUPPORTED_PROTOCOL: return "the server speaks only TLS versions older than 1.2";
            case SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC: return "a record was damaged on the way";
            default: break;
        }
    }
    return {};
}

// Categories are never deleted through their base, whose destructor is protected.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wnon-virtual-dtor"

// The value is OpenSSL's packed code, of which the top bit only says that it is an errno.
class tls_category_type final : public boost::system::error_category {
public:
    constexpr tls_category_type() noexcept : error_category(0x5a0e6f9b12c4d873) {}
    const char* name() const noexcept override { return "hearth.tls"; }
    std::string message(int value) const override {
        const auto code = static_cast<unsigned long>(value);
        if (std::string words = describe_reason(code); !words.empty()) return words;
        if (const char* reason = ERR_reason_error_string(code)) return reason;
        return "TLS error " + std::to_string(value);
    }
};

class certificate_category_type final : public boost::system::error_category {
public:
    constexpr certificate_category_type() noexcept : error_category(0xc81d24e7503fa96b) {}
    const char* name() const noexcept override { return "hearth.certificate"; }
    std::string message(int value) const override { return X509_verify_cert_error_string(value); }
};

#pragma GCC diagnostic pop

constinit const tls_category_type the_tls_category;
constinit const certificate_category_type the_certificate_category;

std::string_view text_of(const ASN1_STRING* string) noexcept {
    return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(string)),
            static_cast<std::size_t>(ASN1_STRING_length(string))};
}

// The peer wrote these names, so they are not trusted to be printable or short.
std::string shown(std::string_view text) { return values::printable(text.substr(0, longest_shown)); }

std::string_view common_name(const X509_NAME* name) noexcept {
    const int at = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
    if (at < 0) return {};
    return text_of(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
}

// The common name in quotes, or what else the name consists of.
std::string title(const X509_NAME* name) {
    if (const std::string_view common = common_name(name); !common.empty()) return values::in_quotes(common, longest_shown);
    const bio_ptr text(BIO_new(BIO_s_mem()));
    char* data = nullptr;
    if (!text || X509_NAME_print_ex(text.get(), name, 0, XN_FLAG_RFC2253) < 0) return "(no name)";
    const long size = BIO_get_mem_data(text.get(), &data);
    return size > 0 ? values::in_quotes({data, static_cast<std::size_t>(size)}, longest_shown) : "(no name)";
}

std::string date(const ASN1_TIME* time) {
    std::tm parts{};
    std::array<char, 32> text{};
    if (ASN1_TIME_to_tm(time, &parts) != 1 || std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M UTC", &parts) == 0)
        return "an unreadable date";
    return text.data();
}

std::string address(const ASN1_OCTET_STRING* octets) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    const int family = ASN1_STRING_length(octets) == 4 ? AF_INET : AF_INET6;
    if (family == AF_INET6 && ASN1_STRING_length(octets) != 16) return "?";
    ::inet_ntop(family, ASN1_STRING_get0_data(octets), text.data(), static_cast<socklen_t>(text.size()));
    return text.data();
}

using alternative_names = std::unique_ptr<GENERAL_NAMES, openssl_deleter<GENERAL_NAMES_free>>;

std::vector<std::string> alternatives(const X509* certificate) {
    std::vector<std::string> names;
    const alternative_names list(
        static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
    for (int i = 0; list && i < sk_GENERAL_NAME_num(list.get()); ++i) {
        const GENERAL_NAME* name = sk_GENERAL_NAME_value(list.get(), i);
        if (name->type == GEN_DNS) names.push_back(shown(text_of(name->d.dNSName)));
        if (name->type == GEN_IPADD) names.push_back(address(name->d.iPAddress));
    }
    return names;
}

// What was asked for, as the verification knows it.
std::string wanted_name(X509_STORE_CTX* context) {
    X509_VERIFY_PARAM* wanted = X509_STORE_CTX_get0_param(context);
    if (const char* host = X509_VERIFY_PARAM_get0_host(wanted, 0)) return host;
    struct free_text {
        void operator()(char* text) const noexcept { OPENSSL_free(text); }
    };
    const std::unique_ptr<char, free_text> ip(X509_VERIFY_PARAM_get1_ip_asc(wanted));
    return ip ? ip.get() : "what was asked for";
}

std::string whose(X509_STORE_CTX* context, const X509* certificate) {
    if (X509_STORE_CTX_get_error_depth(context) == 0) return "the server's certificate";
    return "the authority's certificate " + title(X509_get_subject_name(certificate));
}

}  // namespace

const boost::system::error_category& tls_category() noexcept { return the_tls_category; }
const boost::system::error_category& certificate_category() noexcept { return the_certificate_category; }

error_code take_openssl_error() noexcept {
    unsigned long code = ERR_get_error();
    ERR_clear_error();
    if (code == 0) code = ERR_PACK(ERR_LIB_SSL, 0, ERR_R_INTERNAL_ERROR);
    if (ERR_SYSTEM_ERROR(code)) return {ERR_GET_REASON(code), boost::system::system_category()};
    return {static_cast<int>(code), the_tls_category};
}

std::string names_in(const X509* certificate) {
    constexpr std::size_t most = 6;
    std::vector<std::string> names = alternatives(certificate);
    if (names.empty()) {
        const std::string_view common = common_name(X509_get_subject_name(certificate));
        return common.empty() ? "no host" : shown(common);
    }
    std::string list;
    for (std::size_t i = 0; i < names.size() && i < most; ++i) list += (i == 0 ? "" : ", ") + names[i];
    if (names.size() > most) list += " and " + std::to_string(names.size() - most) + " more";
    return list;
}

tls_failure describe_refused_certificate(X509_STORE_CTX* context) {
    const int why = X509_STORE_CTX_get_error(context);
    const X509* certificate = X509_STORE_CTX_get_current_cert(context);
    tls_failure failure{.code = errc::certificate_untrusted, .cause = {why, the_certificate_category}, .detail = {}};
    if (certificate == nullptr) {
        failure.detail = X509_verify_cert_error_string(why);
        return failure;
    }
    switch (why) {
        case X509_V_ERR_CERT_HAS_EXPIRED:
            failure.code = errc::certificate_expired;
            failure.detail = whose(context, certificate) + " expired on " + date(X509_get0_notAfter(certificate));
            break;
        case X509_V_ERR_CERT_NOT_YET_VALID:
            failure.code = errc::certificate_expired;
            failure.detail = whose(context, certificate) + " is not valid before " + date(X509_get0_notBefore(certificate));
            break;
        case X509_V_ERR_HOSTNAME_MISMATCH:
        case X509_V_ERR_IP_ADDRESS_MISMATCH:
            failure.code = errc::certificate_host_mismatch;
            failure.detail = "the certificate is for " + names_in(certificate) + "; not " + wanted_name(context);
            break;
        case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
            failure.detail = "the server's certificate " + title(X509_get_subject_name(certificate)) + " is self-signed";
            break;
        case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
            failure.detail = "the authority " + title(X509_get_subject_name(certificate)) + " is not trusted";
            break;
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
        case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
            failure.detail = whose(context, certificate) + " is signed by " + title(X509_get_issuer_name(certificate)) +
                             ", an unknown authority";
            break;
        default: failure.detail = whose(context, certificate) + ": " + X509_verify_cert_error_string(why); break;
    }
    return failure;
}

}  // namespace hearth::net
