#include "net/tls_sessions.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace hearth::net {
namespace {

// The least, which a small cache gives to one key if need be, and the most: the default of max_connecting.
constexpr std::size_t few_tickets = 4, many_tickets = 256;

bool serves_once(const SSL_SESSION* session) noexcept { return SSL_SESSION_get_protocol_version(session) >= TLS1_3_VERSION; }

}  // namespace

tls_session_cache::bucket& tls_session_cache::touch(const std::string& key) {
    if (const auto known = by_key_.find(key); known != by_key_.end()) {
        buckets_.splice(buckets_.begin(), buckets_, known->second);
        return buckets_.front();
    }
    buckets_.push_front({key, {}});
    by_key_.emplace(buckets_.front().key, buckets_.begin());
    return buckets_.front();
}

void tls_session_cache::erase(buckets::iterator at) noexcept {
    size_ -= at->sessions.size();
    by_key_.erase(at->key);
    buckets_.erase(at);
}

std::size_t tls_session_cache::per_key() const noexcept { return std::clamp(capacity_ / 4, few_tickets, many_tickets); }

void tls_session_cache::put(const std::string& key, session_ptr session) {
    if (capacity_ == 0 || !session) return;
    auto& sessions = touch(key).sessions;
    const std::size_t room = serves_once(session.get()) ? per_key() : 1;
    sessions.push_back(std::move(session));
    ++size_;
    while (sessions.size() > room) {
        sessions.erase(sessions.begin());
        --size_;
    }
    while (size_ > capacity_) {
        auto coldest = std::prev(buckets_.end());
        if (coldest->sessions.size() == 1) {
            erase(coldest);
        } else {
            coldest->sessions.erase(coldest->sessions.begin());
            --size_;
        }
    }
}

session_ptr tls_session_cache::take(const std::string& key) {
    const auto known = by_key_.find(key);
    if (known == by_key_.end()) return {};
    auto& sessions = touch(key).sessions;
    session_ptr found;
    while (!found && !sessions.empty()) {
        found = std::move(sessions.back());
        sessions.pop_back();
        --size_;
        // OpenSSL marks the sessions of connections that failed.
        if (SSL_SESSION_is_resumable(found.get()) != 1) found.reset();
    }
    if (found && !serves_once(found.get()) && SSL_SESSION_up_ref(found.get()) == 1) {
        sessions.emplace_back(found.get());
        ++size_;
    }
    if (sessions.empty()) erase(buckets_.begin());
    return found;
}

void tls_session_cache::forget(const std::string& key) {
    if (const auto known = by_key_.find(key); known != by_key_.end()) erase(known->second);
}

}  // namespace hearth::net
