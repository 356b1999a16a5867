#include "net/tls_store.hpp"

#include "net/tls_errors.hpp"

#include <hearth/error.hpp>

#include <openssl/pem.h>

#include <array>
#include <cstdlib>
#include <map>
#include <mutex>
#include <new>
#include <utility>

namespace hearth::net {
namespace {

// The stores in use, by a digest of what they hold.
class shared_stores {
public:
    template <class Make>
    trust_store get(const std::string& key, Make make) {
        const std::scoped_lock lock(mutex_);
        std::erase_if(stores_, [](const auto& entry) { return entry.second.expired(); });
        if (const auto found = stores_.find(key); found != stores_.end())
            if (trust_store store = found->second.lock()) return store;
        trust_store store = make();
        stores_[key] = store;
        return store;
    }

private:
    std::mutex mutex_;
    std::map<std::string, std::weak_ptr<X509_STORE>> stores_;
};

shared_stores& stores() {
    static shared_stores all;
    return all;
}

trust_store new_store() {
    X509_STORE* store = X509_STORE_new();
    if (store == nullptr) throw std::bad_alloc();
    return {store, X509_STORE_free};
}

std::string environment(const char* name, const char* otherwise) {
    const char* value = ::secure_getenv(name);
    return value != nullptr ? value : otherwise;
}

// A bundle of certificates that is read when it is first needed.
struct lazy_bundle {
    std::string path;
    std::once_flag once;
};

// Called when neither the store nor the hashed directory has an issuer of that name. OpenSSL asks from several threads at
// once.
int find_in_bundle(X509_LOOKUP* lookup, X509_LOOKUP_TYPE type, const X509_NAME* name, X509_OBJECT* found) {
    auto* bundle = static_cast<lazy_bundle*>(X509_LOOKUP_get_method_data(lookup));
    X509_STORE* store = X509_LOOKUP_get_store(lookup);
    // Which of the bundle's certificates were read is all that counts; what did not parse is skipped, as OpenSSL itself
    // does.
    std::call_once(bundle->once, [&] { X509_load_cert_crl_file(lookup, bundle->path.c_str(), X509_FILETYPE_PEM); });
    ERR_clear_error();
    if (type != X509_LU_X509) return 0;
    int result = 0;
    X509_STORE_lock(store);
    if (X509_OBJECT* object = X509_OBJECT_retrieve_by_subject(X509_STORE_get0_objects(store), type, name)) {
        X509* certificate = X509_OBJECT_get0_X509(object);
        // The caller takes a reference of its own to what it finds, so the one taken here is given back; the store holds
        // another.
        if (X509_OBJECT_set1_X509(found, certificate) == 1) {
            X509_free(certificate);
            result = 1;
        }
    }
    X509_STORE_unlock(store);
    return result;
}

void free_bundle(X509_LOOKUP* lookup) { delete static_cast<lazy_bundle*>(X509_LOOKUP_get_method_data(lookup)); }

X509_LOOKUP_METHOD* make_bundle_method() {
    X509_LOOKUP_METHOD* method = X509_LOOKUP_meth_new("bundle, when needed");
    if (method == nullptr || X509_LOOKUP_meth_set_get_by_subject(method, find_in_bundle) != 1 ||
        X509_LOOKUP_meth_set_free(method, free_bundle) != 1)
        throw std::bad_alloc();
    return method;
}

trust_store make_system_store(const std::string& file) {
    static X509_LOOKUP_METHOD* const method = make_bundle_method();
    trust_store store = new_store();
    auto bundle = std::make_unique<lazy_bundle>();
    bundle->path = file;
    // The directory first: it is read certificate by certificate, as needed.
    X509_LOOKUP* directory = X509_STORE_add_lookup(store.get(), X509_LOOKUP_hash_dir());
    if (directory == nullptr) throw std::bad_alloc();
    X509_LOOKUP_add_dir(directory, nullptr, X509_FILETYPE_DEFAULT);
    X509_LOOKUP* lookup = X509_STORE_add_lookup(store.get(), method);
    if (lookup == nullptr) throw std::bad_alloc();
    X509_LOOKUP_set_method_data(lookup, bundle.release());
    ERR_clear_error();
    return store;
}

}  // namespace

void refuse_option(const std::string& option, const std::string& what) {
    throw error(errc::invalid_option, "tls." + option + ": " + what);
}

std::vector<certificate_ptr> read_certificates(const pem_source& source) {
    ERR_clear_error();
    const bio_ptr text(BIO_new_mem_buf(source.text.data(), static_cast<int>(source.text.size())));
    if (!text) throw std::bad_alloc();
    std::vector<certificate_ptr> all;
    while (certificate_ptr one{PEM_read_bio_X509_AUX(text.get(), nullptr, nullptr, nullptr)}) all.push_back(std::move(one));
    const unsigned long why = ERR_peek_last_error();
    const bool at_end = ERR_GET_LIB(why) == ERR_LIB_PEM && ERR_GET_REASON(why) == PEM_R_NO_START_LINE;
    const error_code cause = take_openssl_error();
    if (!at_end) refuse_option(source.option, "a certificate in it cannot be read (" + cause.message() + ")");
    if (all.empty()) refuse_option(source.option, "holds no certificate in PEM form");
    return all;
}

trust_store system_trust_store() {
    const std::string file = environment(X509_get_default_cert_file_env(), X509_get_default_cert_file());
    const std::string directory = environment(X509_get_default_cert_dir_env(), X509_get_default_cert_dir());
    return stores().get("system\n" + file + '\n' + directory, [&] { return make_system_store(file); });
}

trust_store pem_trust_store(const std::vector<pem_source>& sources) {
    std::string key = "pem\n";
    for (const pem_source& source : sources) {
        std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
        unsigned int size = 0;
        if (EVP_Digest(source.text.data(), source.text.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1)
            throw std::bad_alloc();
        key.append(digest.begin(), digest.begin() + size);
    }
    return stores().get(key, [&] {
        trust_store store = new_store();
        for (const pem_source& source : sources)
            for (const certificate_ptr& certificate : read_certificates(source))
                if (X509_STORE_add_cert(store.get(), certificate.get()) != 1) throw std::bad_alloc();
        return store;
    });
}

}  // namespace hearth::net
