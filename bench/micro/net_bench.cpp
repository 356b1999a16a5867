// What the defences cost that ask the kernel: the look before use, evidence, the reset guard. On real sockets. And timers.
#include "net/plain_transport.hpp"
#include "net/reset_guard.hpp"
#include "net/tcp_info.hpp"
#include "net/timers.hpp"
#include "net/tls.hpp"
#include "policy/evidence.hpp"

#include <hearth/testing/faulty_origin.hpp>

#include <benchmark/benchmark.h>

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <string_view>
#include <vector>

namespace {

using namespace hearth;
using namespace std::chrono_literals;

// An idle connection that has carried one request.
class idle_connection {
public:
    explicit idle_connection(bool tls) : origin_({.tls = tls, .idle_timeout = 0ms}) {
        net::unique_fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_in to{};
        to.sin_family = AF_INET;
        to.sin_port = htons(origin_.port());
        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0)
            throw std::runtime_error("connect");
        transport_ = tls ? shake_hands(std::move(socket)) : net::make_plain_transport(std::move(socket));
        const std::string_view request = "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
        if (transport_->write(request, {}).state != net::io::done) throw std::runtime_error("write");
        std::array<char, 4096> buffer{};
        while (transport_->read(buffer).state != net::io::done) await(fd(), POLLIN);
        transport_->went_idle();
        if (transport_->look() != net::idle_look::live) throw std::runtime_error("not live");
    }
    [[nodiscard]] net::transport& transport() const noexcept { return *transport_; }
    [[nodiscard]] int fd() const noexcept { return transport_->fd(); }

private:
    static void await(int fd, short what) {
        pollfd one{.fd = fd, .events = what, .revents = 0};
        ::poll(&one, 1, -1);
    }
    [[nodiscard]] std::unique_ptr<net::transport> shake_hands(net::unique_fd socket) const {
        tls_options options;
        options.ca = origin_.certificate();
        const auto handshake =
            net::tls_handshake::begin(net::tls_context::make(options), std::move(socket), "127.0.0.1", "");
        for (;;) {
            switch (handshake->step()) {
                case net::io::done: return handshake->finish();
                case net::io::want_read: await(handshake->fd(), POLLIN); break;
                case net::io::want_write: await(handshake->fd(), POLLOUT); break;
                default: throw std::runtime_error(handshake->why().detail);
            }
        }
    }

    testing::faulty_origin origin_;
    std::unique_ptr<net::transport> transport_;
};

void look_before_use(benchmark::State& state) {
    const idle_connection c(state.range(0) != 0);
    for ([[maybe_unused]] auto _ : state) benchmark::DoNotOptimize(c.transport().look());
}
BENCHMARK(look_before_use)->ArgName("tls")->Arg(0)->Arg(1);

void read_tcp_books(benchmark::State& state) {
    const idle_connection c(false);
    for ([[maybe_unused]] auto _ : state) benchmark::DoNotOptimize(net::read_tcp_books(c.fd()));
}
BENCHMARK(read_tcp_books);

void weigh_evidence(benchmark::State& state) {
    const idle_connection c(false);
    policy::byte_facts facts{.how = policy::ending::reset, .base = c.transport().bytes_accepted() + 1};
    facts.books = net::read_tcp_books(c.fd());
    for ([[maybe_unused]] auto _ : state) benchmark::DoNotOptimize(policy::weigh(facts));
}
BENCHMARK(weigh_evidence);

void reset_guard_up_and_down(benchmark::State& state) {
    const idle_connection c(false);
    for ([[maybe_unused]] auto _ : state) {
        const auto guard = net::reset_guard::set_up(c.fd(), true);
        if (!guard) {
            state.SkipWithError("the kernel does not allow it");
            break;
        }
        guard->take_down(c.fd());
    }
}
BENCHMARK(reset_guard_up_and_down);

// As a request does: its deadlines are set, moved away and cleared, beside so many timers that wait.
void timer_of_a_request(benchmark::State& state) {
    net::timer_queue queue;
    std::vector<std::unique_ptr<net::timer>> others;
    for (std::int64_t i = 0; i < state.range(0); ++i) {
        others.push_back(std::make_unique<net::timer>(queue, [] {}));
        others.back()->set(1h + std::chrono::microseconds(i * 7919 % 1'000'000));
    }
    std::size_t at = 0;
    net::timer::duration now{0};
    for ([[maybe_unused]] auto _ : state) {
        net::timer& mine = *others[at];
        if (++at == others.size()) at = 0;
        now += 1us;
        mine.set(now + 300s);  // headers_timeout
        mine.set(now + 301s);  // body_timeout
        mine.clear();
        queue.run(now);
    }
}
BENCHMARK(timer_of_a_request)->Arg(1)->Arg(1'000)->Arg(100'000);

}  // namespace

BENCHMARK_MAIN();
