#include "pool/pool.hpp"

#include <algorithm>

namespace hearth::pool {

connection_view machine::view_of(const connection& conn, instant now) const {
    connection_view seen{.id = conn.id, .origin = origins_[conn.origin].id, .state = conn.state, .canary = conn.canary};
    if (conn.state != state::connecting) seen.age = now.boot - conn.opened_at;
    if (conn.state != state::idle) {
        seen.in_state = now.boot - conn.busy_since;
    } else {
        seen.in_state = now.boot - conn.idle_since;
        if (conn.expires_at != never) seen.limit = conn.expires_at - conn.idle_since;
    }
    return seen;
}

void machine::view(const view_limits& most, instant now, std::vector<connection_view>& into) const {
    if (most.an_origin == 0) return;
    const std::size_t end = into.size() + std::min(most.all, conns_.size());
    std::vector<std::size_t> shown(origins_.end());
    for (const state wanted : {state::active, state::connecting}) {
        if (wanted == state::connecting && connecting_ == 0) continue;
        for (slot c = 0; c < conns_.end() && into.size() < end; ++c) {
            const connection& conn = conns_[c];
            if (!conns_.used(c) || conn.state != wanted || shown[conn.origin] == most.an_origin) continue;
            ++shown[conn.origin];
            into.push_back(view_of(conn, now));
        }
    }
    for (slot o = 0; o < origins_.end(); ++o) {
        if (!origins_.used(o)) continue;
        for (slot c = origins_[o].idle.tail(); c != nil && shown[o] < most.an_origin; c = conns_[c].in_idle.prev) {
            if (into.size() == end) return;
            ++shown[o];
            into.push_back(view_of(conns_[c], now));
        }
    }
}

}  // namespace hearth::pool
