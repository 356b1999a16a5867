#include "net/dialer.hpp"

#include "net/plain_transport.hpp"
#include "net/socket.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <cerrno>
#include <list>
#include <optional>
#include <utility>
#include <vector>

namespace hearth::net {

namespace {

constexpr std::size_t max_addresses = 16;  // tried of one name
constexpr std::chrono::milliseconds full_backlog_delay{10};

// Of several addresses' failures the highest is told: what the local machine lacks, then what a peer has said, then silence.
[[nodiscard]] int tells(errc code) noexcept {
    switch (code) {
        case errc::out_of_descriptors: return 5;
        case errc::out_of_ports: return 4;
        case errc::connection_refused: return 3;
        case errc::connect_timeout: return 2;
        default: return 1;
    }
}

[[nodiscard]] bool is_local(errc code) noexcept { return code == errc::out_of_descriptors || code == errc::out_of_ports; }

// A unix socket whose backlog is full refuses with EAGAIN at once, and nothing announces when it no longer is.
[[nodiscard]] bool backlog_is_full(const connect_failure& f, const endpoint& to) noexcept {
    return to.address.ss_family == AF_UNIX && f.cause.value() == EAGAIN;
}

}  // namespace

struct dialer::state : std::enable_shared_from_this<state> {
    // One address being connected to.
    struct attempt final : watcher {
        attempt(state& of, const endpoint& address, unique_fd fd) : dial(of), to(address), socket(std::move(fd)) {}
        ~attempt() { unwatch(); }
        attempt(const attempt&) = delete;
        attempt& operator=(const attempt&) = delete;

        [[nodiscard]] error_code watch() {
            const auto error = dial.sockets.add(socket.get(), *this);
            watched = !error;
            return error;
        }
        void unwatch() noexcept {
            if (std::exchange(watched, false)) dial.sockets.remove(socket.get(), *this);
        }
        void on_ready(readiness) override {
            const auto alive = dial.shared_from_this();
            alive->progressed(*this);
        }

        state& dial;
        endpoint to;
        unique_fd socket;
        bool watched = false;
    };

    // The TLS handshake on the connection that won.
    struct securing final : watcher {
        securing(state& of, std::unique_ptr<tls_handshake> h) : dial(of), handshake(std::move(h)) {}
        ~securing() { unwatch(); }
        securing(const securing&) = delete;
        securing& operator=(const securing&) = delete;

        [[nodiscard]] error_code watch() {
            const auto error = dial.sockets.add(handshake->fd(), *this);
            watched = !error;
            return error;
        }
        void unwatch() noexcept {
            if (std::exchange(watched, false)) dial.sockets.remove(handshake->fd(), *this);
        }
        void on_ready(readiness) override {
            const auto alive = dial.shared_from_this();
            alive->secure_further();
        }

        state& dial;
        std::unique_ptr<tls_handshake> handshake;
        bool watched = false;
    };

    state(reactor& r, timer_queue& timers, resolver& n, std::function<std::chrono::nanoseconds()> mono_now, dial_target t,
          std::function<void(dial_result)> on_done)
        : sockets(r), names(n), now(std::move(mono_now)), target(std::move(t)), done(std::move(on_done)) {
        next_attempt.emplace(timers, [this] {
            const auto alive = shared_from_this();
            try_next();
        });
        deadline.emplace(timers, [this] {
            const auto alive = shared_from_this();
            took_too_long();
        });
    }

    void begin();
    void begin_unix();
    void looked_up(const lookup_result& found);
    void try_addresses(std::vector<endpoint> all);
    void try_next();
    [[nodiscard]] connecting_socket connect_to(const endpoint& to) const;
    void progressed(attempt& a);
    void note(connect_failure f);
    void none_connected();
    void connected(unique_fd socket, const endpoint& to);
    void begin_tls(unique_fd socket);
    void secure_further();
    void tls_failed(const tls_failure& why);
    void took_too_long();
    void fail(errc code, error_code cause, std::string detail);
    void finish();
    void give_up() noexcept;
    [[nodiscard]] std::string tried() const;

    reactor& sockets;
    resolver& names;
    std::function<std::chrono::nanoseconds()> now;
    dial_target target;
    std::function<void(dial_result)> done;

    dial_result result{};  // filled in on the way; its phase says where the dial is
    std::optional<timer> deadline{};
    std::optional<timer> next_attempt{};
    resolver::ticket lookup{};
    std::vector<endpoint> addresses{};
    std::size_t next_address = 0;
    std::optional<endpoint> local{};
    std::list<attempt> attempts{};
    connect_failure worst{};
    bool any_failed = false;
    std::unique_ptr<securing> tls{};
    std::chrono::nanoseconds phase_began{0};
    bool over = false;
};

void dialer::state::begin() {
    phase_began = now();
    if (target.connect_timeout.count() > 0) deadline->set(phase_began + target.connect_timeout);
    const auto weak = weak_from_this();
    if (!target.socket_path.empty()) {
        boost::asio::post(sockets.executor(), [weak] {
            const auto alive = weak.lock();
            if (alive && !alive->over) alive->sockets.step([&] { alive->begin_unix(); });
        });
        return;
    }
    result.phase = phase::lookup;
    lookup = names.lookup(target.host, target.port, phase_began, [weak](const lookup_result& found) {
        const auto alive = weak.lock();
        if (alive && !alive->over) alive->sockets.step([&] { alive->looked_up(found); });
    });
}

void dialer::state::begin_unix() {
    if (over) return;
    result.phase = phase::connect;
    if (const auto to = unix_endpoint(target.socket_path)) {
        try_addresses({*to});
    } else {
        fail(errc::connect_failed, {ENAMETOOLONG, boost::system::system_category()},
             "the path of a unix socket has 1 to 107 bytes, none of them zero");
    }
}

void dialer::state::looked_up(const lookup_result& found) {
    if (over) return;
    const auto at = now();
    result.lookup = at - phase_began;
    if (found.addresses.empty()) return fail(found.code, {}, found.detail);
    result.phase = phase::connect;
    phase_began = at;
    if (!target.local_address.empty()) {
        local = parse_address(target.local_address, 0);
        if (!local) return fail(errc::connect_failed, {}, "local_address " + target.local_address + " is not an address");
    }
    auto all = found.addresses;
    if (all.size() > max_addresses) all.resize(max_addresses);
    try_addresses(std::move(all));
}

void dialer::state::try_addresses(std::vector<endpoint> all) {
    addresses = std::move(all);
    try_next();
}

void dialer::state::try_next() {
    while (next_address < addresses.size()) {
        const auto& to = addresses[next_address++];
        auto begun = connect_to(to);
        if (begun.connected) return connected(std::move(begun.socket), to);
        if (begun.socket) {
            auto& a = attempts.emplace_back(*this, to, std::move(begun.socket));
            if (const auto error = a.watch(); !error) {
                if (next_address < addresses.size()) next_attempt->set(now() + target.attempt_delay);
                return;
            } else {
                attempts.pop_back();
                begun.failure = {.code = connect_errc(error), .cause = error, .detail = "the socket cannot be watched"};
            }
        }
        if (backlog_is_full(begun.failure, to)) {
            --next_address;
            next_attempt->set(now() + full_backlog_delay);
            return;
        }
        note(std::move(begun.failure));
    }
    if (attempts.empty()) none_connected();
}

connecting_socket dialer::state::connect_to(const endpoint& to) const {
    const bool bound = local && to.address.ss_family != AF_UNIX;
    if (!bound || local->address.ss_family == to.address.ss_family)
        return begin_connect(to, bound ? &*local : nullptr, target.keep_alive_probe);
    connecting_socket none;
    none.failure = {.code = errc::connect_failed,
                    .cause = {EAFNOSUPPORT, boost::system::system_category()},
                    .detail = "local_address " + target.local_address + " is of another family"};
    return none;
}

void dialer::state::progressed(attempt& a) {
    auto outcome = finish_connect(a.socket.get(), a.to);
    if (outcome.state == connect_state::pending) return;
    a.unwatch();
    if (outcome.state == connect_state::connected) {
        const auto to = a.to;
        return connected(std::move(a.socket), to);
    }
    attempts.remove_if([&](const attempt& other) { return &other == &a; });
    note(std::move(outcome.failure));
    next_attempt->clear();
    try_next();
}

void dialer::state::note(connect_failure f) {
    if (any_failed && tells(f.code) <= tells(worst.code)) return;
    any_failed = true;
    worst = std::move(f);
}

void dialer::state::none_connected() {
    if (!is_local(worst.code)) names.forget(target.host);
    auto detail = tried();
    if (!worst.detail.empty()) detail += ": " + worst.detail;
    fail(worst.code, worst.cause, std::move(detail));
}

void dialer::state::connected(unique_fd socket, const endpoint& to) {
    const auto at = now();
    result.connect = at - phase_began;
    result.remote = to.text();
    result.rtt = path_rtt(socket.get());
    next_attempt->clear();
    attempts.clear();
    if (target.tls) {
        phase_began = at;
        result.phase = phase::tls;
        return begin_tls(std::move(socket));
    }
    result.transport = make_plain_transport(std::move(socket));
    finish();
}

void dialer::state::begin_tls(unique_fd socket) {
    const auto& name = target.server_name.empty() ? target.host : target.server_name;
    try {
        tls =
            std::make_unique<securing>(*this, tls_handshake::begin(target.tls, std::move(socket), name, target.session_key));
    } catch (const hearth::error& e) {
        return tls_failed({.code = errc::tls_failed, .cause = e.info().cause, .detail = e.info().detail});
    }
    if (const auto error = tls->watch()) return fail(connect_errc(error), error, "the socket cannot be watched");
    secure_further();
}

void dialer::state::secure_further() {
    switch (tls->handshake->step()) {
        case io::want_read:
        case io::want_write: return;
        case io::done:
            result.tls = now() - phase_began;
            tls->unwatch();
            result.transport = tls->handshake->finish();
            return finish();
        case io::closed:
        case io::failed: return tls_failed(tls_failure(tls->handshake->why()));
    }
}

void dialer::state::tls_failed(const tls_failure& why) {
    fail(why.code, why.cause, why.detail.empty() ? "connected to " + result.remote : why.detail);
}

void dialer::state::took_too_long() {
    switch (result.phase) {
        case phase::lookup: return fail(errc::connect_timeout, {}, "the name is still being looked up");
        case phase::tls: return fail(errc::connect_timeout, {}, "connected to " + result.remote + ", but TLS is not set up");
        default: break;
    }
    names.forget(target.host);
    fail(errc::connect_timeout, {}, tried());
}

void dialer::state::fail(errc code, error_code cause, std::string detail) {
    result.code = code;
    result.cause = cause;
    result.detail = std::move(detail);
    finish();
}

// The last thing a step of the dial does: `done` may destroy whatever it likes.
void dialer::state::finish() {
    if (over) return;
    const auto tell = std::move(done);
    give_up();
    tell(std::move(result));
}

void dialer::state::give_up() noexcept {
    over = true;
    done = nullptr;
    lookup.reset();
    attempts.clear();
    tls.reset();
    deadline.reset();
    next_attempt.reset();
}

std::string dialer::state::tried() const {
    const auto count = std::max<std::size_t>(next_address, 1);
    std::string text = "tried ";
    for (std::size_t i = 0; i < count && i < addresses.size(); ++i) {
        if (i > 0) text += i + 1 == count ? " and " : ", ";
        text += addresses[i].text();
    }
    return text;
}

dialer::dialer(reactor& r, timer_queue& timers, resolver& names, std::function<std::chrono::nanoseconds()> mono_now,
               dial_target target, std::function<void(dial_result)> done)
    : state_(std::make_shared<state>(r, timers, names, std::move(mono_now), std::move(target), std::move(done))) {
    state_->begin();
}

dialer::~dialer() { state_->give_up(); }

}  // namespace hearth::net
