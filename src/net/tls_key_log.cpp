#include "net/tls_key_log.hpp"

#include <fcntl.h>

#include <cstdlib>
#include <mutex>
#include <string>

namespace hearth::net {

std::shared_ptr<tls_key_log> tls_key_log::open() {
    static std::mutex mutex;
    static std::string open_path;
    static std::weak_ptr<tls_key_log> open_log;

    const char* path = ::secure_getenv("SSLKEYLOGFILE");
    if (path == nullptr || *path == '\0') return {};
    const std::scoped_lock lock(mutex);
    if (open_path == path)
        if (auto log = open_log.lock()) return log;
    unique_fd file(::open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR));
    if (!file) return {};
    auto log = std::make_shared<tls_key_log>(std::move(file));
    open_path = path;
    open_log = log;
    return log;
}

void tls_key_log::on_line(const SSL* connection, const char* line) {
    const auto* log = static_cast<const tls_key_log*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(connection)));
    // One write, so that the lines of several threads and processes do not mix.
    const std::string text = std::string(line) + '\n';
    if (::write(log->file_.get(), text.data(), text.size()) < 0) return;  // a debugging aid fails no connection
}

}  // namespace hearth::net
