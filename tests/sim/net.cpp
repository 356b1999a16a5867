// src/net over the simulated machine. A member that is missing here would be taken from the library, along with everything
// beside it: the linker then complains of definitions made twice.
#include "net/dialer.hpp"
#include "net/reactor.hpp"
#include "net/reset_guard.hpp"
#include "net/system.hpp"
#include "net/tcp_info.hpp"
#include "net/transport.hpp"
#include "sim/machine.hpp"

#include <cerrno>
#include <optional>
#include <utility>

namespace hearth::net {

using sim::machine;
using std::chrono::nanoseconds;

// system.hpp. The machine never sleeps: its two clocks differ by a constant.
nanoseconds mono_now() noexcept { return machine::here().now(); }
nanoseconds boot_now() noexcept { return machine::here().now() + std::chrono::hours(1); }
std::uint32_t random_seed() { return static_cast<std::uint32_t>(machine::here().pick().below(1ULL << 32)); }

alarm::alarm(const boost::asio::any_io_executor& executor) : timer_(executor) {}
void alarm::start(std::weak_ptr<void> owner, std::function<void()> ring) {
    machine::here().ring = [weak = std::move(owner), ring = std::move(ring)] {
        if (const auto alive = weak.lock()) ring();
    };
}
void alarm::set(nanoseconds at) { machine::here().ring_at(at); }
void alarm::cancel() { machine::here().ring_at(nanoseconds::max()); }

// tcp_info.hpp
std::optional<policy::tcp_books> read_tcp_books(int fd) noexcept { return machine::here().socket(fd).books(); }
int take_socket_error(int fd) noexcept { return machine::here().socket(fd).take_error(); }
void set_user_timeout(int fd, std::chrono::milliseconds patience) noexcept {
    machine::here().socket(fd).set_user_timeout(patience);
}

// Probes come as they were set when the connection was dialled.
void set_keep_alive(int, std::chrono::milliseconds) noexcept {}

// reset_guard.hpp. This kernel does not allow it.
std::optional<reset_guard> reset_guard::set_up(int, bool) noexcept { return std::nullopt; }
void reset_guard::take_down(int) const noexcept {}
std::optional<policy::guard_facts> reset_guard::look(int, const policy::tcp_books&) const noexcept {
    return policy::guard_facts{.before_write = before_write_, .dropped = dropped_before_};  // of a guard that never stands
}

// reactor.hpp
reactor::reactor(const boost::asio::any_io_executor& executor) : epoll_(executor) {}
reactor::~reactor() { machine::here().deliver = nullptr; }

error_code reactor::add(int fd, watcher& w) {
    machine::here().at(fd).watcher = &w;
    machine::here().announce(fd);  // a new entry tells what is so already
    return {};
}

void reactor::remove(int fd, watcher&) noexcept { machine::here().at(fd).watcher = nullptr; }

void reactor::start(std::weak_ptr<void> owner, std::function<void()> before, std::function<void()> after) {
    before_ = std::move(before);
    after_ = std::move(after);
    owner_ = std::move(owner);
    machine::here().deliver = [this] { deliver(); };
}

void reactor::stop() noexcept { stopped_ = true; }

void reactor::deliver() {
    const auto ready = machine::here().take_announced();
    const auto alive = owner_.lock();
    if (!alive || stopped_) return;
    before_();
    for (const int fd : ready) {
        const sim::tcp_socket& s = machine::here().socket(fd);
        const bool gone = s.stage() == sim::tcp_socket::stage::closed;
        if (stopped_) break;
        if (watcher* w = machine::here().at(fd).watcher; w != nullptr) {
            w->on_ready({.readable = !s.is_quiet(),
                         .writable = s.is_writable() || gone,
                         .hangup = s.has_end(),
                         .error = s.has_error()});
        }
    }
    after_();
}

namespace {

// transport.hpp
class sim_transport final : public transport {
public:
    explicit sim_transport(int fd) : fd_(fd) {}
    ~sim_transport() override {
        if (fd_ >= 0) machine::here().close(fd_, false);
    }

    io_result read(std::span<char> into) override {
        std::string& in = socket().received();
        if (!in.empty()) {
            const std::size_t n = in.copy(into.data(), into.size());
            in.erase(0, n);
            return {.state = io::done, .bytes = n};
        }
        if (socket().has_fin()) return {.state = io::closed};
        if (const int e = socket().take_error(); e != 0) return failed(e);
        return {.state = socket().has_end() ? io::closed : io::want_read};
    }

    io_result write(std::span<const char> head, std::span<const char> body) override {
        const std::string_view text(head.data(), head.size());
        if (std::exchange(begins_, false)) {
            machine::here().on_exchange(
                {.on = *machine::here().at(fd_).to, .head = text, .is_first = exchanges_++ == 0, .idle_since = idle_since_});
        }
        if (const int e = socket().take_error(); e != 0) return failed(e);
        if (socket().stage() != sim::tcp_socket::stage::open) return failed(EPIPE);
        if (!socket().is_writable()) return {.state = io::want_write};
        std::string both(text);
        both.append(body.data(), body.size());
        const std::size_t n = socket().write(both);
        accepted_ += n;
        return {.state = io::done, .bytes = n};
    }

    idle_look look() override {
        if (!socket().received().empty()) return idle_look::bytes;
        (void)socket().take_error();
        return socket().has_end() ? idle_look::closed : idle_look::live;
    }

    void went_idle() override { idle_since_ = machine::here().now(); }
    void went_active() override { begins_ = true; }
    void response_begun() override {}
    int fd() const noexcept override { return fd_; }
    std::uint64_t bytes_accepted() const noexcept override { return accepted_; }
    bool has_buffered() const noexcept override { return false; }
    std::string_view alpn() const noexcept override { return {}; }
    void shutdown() noexcept override {}
    void abort() noexcept override { machine::here().close(std::exchange(fd_, -1), true); }

private:
    sim::tcp_socket& socket() { return machine::here().socket(fd_); }
    static io_result failed(int e) {
        return {.state = io::failed, .bytes = 0, .error = error_code(e, boost::system::system_category())};
    }

    int fd_;
    std::uint64_t accepted_ = 0;
    std::uint64_t exchanges_ = 0;
    nanoseconds idle_since_{0};
    bool begins_ = false;
};

}  // namespace

// dialer.hpp. Names are addresses here: there is one attempt, and it is TCP.
struct dialer::state final : watcher {
    state(reactor& r, timer_queue& timers, dial_target t, std::function<void(dial_result)> on_done)
        : sockets(r),
          done(std::move(on_done)),
          fd(machine::here().open(t.host, t.keep_alive_probe)),
          deadline(timers, [this] { fail(errc::connect_timeout, ETIMEDOUT); }) {
        if (t.connect_timeout.count() > 0) deadline.set(mono_now() + t.connect_timeout);
        (void)sockets.add(fd, *this);
    }
    ~state() { give_up(); }
    state(const state&) = delete;
    state& operator=(const state&) = delete;

    void on_ready(readiness) override {
        sim::tcp_socket& s = machine::here().socket(fd);
        if (s.stage() == sim::tcp_socket::stage::connecting) return;
        if (const int e = s.take_error(); e != 0)
            return fail(e == ECONNREFUSED ? errc::connection_refused : errc::connect_timeout, e);
        sockets.remove(fd, *this);
        dial_result result;
        result.remote = "sim";
        result.rtt = s.rtt();
        result.transport = std::make_unique<sim_transport>(std::exchange(fd, -1));
        tell(std::move(result));
    }
    void fail(errc code, int cause) {
        machine::here().on_dial_failed(machine::here().at(fd).to->to());
        give_up();
        dial_result result;
        result.code = code;
        result.cause = error_code(cause, boost::system::system_category());
        tell(std::move(result));
    }
    void tell(dial_result result) {
        deadline.clear();
        const auto last = std::exchange(done, nullptr);  // it destroys this
        last(std::move(result));
    }
    void give_up() {
        if (fd < 0) return;
        sockets.remove(fd, *this);
        machine::here().close(std::exchange(fd, -1), true);
    }

    reactor& sockets;
    std::function<void(dial_result)> done;
    int fd;
    timer deadline;
};

dialer::dialer(reactor& r, timer_queue& timers, resolver&, std::function<nanoseconds()>, dial_target target,
               std::function<void(dial_result)> done)
    : state_(std::make_shared<state>(r, timers, std::move(target), std::move(done))) {}
dialer::~dialer() = default;

}  // namespace hearth::net
