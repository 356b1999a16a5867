// What tls_context::make takes and refuses, and where the system's authorities come from.
#include "tls_peer.hpp"

#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <sys/stat.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>

namespace hearth::net::test {
namespace {

// What make() says of these options; "taken" if nothing.
std::string refusal(const tls_options& options) {
    try {
        (void)tls_context::make(options);
    } catch (const error& e) {
        EXPECT_EQ(e.info().code, errc::invalid_option);
        return e.info().detail;
    }
    return "taken";
}

// An environment variable for as long as the object lives.
class environment {
public:
    environment(const char* name, const std::string& value) : name_(name) {
        if (const char* old = std::getenv(name)) old_ = old;
        ::setenv(name, value.c_str(), 1);
    }
    ~environment() {
        if (old_)
            ::setenv(name_, old_->c_str(), 1);
        else
            ::unsetenv(name_);
    }
    environment(const environment&) = delete;
    environment& operator=(const environment&) = delete;

private:
    const char* name_;
    std::optional<std::string> old_;
};

class temporary_folder {
public:
    temporary_folder() {
        path_ = (std::filesystem::temp_directory_path() / "hearth-test-XXXXXX").string();
        if (::mkdtemp(path_.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
    }
    ~temporary_folder() { std::filesystem::remove_all(path_); }
    temporary_folder(const temporary_folder&) = delete;
    temporary_folder& operator=(const temporary_folder&) = delete;
    [[nodiscard]] const std::string& path() const { return path_; }

private:
    std::string path_;
};

TEST(tls_context, takes_defaults) { EXPECT_EQ(refusal({}), "taken"); }

TEST(tls_context, refuses_what_is_no_authority) {
    tls_options options;
    options.ca = "not PEM";
    EXPECT_EQ(refusal(options), "tls.ca: holds no certificate in PEM form");
    options.ca = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    EXPECT_EQ(refusal(options).rfind("tls.ca: a certificate in it cannot be read (", 0), 0U) << refusal(options);
    options.ca.clear();
    options.ca_file = "/nowhere/ca.pem";
    EXPECT_EQ(refusal(options), "tls.ca_file: /nowhere/ca.pem cannot be read: No such file or directory");
    options.ca_file = "/";
    EXPECT_EQ(refusal(options), "tls.ca_file: / cannot be read: Is a directory");
    const temporary_file empty("");
    options.ca_file = empty.path();
    EXPECT_EQ(refusal(options), "tls.ca_file: " + empty.path() + " is empty");
    // Also when nothing will be verified with it.
    options.reject_unauthorized = false;
    EXPECT_EQ(refusal(options), "tls.ca_file: " + empty.path() + " is empty");
}

TEST(tls_context, refuses_half_an_identity) {
    tls_options options;
    options.cert = certificates().client.certificate;
    EXPECT_EQ(refusal(options), "tls.key: missing; a client certificate needs its key");
    options.cert.clear();
    options.key = certificates().client.key;
    EXPECT_EQ(refusal(options), "tls.cert: missing; a client's key needs its certificate");
    options.cert = certificates().client.certificate;
    options.cert_file = "/etc/client.pem";
    EXPECT_EQ(refusal(options), "tls.cert: given together with tls.cert_file; give one of them");
}

TEST(tls_context, refuses_keys_it_cannot_use) {
    tls_options options;
    options.cert = certificates().client.certificate;
    options.key = certificates().server.key;
    EXPECT_EQ(refusal(options), "tls.key: does not belong to the certificate in tls.cert");
    options.key = "no key";
    EXPECT_EQ(refusal(options).rfind("tls.key: holds no private key in PEM form", 0), 0U) << refusal(options);
    options.key = hearth::test::encrypt_key(certificates().client, "secret");
    EXPECT_EQ(refusal(options), "tls.key: the key is protected by a passphrase; give it without one");
    const temporary_file file(options.key);
    options.key.clear();
    options.key_file = file.path();
    EXPECT_EQ(refusal(options), "tls.key_file: the key is protected by a passphrase; give it without one");
}

TEST(tls_context, refuses_bad_alpn_names) {
    tls_options options;
    options.alpn = {"http/1.1", ""};
    EXPECT_EQ(refusal(options), "tls.alpn: a protocol's name has 0 bytes; 1 to 255 are allowed");
    options.alpn = {std::string(256, 'x')};
    EXPECT_EQ(refusal(options), "tls.alpn: a protocol's name has 256 bytes; 1 to 255 are allowed");
    options.alpn.assign(300, std::string(255, 'x'));
    EXPECT_EQ(refusal(options), "tls.alpn: the protocols' names together have over 65,533 bytes");
}

TEST(tls_context, trusts_a_file_and_a_text_together) {
    const hearth::test::certificate_authority other("another authority");
    const temporary_file file(other.certificate());
    tls_options options = trusting();
    options.ca_file = file.path();
    const auto context = tls_context::make(options);
    server ours;
    EXPECT_TRUE(connect(context, ours));
    server theirs({.id = other.issue({})});
    EXPECT_TRUE(connect(context, theirs));
}

TEST(tls_context, the_systems_authorities_are_a_bundle) {
    const temporary_folder empty;
    const temporary_file bundle(hearth::test::certificate_authority("first").certificate() +
                                certificates().authority.certificate());
    const environment file("SSL_CERT_FILE", bundle.path());
    const environment folder("SSL_CERT_DIR", empty.path());
    const auto context = tls_context::make({});
    server origin;
    for (int i = 0; i < 3; ++i) {
        const connection c = connect(context, origin, {.session_key = ""});
        EXPECT_TRUE(c) << c.failure.detail;
    }
    server unknown({.id = hearth::test::certificate_authority("other").issue({})});
    EXPECT_EQ(connect(context, unknown).failure.code, errc::certificate_untrusted);
}

TEST(tls_context, the_systems_authorities_are_a_hashed_folder) {
    const temporary_folder hashed;
    const std::string& text = certificates().authority.certificate();
    const bio_ptr source(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
    const certificate_ptr authority(PEM_read_bio_X509(source.get(), nullptr, nullptr, nullptr));
    ASSERT_TRUE(authority);
    std::array<char, 16> name{};
    std::snprintf(name.data(), name.size(), "%08lx.0",
                  X509_NAME_hash_ex(X509_get_subject_name(authority.get()), nullptr, nullptr, nullptr));
    std::ofstream(hashed.path() + '/' + name.data()) << text;
    const environment file("SSL_CERT_FILE", "/nowhere/bundle.pem");
    const environment folder("SSL_CERT_DIR", hashed.path());
    server origin;
    const connection c = connect(tls_context::make({}), origin);
    EXPECT_TRUE(c) << c.failure.detail;
    server unknown({.id = hearth::test::certificate_authority("other").issue({})});
    EXPECT_EQ(connect(tls_context::make({}), unknown).failure.code, errc::certificate_untrusted);
}

TEST(tls_context, key_log) {
    const temporary_folder folder;
    const std::string path = folder.path() + "/keys";
    const environment log("SSLKEYLOGFILE", path);
    server origin;
    const auto context = trusting_context();
    ASSERT_TRUE(connect(context, origin));
    ASSERT_TRUE(connect(trusting_context(), origin));
    struct stat about {};
    ASSERT_EQ(::stat(path.c_str(), &about), 0);
    EXPECT_EQ(about.st_mode & 07777U, 0600U);
    std::ifstream lines(path);
    std::size_t clients = 0;
    for (std::string line; std::getline(lines, line);)
        if (line.rfind("CLIENT_TRAFFIC_SECRET_0 ", 0) == 0) ++clients;
    EXPECT_EQ(clients, 2U);
}

}  // namespace
}  // namespace hearth::net::test
