#include "sim/server.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace hearth::sim {

using namespace std::chrono_literals;

namespace {

// The number after `name` in a head; `otherwise` when it is not there.
std::uint64_t number_after(std::string_view head, std::string_view name, std::uint64_t otherwise) {
    const auto at = head.find(name);
    if (at == std::string_view::npos) return otherwise;
    const char* from = head.data() + at + name.size();
    std::uint64_t n = otherwise;
    std::from_chars(from, head.data() + head.size(), n);
    return n;
}

}  // namespace

server::server(network& net, const habits& h) : net_(net), habits_(h) {
    listen();
    if (habits_.restart_every > 0ns) net_.time.after(habits_.restart_every, [this] { restart(); });
}

void server::listen() {
    host.accept = [this](connection& c) { accept(c); };
}

std::string server::body_for(std::uint64_t id, std::size_t size) {
    std::string text = "answer to " + std::to_string(id) + ";";
    text.resize(std::max(size, text.size()), '.');
    return text;
}

void server::accept(connection& c) {
    sessions_.push_back(std::make_unique<session>(session{.on = &c}));
    session& s = *sessions_.back();
    c.server.changed = [this, &s] { changed(s); };
    wait_idle(s);
}

void server::changed(session& s) {
    tcp_socket& socket = s.on->server;
    if (socket.stage() == tcp_socket::stage::closed || (socket.has_fin() && socket.received().empty() && !s.busy))
        return close(s);
    if (socket.received().empty() || s.busy || std::exchange(s.reading, true)) return;
    if (habits_.read_delay == 0ns) return read(s);
    net_.time.after(net_.pick.within(habits_.read_delay), [this, &s] { read(s); });
}

void server::read(session& s) {
    tcp_socket& socket = s.on->server;
    s.reading = false;
    if (socket.stage() != tcp_socket::stage::open || socket.is_orphan()) return;
    s.in += std::exchange(socket.received(), {});
    if (s.in.empty()) return changed(s);
    ++s.turn;
    const auto end = s.in.find("\r\n\r\n");
    if (end == std::string::npos) return;
    const std::string_view head = std::string_view(s.in).substr(0, end + 4);
    const std::uint64_t id = number_after(head, "x-request-id: ", 0);
    const bool is_head = head.starts_with("HEAD ");
    const std::size_t size = head.size() + number_after(head, "Content-Length: ", 0);
    const bool early = s.in.size() < size && net_.pick.per_mille(habits_.answers_early);
    if (s.in.size() < size && !early) return;
    s.in.erase(0, size);
    s.busy = true;
    ++counts_.deliveries;
    delivered(id);
    if (early) s.closes = true;  // the rest of the request makes no sense to anyone
    if (habits_.work == 0ns) return work(s, id, is_head);
    net_.time.after(net_.pick.within(habits_.work), [this, &s, id, is_head] { work(s, id, is_head); });
}

void server::work(session& s, std::uint64_t id, bool is_head) {
    tcp_socket& socket = s.on->server;
    if (socket.stage() != tcp_socket::stage::open || socket.is_orphan()) return;
    const auto fault = [&](unsigned chance) {
        if (!net_.pick.per_mille(chance)) return false;
        ++counts_.faults;
        return true;
    };
    if (fault(habits_.drops_unanswered) || s.half_closed) return close(s);
    if (fault(habits_.executes_and_resets)) return socket.abort();
    if (fault(habits_.loses_path)) s.on->forgotten = true;
    finish(s, id, is_head);
}

void server::finish(session& s, std::uint64_t id, bool is_head) {
    choices& pick = net_.pick;
    ++s.served;
    const bool last = draining_ || s.closes || (habits_.requests_max > 0 && s.served >= habits_.requests_max);
    const std::string body = body_for(id, pick.below(habits_.body_max + 1));
    std::string text = "HTTP/1.1 200 OK\r\n";
    if (habits_.hint_s > 0) text += "Keep-Alive: timeout=" + std::to_string(habits_.hint_s) + "\r\n";
    if (last && (habits_.announces_close || draining_)) text += "Connection: close\r\n";
    if (pick.one_in(3) && !is_head) {
        constexpr std::string_view hex = "0123456789abcdef";
        std::string size;
        for (std::size_t n = body.size(); n > 0; n /= 16) size.insert(size.begin(), hex[n % 16]);
        text += "Transfer-Encoding: chunked\r\n\r\n" + size + "\r\n" + body + "\r\n0\r\n\r\n";
    } else {
        text += "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n";
        if (!is_head) text += body;
    }
    const bool cut = pick.per_mille(habits_.cuts_short);
    if (cut) {
        text.resize(text.size() / 2);
        ++counts_.faults;
    } else if (text.size() < 8000 && pick.per_mille(habits_.adds_junk)) {
        text += "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\npoison;";
        ++counts_.faults;
    }
    (void)s.on->server.write(text);
    s.busy = false;
    if (last || cut) return close(s);
    wait_idle(s);
    changed(s);
}

void server::wait_idle(session& s) {
    if (habits_.idle_timeout == 0ns) return;
    net_.time.after(habits_.idle_timeout, [this, &s, due = ++s.turn] {
        if (s.turn == due && !s.busy && s.on->server.stage() == tcp_socket::stage::open) say_goodbye(s);
    });
}

void server::say_goodbye(session& s) {
    tcp_socket& socket = s.on->server;
    if (socket.is_orphan() || s.half_closed) return;
    ++counts_.idle_closes;
    switch (habits_.idle_ends_by) {
        case goodbye::fin: return close(s);
        case goodbye::reset: return socket.abort();
        case goodbye::half_close:
            s.half_closed = true;
            socket.shutdown_write();
            if (!habits_.executes_when_half_closed) s.busy = true;  // whatever comes is not looked at
            net_.time.after(2s, [this, &s] { close(s); });
            return;
        case goodbye::say_408:
            (void)socket.write("HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            return close(s);
        case goodbye::silence: s.on->forgotten = true; return;
    }
}

void server::close(session& s) {
    ++s.turn;
    if (!s.on->server.is_orphan()) s.on->server.close();
}

bool server::has_half_open() const {
    return std::ranges::any_of(net_.connections(), [&](const auto& c) {
        return &c->to() == &host && !c->accepted && c->server.stage() == tcp_socket::stage::open;
    });
}

void server::restart() {
    if (settled_) return;
    // A polite one resets nobody who is just coming, and is known to have been up.
    if (habits_.restarts_by == restart_kind::drain && (sessions_.empty() || has_half_open())) {
        net_.time.after(1ms, [this] { restart(); });
        return;
    }
    ++counts_.restarts;
    host.accept = nullptr;
    if (habits_.restarts_by == restart_kind::power_loss) host.up = false;
    draining_ = habits_.restarts_by == restart_kind::drain;
    for (const auto& s : sessions_) {
        if (s->on->server.is_orphan() || s->on->server.stage() != tcp_socket::stage::open) continue;
        if (!host.up) {
            s->on->server.vanish();
        } else if (!draining_ || (!s->busy && s->in.empty())) {
            close(*s);
        }
    }
    for (const auto& c : net_.connections()) {
        if (&c->to() == &host && !host.up) c->server.vanish();
    }
    net_.time.after(habits_.downtime, [this] { come_back(); });
}

void server::come_back() {
    host.up = true;
    draining_ = false;
    if (stopped_) return;
    listen();
    net_.time.after(habits_.restart_every, [this] { restart(); });
}

void server::stop() {
    stopped_ = true;
    host.up = true;
    host.accept = nullptr;
    for (const auto& s : sessions_) close(*s);
    for (const auto& c : net_.connections()) {
        if (&c->to() == &host && !c->accepted) c->server.vanish();
    }
}

}  // namespace hearth::sim
