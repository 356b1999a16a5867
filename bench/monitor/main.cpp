// monitor_cost [ROUNDS] [SECONDS]: what a monitor costs the agent that it shows: none; one with ten viewers of a thousand
// origins; and one that is asked badly, by very many. By turns, in rounds. The server is a process of its own; what is
// counted is the agent's thread: its CPU time a request, and its requests a second.
#include <hearth/agent.hpp>
#include <hearth/monitor.hpp>
#include <hearth/testing/faulty_origin.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <fmt/format.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using clock_type = std::chrono::steady_clock;

constexpr unsigned origins = 1'000;
constexpr unsigned concurrency = 50;
constexpr unsigned viewers = 10;

/// A process that does `work` with the pipe's end that is given to it, until this process ends or stops it.
class child {
public:
    template <class Work>
    explicit child(Work work) {
        std::array<int, 2> pipe{};
        if (::pipe(pipe.data()) != 0) throw std::runtime_error("pipe");
        pid_ = ::fork();
        if (pid_ < 0) throw std::runtime_error("fork");
        if (pid_ == 0) {
            ::prctl(PR_SET_PDEATHSIG, SIGKILL);
            work(pipe[1]);
            ::_exit(0);
        }
        ::close(pipe[1]);
        from_ = pipe[0];
    }
    ~child() {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
        ::close(from_);
    }
    child(const child&) = delete;
    child& operator=(const child&) = delete;

    template <class T>
    [[nodiscard]] T read() const {
        T value{};
        if (::read(from_, &value, sizeof value) != sizeof value) throw std::runtime_error("a child process has failed");
        return value;
    }

private:
    pid_t pid_ = -1;
    int from_ = -1;
};

void tell(int pipe, std::uint64_t value) {
    if (::write(pipe, &value, sizeof value) != sizeof value) ::_exit(1);
}

int connect_to(std::uint16_t port) {
    const int s = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(s, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        ::close(s);
        return -1;
    }
    return s;
}

void send_all(int s, std::string_view bytes) { (void)!::send(s, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT); }

/// Reads what ten viewers get; tells when all have got something.
[[noreturn]] void view(std::uint16_t port, int pipe) {
    std::vector<pollfd> all;
    for (unsigned i = 0; i < viewers; ++i) {
        all.push_back({.fd = connect_to(port), .events = POLLIN, .revents = 0});
        send_all(all.back().fd, "GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n");
    }
    static std::array<char, 256 * 1024> buffer;
    std::vector<std::uint64_t> got(viewers);
    bool told = false;
    for (;;) {
        ::poll(all.data(), all.size(), -1);
        for (unsigned i = 0; i < viewers; ++i) {
            if ((all[i].revents & POLLIN) == 0) continue;
            const ssize_t n = ::recv(all[i].fd, buffer.data(), buffer.size(), 0);
            if (n <= 0) ::_exit(1);
            got[i] += static_cast<std::uint64_t>(n);
        }
        if (!told && std::ranges::all_of(got, [](std::uint64_t n) { return n > 100'000; })) {
            told = true;
            tell(pipe, 1);
        }
    }
}

/// Bad requests, 2,000 a second: huge heads, garbage, heads that never end, wrong methods, connections left alone.
[[noreturn]] void pester(std::uint16_t port, int pipe) {
    const std::string huge = "GET / HTTP/1.1\r\nX: " + std::string(64 * 1024, 'x');
    const std::string garbage(4'096, '\xff');
    const std::array<std::string_view, 5> bad = {huge, garbage, "GET / HT",
                                                 "POST /stats.json HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n", ""};
    std::vector<int> open(400, -1);
    tell(pipe, 1);
    for (std::size_t i = 0;; ++i) {
        int& slot = open[i % open.size()];
        if (slot >= 0) ::close(slot);
        slot = connect_to(port);
        if (slot >= 0) send_all(slot, bad[i % bad.size()]);
        if (i % 20 == 19) ::usleep(10'000);
    }
}

double cpu_us(clockid_t whose = CLOCK_THREAD_CPUTIME_ID) {
    timespec t{};
    ::clock_gettime(whose, &t);
    return static_cast<double>(t.tv_sec) * 1e6 + static_cast<double>(t.tv_nsec) / 1e3;
}

struct cost {
    double cpu_us = 0, rate = 0;
    double others = 0;  // CPU of the process's other threads, which is the monitor's one: a share of a core
};

/// An agent with its thousand origins, all warmed up.
class load {
public:
    explicit load(std::uint16_t port) : agent_(context_, {.max_total_sockets = 2 * origins, .keep_alive_timeout = 1h}) {
        for (unsigned i = 0; i < origins; ++i)
            urls_.push_back(fmt::format("http://127.1.{}.{}:{}/", i / 250, 1 + i % 250, port));
        (void)run(0s);
    }
    ~load() { agent_.destroy(); }
    load(const load&) = delete;
    load& operator=(const load&) = delete;

    [[nodiscard]] hearth::agent& agent() noexcept { return agent_; }

    /// So many requests at a time, for so long and to each origin once at least.
    cost run(std::chrono::duration<double> how_long) {
        const double cpu = cpu_us();
        const double all = cpu_us(CLOCK_PROCESS_CPUTIME_ID);
        const auto begin = clock_type::now();
        const auto end = begin + std::chrono::duration_cast<clock_type::duration>(how_long);
        std::size_t sent = 0;
        unsigned running = concurrency;
        for (unsigned i = 0; i < concurrency; ++i) {
            asio::co_spawn(context_, work(end, sent), [&](const std::exception_ptr& e) {
                if (e) std::rethrow_exception(e);
                if (--running == 0) context_.stop();
            });
        }
        context_.run();
        context_.restart();
        const std::chrono::duration<double> took = clock_type::now() - begin;
        const double mine = cpu_us() - cpu;
        return {.cpu_us = mine / static_cast<double>(sent),
                .rate = static_cast<double>(sent) / took.count(),
                .others = (cpu_us(CLOCK_PROCESS_CPUTIME_ID) - all - mine) / 1e6 / took.count()};
    }

private:
    asio::awaitable<void> work(clock_type::time_point end, std::size_t& sent) {
        while (sent < origins || clock_type::now() < end) {
            hearth::response r = co_await agent_.get(urls_[sent++ % origins]);
            co_await r.discard();
        }
    }

    asio::io_context context_{1};
    hearth::agent agent_;
    std::vector<std::string> urls_;
};

std::uint16_t port_of(const std::string& url) {
    std::uint16_t port = 0;
    const std::size_t colon = url.rfind(':');
    std::from_chars(url.data() + colon + 1, url.data() + url.size(), port);
    return port;
}

enum class company { none, watching, pestering };

cost measure(load& l, company who, double seconds) {
    if (who == company::none) return l.run(std::chrono::duration<double>(seconds));
    hearth::monitor monitor(l.agent(), {.address = "127.0.0.1:0"});
    const std::uint16_t port = port_of(monitor.url());
    const child c([&](int pipe) { who == company::watching ? view(port, pipe) : pester(port, pipe); });
    // The agent answers the monitor between requests.
    (void)l.run(0.5s);
    (void)c.read<std::uint64_t>();
    return l.run(std::chrono::duration<double>(seconds));
}

double median(std::vector<double> of) {
    std::ranges::sort(of);
    return of[of.size() / 2];
}

double median(const std::vector<cost>& of, double cost::*which) {
    std::vector<double> all;
    for (const cost& c : of) all.push_back(c.*which);
    return median(std::move(all));
}

/// Round by round, since what all had to bear in one cancels out.
double ratio(const std::vector<cost>& of, const std::vector<cost>& to, double cost::*which) {
    std::vector<double> all;
    for (std::size_t i = 0; i < of.size(); ++i) all.push_back(of[i].*which / to[i].*which);
    return median(std::move(all));
}

void run(std::uint16_t port, std::size_t rounds, double seconds) {
    load l(port);
    const std::array<const char*, 3> names = {"no monitor", "10 viewers of 1,000 origins", "2,000 bad requests a second"};
    std::array<std::vector<cost>, 3> all;
    for (std::size_t round = 0; round < rounds; ++round) {
        if (::isatty(2) != 0) fmt::print(stderr, "\rround {} of {} ", round + 1, rounds);
        for (std::size_t i = 0; i < all.size(); ++i) {
            const std::size_t which = (i + round) % all.size();
            all[which].push_back(measure(l, static_cast<company>(which), seconds));
        }
    }
    if (::isatty(2) != 0) fmt::print(stderr, "\r\033[K");
    fmt::print("One agent, 50 requests at a time to 1,000 origins in turn; medians of {} rounds of {} s by turns.\n\n",
               rounds, seconds);
    fmt::print(
        "| the agent's thread | CPU us a request | ratio | requests/s | ratio | the monitor's thread, of a core "
        "|\n|---|--:|--:|--:|--:|--:|\n");
    for (std::size_t i = 0; i < all.size(); ++i) {
        fmt::print("| {} | {:.2f} | {:.3f} | {:.0f} | {:.3f} | {:.1f} % |\n", names[i], median(all[i], &cost::cpu_us),
                   ratio(all[i], all[0], &cost::cpu_us), median(all[i], &cost::rate), ratio(all[i], all[0], &cost::rate),
                   100 * median(all[i], &cost::others));
    }
}

void raise_descriptor_limit() {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

int main(int argc, char** argv) try {
    const std::size_t rounds = argc > 1 ? std::stoul(argv[1]) : 9;
    const double seconds = argc > 2 ? std::stod(argv[2]) : 2;
    if (argc > 3 || rounds == 0 || seconds <= 0) {
        fmt::print(stderr, "usage: monitor_cost [ROUNDS] [SECONDS]\n");
        return 2;
    }
    raise_descriptor_limit();
    const child origin([](int pipe) {
        // Every address of 127/8 is an origin of its own.
        const hearth::testing::faulty_origin server({.address = "0.0.0.0", .idle_timeout = 0ms});
        tell(pipe, server.port());
        ::pause();
    });
    run(static_cast<std::uint16_t>(origin.read<std::uint64_t>()), rounds, seconds);
    return 0;
} catch (const std::exception& e) {
    fmt::print(stderr, "monitor_cost: {}\n", e.what());
    return 1;
}
