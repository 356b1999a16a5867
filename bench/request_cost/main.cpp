// request_cost limit|agent HOST PORT PATH CONNECTIONS REQUESTS: prints "user_us system_us rate" a request, over the whole
// run.
#include "request_cost/cost.hpp"

#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string_view>

namespace {

double micros(const timeval& t) { return static_cast<double>(t.tv_sec) * 1e6 + static_cast<double>(t.tv_usec); }

}  // namespace

int main(int argc, char** argv) try {
    if (argc != 7) {
        std::fputs("usage: request_cost limit|agent HOST PORT PATH CONNECTIONS REQUESTS\n", stderr);
        return 2;
    }
    const std::string_view who = argv[1];
    const bench::target t{argv[2], static_cast<std::uint16_t>(std::stoi(argv[3])), argv[4]};
    const std::size_t connections = std::stoul(argv[5]);
    const std::size_t requests = std::stoul(argv[6]);
    const auto run = who == "limit" ? bench::run_limit : bench::run_agent;
    run(t, connections, requests / 20);  // warms caches, the server's too
    rusage before{};
    ::getrusage(RUSAGE_SELF, &before);
    const auto began = std::chrono::steady_clock::now();
    run(t, connections, requests);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
    rusage after{};
    ::getrusage(RUSAGE_SELF, &after);
    const auto each = static_cast<double>(requests);
    std::printf("%.3f %.3f %.0f\n", (micros(after.ru_utime) - micros(before.ru_utime)) / each,
                (micros(after.ru_stime) - micros(before.ru_stime)) / each, each / took.count());
    return 0;
} catch (const std::exception& e) {
    std::fprintf(stderr, "request_cost: %s\n", e.what());
    return 1;
}
