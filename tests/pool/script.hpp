// Drives a pool by hand: each event returns what it caused, as text, so that a test reads as a table.
//
//   open c1 r1 | grant r1 c1 | reuse r1 c1 3s | close c1 idle | fail r1 pending_timeout
//
// Connections are numbered in the order in which they are dialled. Invariants are checked after each event.
#pragma once

#include "pool/pool.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace hearth::pool {

using namespace std::chrono_literals;

class script {
public:
    explicit script(agent_options options = {}, std::uint64_t seed = 1) : pool(options, seed) {
        now = {.mono = 100s, .boot = 1000s};
    }

    machine pool;
    instant now;

    /// Both clocks go on; nothing else happens, as if the timer were late.
    void wait(nanoseconds t) { now = {.mono = now.mono + t, .boot = now.boot + t}; }
    /// The machine was suspended.
    void sleep(nanoseconds t) { now.boot += t; }

    std::string acquire(std::uint64_t request, const needs& what = {}, char origin = 'a') {
        pool.acquire(request_id{request}, id_of(origin), what, now);
        return happened();
    }
    std::string acquire(std::uint64_t request, char origin) { return acquire(request, {}, origin); }
    std::string cancel(std::uint64_t request) { return pool.cancel(request_id{request}, now), happened(); }
    std::string opened(std::size_t conn) { return pool.opened(conns_.at(conn - 1), now), happened(); }
    std::string open_failed(std::size_t conn, errc error = errc::connection_refused) {
        return pool.open_failed(conns_.at(conn - 1), error, {}, now), happened();
    }
    std::string refused(std::size_t conn, std::uint64_t request) {
        return pool.refused(conns_.at(conn - 1), request_id{request}, now), happened();
    }
    std::string released(std::size_t conn, const verdict& v = {.keep = true}) {
        return pool.released(conns_.at(conn - 1), v, now), happened();
    }
    std::string replay(std::size_t conn, std::uint64_t request, const needs& what = {.fresh = true}) {
        pool.replay(conns_.at(conn - 1), request_id{request}, what, close_reason::stale_in_use, now);
        return happened();
    }
    std::string peer_closed(std::size_t conn) {
        return pool.peer_closed(conns_.at(conn - 1), close_reason::server_closed, now), happened();
    }
    std::string warm(std::size_t n, char origin = 'a') { return pool.warm(id_of(origin), n, now), happened(); }
    std::string tick() { return pool.tick(now), happened(); }
    std::string close_idle() { return pool.close_idle(now), happened(); }
    std::string dial_ahead(char origin = 'a') {
        const bool dialled = pool.dial_ahead(id_of(origin), now);
        const std::string text = happened();
        return dialled ? text : "no slot" + text;
    }
    std::string shutdown() { return pool.shutdown(now), happened(); }

    /// Opens `n` connections to `origin` and releases them one after the other, a second apart: the last is the warmest.
    void idle(std::size_t n, char origin = 'a') {
        const std::size_t first = conns_.size() + 1;
        for (std::size_t i = 0; i < n; ++i) acquire(++spare_request_, {.fresh = true}, origin);
        for (std::size_t i = 0; i < n; ++i) opened(first + i);
        for (std::size_t i = 0; i < n; ++i) {
            released(first + i);
            if (i + 1 < n) wait(1s);
        }
    }
    /// How long until the next tick is due; -1 for never.
    nanoseconds due() const {
        const nanoseconds at = pool.next_deadline(now);
        return at == never ? nanoseconds(-1) : at - now.mono;
    }
    /// "pending in_use free connecting" of an origin.
    std::string gauges(char origin = 'a') {
        const auto g = pool.of(id_of(origin));
        return std::to_string(g.pending) + ' ' + std::to_string(g.in_use) + ' ' + std::to_string(g.free) + ' ' +
               std::to_string(g.connecting);
    }
    origin_id id_of(char name) {
        auto& id = origins_[name];
        if (id == origin_id::none) id = pool.add_origin();
        return id;
    }
    const std::vector<action>& last() const { return actions_; }

private:
    std::string happened() {
        pool.check_invariants();
        pool.take_actions(actions_);
        std::string text;
        for (const action& a : actions_) {
            if (a.kind == action::kind::open) conns_.push_back(a.conn);
            text += (text.empty() ? "" : " | ") + describe(a);
        }
        return text;
    }

    std::string describe(const action& a) const {
        switch (a.kind) {
            case action::kind::open: return "open" + name(a.conn) + name(a.request);
            case action::kind::grant:
                if (!a.reused) return "grant" + name(a.request) + name(a.conn);
                return "reuse" + name(a.request) + name(a.conn) + ' ' + std::to_string(a.idle_age / 1s) + 's';
            case action::kind::close: return "close" + name(a.conn) + ' ' + std::string(to_string(a.reason));
            case action::kind::fail: return "fail" + name(a.request) + ' ' + name(a.error);
        }
        return "?";
    }
    std::string name(conn_id id) const {
        for (std::size_t i = 0; i < conns_.size(); ++i) {
            if (conns_[i] == id) return " c" + std::to_string(i + 1);
        }
        return " c?";
    }
    static std::string name(request_id id) {
        return id == request_id::none ? "" : " r" + std::to_string(static_cast<std::uint64_t>(id));
    }
    static std::string name(errc e) {
        switch (e) {
            case errc::too_many_pending: return "too_many_pending";
            case errc::pending_timeout: return "pending_timeout";
            case errc::agent_closed: return "agent_closed";
            case errc::connection_refused: return "connection_refused";
            default: return "errc " + std::to_string(static_cast<int>(e));
        }
    }

    std::map<char, origin_id> origins_;
    std::vector<conn_id> conns_;
    std::vector<action> actions_;
    std::uint64_t spare_request_ = 1'000'000;
};

}  // namespace hearth::pool
