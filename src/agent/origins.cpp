#include "agent/origins.hpp"

#include <functional>
#include <utility>

namespace hearth::detail {

// Cheaper to make than the displayed name, and as unique: scheme, host, port.
const std::string& origin_table::key_of(const url& u) {
    scratch_.assign(u.host);
    scratch_.push_back(u.tls ? '\1' : '\0');
    scratch_.push_back(static_cast<char>(u.port >> 8));
    scratch_.push_back(static_cast<char>(u.port & 0xff));
    return scratch_;
}

std::shared_ptr<origin> origin_table::find(const url& u) {
    const auto found = by_key_.find(key_of(u));
    return found == by_key_.end() ? nullptr : found->second;
}

std::size_t origin_table::place_of(std::string_view base) const noexcept {
    return std::hash<std::string_view>()(base) % spellings_kept;
}

const std::shared_ptr<origin>& origin_table::find_spelled(std::string_view base) const {
    static const std::shared_ptr<origin> none;
    const spelling& s = spellings_[place_of(base)];
    return s.of && s.base == base ? s.of : none;
}

void origin_table::remember(std::string_view base, std::shared_ptr<origin> o) {
    spelling& s = spellings_[place_of(base)];
    s.base.assign(base);
    s.of = std::move(o);
}

std::shared_ptr<origin> origin_table::add(const url& u, pool::origin_id id) {
    auto made = std::make_shared<origin>();
    made->id = id;
    made->name = u.origin();
    made->host = u.host;
    made->authority = u.authority();
    made->port = u.port;
    made->tls = u.tls;
    by_key_.emplace(key_of(u), made);
    by_id_.emplace(static_cast<std::uint64_t>(id), made);
    return made;
}

origin* origin_table::of(pool::origin_id id) const {
    const auto found = by_id_.find(static_cast<std::uint64_t>(id));
    return found == by_id_.end() ? nullptr : found->second.get();
}

void origin_table::forget(pool::origin_id id) {
    const auto found = by_id_.find(static_cast<std::uint64_t>(id));
    if (found == by_id_.end()) return;
    const origin& gone = *found->second;
    for (spelling& s : spellings_) {
        if (s.of.get() == &gone) s = {};
    }
    forgotten_ += gone.count;
    if (gone.latency) forgotten_latency_ += *gone.latency;
    url u;
    u.host = gone.host;
    u.port = gone.port;
    u.tls = gone.tls;
    by_key_.erase(key_of(u));
    by_id_.erase(found);
}

}  // namespace hearth::detail
