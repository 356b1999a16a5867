#include "agent/client_core.hpp"

#include <hearth/url.hpp>

#include <algorithm>
#include <functional>
#include <stdexcept>
#include <string>
#include <thread>

namespace hearth::detail {

namespace {

// Limits that hold for a whole client are shared out among its loops. Those of an origin are, too, where it is spread over
// all of them, and then exactly: loop 0 has what does not divide.
agent_options share_of(const client_options& whole, std::size_t loop) {
    agent_options share = whole.agent;
    const std::size_t n = whole.threads;
    const auto rounded_up = [&](std::size_t count) { return (count + n - 1) / n; };
    share.max_total_sockets = rounded_up(share.max_total_sockets);
    share.max_pending = rounded_up(share.max_pending);
    if (!whole.spread_origins) return share;
    const auto exact = [&](std::size_t count) { return count / n + (loop < count % n ? 1 : 0); };
    share.max_sockets = exact(share.max_sockets);
    share.max_connecting = std::max<std::size_t>(1, exact(share.max_connecting));
    if (share.max_free_sockets) share.max_free_sockets = exact(*share.max_free_sockets);
    share.min_free_sockets = exact(share.min_free_sockets);
    return share;
}

}  // namespace

client_core::client_core(const client_options& options) : spreads_(options.spread_origins && options.threads > 1) {
    validate(options);
    loops_.reserve(options.threads);
    for (std::size_t i = 0; i < options.threads; ++i) loops_.push_back(std::make_unique<client_loop>(share_of(options, i)));
}

client_loop& client_core::loop_for(std::string_view text) const {
    if (loops_.size() == 1) return *loops_.front();
    if (spreads_) return least_loaded();
    try {
        const url u = url::parse(text);
        const std::size_t hash = std::hash<std::string>()(u.host) * 31 + u.port * 2U + (u.tls ? 1U : 0U);
        return *loops_[hash % loops_.size()];
    } catch (const error&) {
        return *loops_.front();
    }
}

// Each calling thread begins its search elsewhere and comes back to where it was, so that it meets its own connections.
client_loop& client_core::least_loaded() const {
    static std::atomic<std::size_t> threads{0};
    thread_local const std::size_t mine = threads.fetch_add(1, std::memory_order_relaxed);
    client_loop* best = nullptr;
    for (std::size_t i = 0; i < loops_.size(); ++i) {
        client_loop& one = *loops_[(mine + i) % loops_.size()];
        if (best == nullptr || one.load() < best->load()) best = &one;
        if (best->load() == 0) break;
    }
    return *best;
}

void client_core::refuse_loops_thread() const {
    for (const auto& loop : loops_) {
        if (loop->is_current())
            throw std::logic_error("hearth::client: a blocking call on a thread that runs the client would never return");
    }
}

void client_core::stop() {
    for (const auto& loop : loops_) loop->stop();
}

}  // namespace hearth::detail
