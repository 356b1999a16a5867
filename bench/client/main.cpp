// client_cost [ROUNDS] [REQUESTS]: what hearth::client costs, interleaved with a bare blocking loop of send and recv that
// neither parses nor checks; and what it gives with several threads. The origin is a process of its own.
#include <hearth/client.hpp>
#include <hearth/testing/faulty_origin.hpp>

#include <fmt/format.h>

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <functional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;

struct origin_process {
    pid_t pid = 0;
    std::uint16_t port = 0;
};

// Before this process has threads.
origin_process start_origin() {
    std::array<int, 2> pipe{};
    if (::pipe(pipe.data()) != 0) throw std::runtime_error("pipe");
    const pid_t pid = ::fork();
    if (pid == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGTERM);
        const hearth::testing::faulty_origin origin(
            {.idle_timeout = 0ms, .body = "a small response, forty bytes in length\n"});
        const std::uint16_t port = origin.port();
        if (::write(pipe[1], &port, sizeof port) != sizeof port) ::_exit(1);
        ::pause();
        ::_exit(0);
    }
    origin_process o{.pid = pid, .port = 0};
    if (pid < 0 || ::read(pipe[0], &o.port, sizeof o.port) != sizeof o.port) throw std::runtime_error("no origin");
    ::close(pipe[0]);
    ::close(pipe[1]);
    return o;
}

void bare_loop(std::uint16_t port, std::size_t requests) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) throw std::runtime_error("connect");
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const std::string request = "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: bare\r\n\r\n";
    std::array<char, 65536> buffer{};
    for (; requests > 0; --requests) {
        if (::send(fd, request.data(), request.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request.size()) ||
            ::recv(fd, buffer.data(), buffer.size(), 0) <= 0)
            throw std::runtime_error("the bare connection broke");
    }
    ::close(fd);
}

void get(hearth::client& c, const std::string& url, std::size_t requests) {
    for (; requests > 0; --requests) {
        hearth::client_response r = c.get(url);
        if (r.text().empty() || !r.ok()) throw std::runtime_error("status " + std::to_string(r.status()));
    }
}

void get_by(std::size_t callers, hearth::client& c, const std::string& url, std::size_t requests) {
    std::vector<std::thread> all;
    for (std::size_t i = 0; i < callers; ++i) all.emplace_back([&] { get(c, url, requests / callers); });
    for (std::thread& t : all) t.join();
}

struct cost {
    double cpu_us = 0, rate = 0, switches = 0;
};

struct contestant {
    std::string name;
    std::function<void(std::size_t requests)> run;
    std::vector<cost> rounds{};
};

double micros(const timeval& t) { return static_cast<double>(t.tv_sec) * 1e6 + static_cast<double>(t.tv_usec); }

cost measure(const contestant& who, std::size_t requests) {
    who.run(requests / 20 + 1);
    rusage before{}, after{};
    ::getrusage(RUSAGE_SELF, &before);
    const auto began = std::chrono::steady_clock::now();
    who.run(requests);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
    ::getrusage(RUSAGE_SELF, &after);
    const auto n = static_cast<double>(requests);
    return {
        .cpu_us = (micros(after.ru_utime) + micros(after.ru_stime) - micros(before.ru_utime) - micros(before.ru_stime)) / n,
        .rate = n / took.count(),
        .switches = static_cast<double>(after.ru_nvcsw - before.ru_nvcsw) / n};
}

double median(std::vector<cost> of, double cost::*which) {
    std::ranges::sort(of, {}, which);
    return of[of.size() / 2].*which;
}

void run(std::uint16_t port, std::size_t rounds, std::size_t requests) {
    const std::string url = "http://127.0.0.1:" + std::to_string(port) + "/";
    const auto with = [](std::size_t threads) {
        return hearth::client_options{.agent = {.max_sockets = 16}, .threads = threads, .spread_origins = true};
    };
    hearth::client one(with(1)), two(with(2));
    std::vector<contestant> all;
    all.push_back({"bare loop, 1 caller", [&](std::size_t n) { bare_loop(port, n); }});
    all.push_back({"1 thread, 1 caller", [&](std::size_t n) { get(one, url, n); }});
    all.push_back({"1 thread, 8 callers", [&](std::size_t n) { get_by(8, one, url, n); }});
    all.push_back({"2 threads, 8 callers", [&](std::size_t n) { get_by(8, two, url, n); }});
    all.push_back({"1 thread, 32 futures", [&](std::size_t n) {
                       for (std::vector<std::future<hearth::client_response>> flying(32); n >= 32; n -= 32) {
                           for (auto& f : flying) f = one.async_get(url);
                           for (auto& f : flying) (void)f.get().text();
                       }
                   }});
    for (std::size_t round = 0; round < rounds; ++round) {
        if (::isatty(2) != 0) fmt::print(stderr, "\rround {} of {} ", round + 1, rounds);
        for (contestant& who : all) who.rounds.push_back(measure(who, requests));
    }
    if (::isatty(2) != 0) fmt::print(stderr, "\r\033[K");
    fmt::print("Medians of {} interleaved rounds of {} requests on {} cores; the ratio is to the bare loop's CPU time.\n\n",
               rounds, requests, std::thread::hardware_concurrency());
    fmt::print("| hearth::client | CPU us a request | ratio | requests/s | waits a request |\n|---|--:|--:|--:|--:|\n");
    const double bare = median(all.front().rounds, &cost::cpu_us);
    for (const contestant& who : all) {
        const double cpu = median(who.rounds, &cost::cpu_us);
        fmt::print("| {} | {:.1f} | {:.2f} | {:.0f} | {:.2f} |\n", who.name, cpu, cpu / bare,
                   median(who.rounds, &cost::rate), median(who.rounds, &cost::switches));
    }
}

}  // namespace

int main(int argc, char** argv) try {
    const std::size_t rounds = argc > 1 ? std::stoul(argv[1]) : 7;
    const std::size_t requests = argc > 2 ? std::stoul(argv[2]) : 10'000;
    if (argc > 3 || rounds == 0 || requests < 100) throw std::invalid_argument("usage");
    const origin_process origin = start_origin();
    run(origin.port, rounds, requests);
    ::kill(origin.pid, SIGTERM);
    ::waitpid(origin.pid, nullptr, 0);
    return 0;
} catch (const std::invalid_argument&) {
    fmt::print(stderr, "usage: client_cost [ROUNDS, 1 or more] [REQUESTS a round, 100 or more]\n");
    return 2;
} catch (const std::exception& e) {
    fmt::print(stderr, "client_cost: {}\n", e.what());
    return 1;
}
