// Certificates for tests, made when they are asked for: nothing in the repository expires.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace hearth::test {

/// A certificate (with its chain) and its key, as PEM text.
struct identity {
    std::string certificate;
    std::string key;
};

/// What a certificate is to say.
struct certificate_spec {
    std::string common_name = "hearth test server";
    std::vector<std::string> names{"localhost"};             ///< DNS names
    std::vector<std::string> addresses{"127.0.0.1", "::1"};  ///< IP addresses
    std::chrono::hours not_before{-24};                      ///< from now
    std::chrono::hours not_after{24};                        ///< from now
};

/// A certificate authority with EC P-256 keys. Throws std::runtime_error when OpenSSL fails. Thread-safe after construction.
class certificate_authority {
public:
    explicit certificate_authority(const std::string& common_name = "hearth test authority");
    ~certificate_authority();
    certificate_authority(certificate_authority&&) noexcept;
    certificate_authority& operator=(certificate_authority&&) noexcept;

    /// The authority's own certificate.
    [[nodiscard]] const std::string& certificate() const noexcept;
    [[nodiscard]] identity issue(const certificate_spec& spec) const;
    /// A lower authority, which sends its own certificate along with those that it issues.
    [[nodiscard]] certificate_authority intermediate(const std::string& common_name) const;

private:
    struct state;
    explicit certificate_authority(std::unique_ptr<state> made);
    std::unique_ptr<state> state_;
};

/// Signed by nobody but itself.
[[nodiscard]] identity self_signed(const certificate_spec& spec);
/// The key of `id`, protected by a passphrase.
[[nodiscard]] std::string encrypt_key(const identity& id, const std::string& passphrase);

/// One authority for the whole process and what it has issued: each member is made once.
struct test_certificates {
    certificate_authority authority;
    identity server;       ///< localhost, 127.0.0.1, ::1
    identity client;       ///< for client authentication
    identity expired;      ///< as server, since yesterday
    identity not_yet;      ///< as server, from tomorrow
    identity wrong_host;   ///< a.test, b.test
    identity self_signed;  ///< as server, of no authority
};
[[nodiscard]] const test_certificates& certificates();

/// A file with the given content, readable by its owner only, removed with the object.
class temporary_file {
public:
    explicit temporary_file(const std::string& content);
    ~temporary_file();
    temporary_file(const temporary_file&) = delete;
    temporary_file& operator=(const temporary_file&) = delete;
    [[nodiscard]] const std::string& path() const noexcept { return path_; }

private:
    std::string path_;
};

}  // namespace hearth::test
