// TLS sessions to resume, per key, the least recently used forgotten first.
#pragma once

#include "net/tls_openssl.hpp"

#include <cstddef>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace hearth::net {

/// Not synchronised.
class tls_session_cache {
public:
    /// `capacity` sessions over all keys; 0 remembers none.
    explicit tls_session_cache(std::size_t capacity) : capacity_(capacity) {}

    void put(const std::string& key, session_ptr session);
    /// The newest session of `key`; null if there is none. A TLS 1.3 session is taken out (RFC 8446, C.4), an older one
    /// stays.
    [[nodiscard]] session_ptr take(const std::string& key);
    void forget(const std::string& key);
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }
    /// So many tickets of one key are kept. They serve once each (RFC 8446, C.4), and a burst dials max_connecting at a
    /// time, each of which should find one. One origin must not push out all others, hence a quarter of the capacity.
    [[nodiscard]] std::size_t per_key() const noexcept;

private:
    struct bucket {
        std::string key;
        std::vector<session_ptr> sessions;  // the newest last, never empty between calls
    };
    using buckets = std::list<bucket>;

    bucket& touch(const std::string& key);
    void erase(buckets::iterator at) noexcept;

    std::size_t capacity_;
    std::size_t size_ = 0;
    buckets buckets_;                                                 // the last used first
    std::unordered_map<std::string_view, buckets::iterator> by_key_;  // views of the buckets' own keys
};

}  // namespace hearth::net
