// defences [ROUNDS] [REQUESTS]: what each line of defence costs a request, off and on. The server is built in and runs on a
// thread of its own; what is counted is the agent's thread: user CPU time, and instructions in user space where the machine
// counts them (perf_event_open(2)).
#include <hearth/agent.hpp>
#include <hearth/testing/faulty_origin.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <fmt/format.h>

#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

constexpr std::size_t connections = 50;

/// Bursts of one request on each connection, with a pause before each burst.
struct traffic {
    std::chrono::milliseconds pause{0};
    std::string method = "GET";
    hearth::request_options request{};
    hearth::agent_options agent{};
};

struct defence {
    const char* name;
    const char* when;
    std::function<traffic(bool on)> make;
};

hearth::agent_options with(const std::function<void(hearth::agent_options&)>& change) {
    hearth::agent_options o{.max_sockets = connections};
    change(o);
    return o;
}

traffic posts(std::chrono::milliseconds pause, bool repeatable) {
    return {.pause = pause, .method = "POST", .request = {.idempotent = repeatable}, .agent = with([](auto&) {})};
}

const std::vector<defence> defences{
    {"watch_idle", "always",
     [](bool on) { return traffic{.pause = 2ms, .agent = with([&](auto& o) { o.watch_idle = on; })}; }},
    {"check_before_use", "idle for over 1 ms",
     [](bool on) { return traffic{.pause = 2ms, .agent = with([&](auto& o) { o.check_before_use = on; })}; }},
    {"check_before_use", "idle for less",
     [](bool on) { return traffic{.agent = with([&](auto& o) { o.check_before_use = on; })}; }},
    {"learn_idle_timeout", "always",
     [](bool on) { return traffic{.agent = with([&](auto& o) { o.learn_idle_timeout = on; })}; }},
    // Those that may be replayed are watched for silence.
    {"silence", "replayable requests", [](bool on) { return posts(0ms, on); }},
    // Those that may not are guarded.
    {"reset guard", "others, idle for over 200 ms", [](bool on) { return posts(250ms, !on); }},
};

class instruction_counter {
public:
    instruction_counter() {
        perf_event_attr what{};
        what.type = PERF_TYPE_HARDWARE;
        what.size = sizeof what;
        what.config = PERF_COUNT_HW_INSTRUCTIONS;
        what.exclude_kernel = 1;
        what.exclude_hv = 1;
        fd_ = static_cast<int>(::syscall(SYS_perf_event_open, &what, 0, -1, -1, 0));
    }
    ~instruction_counter() {
        if (fd_ >= 0) ::close(fd_);
    }
    instruction_counter(const instruction_counter&) = delete;
    instruction_counter& operator=(const instruction_counter&) = delete;
    [[nodiscard]] bool counts() const { return fd_ >= 0; }
    [[nodiscard]] double now() const {
        std::uint64_t n = 0;
        return counts() && ::read(fd_, &n, sizeof n) == sizeof n ? static_cast<double>(n) : 0.0;
    }

private:
    int fd_;
};

double user_ns() {
    rusage r{};
    ::getrusage(RUSAGE_THREAD, &r);
    return static_cast<double>(r.ru_utime.tv_sec) * 1e9 + static_cast<double>(r.ru_utime.tv_usec) * 1e3;
}

double cpu_ns() {
    timespec t{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return static_cast<double>(t.tv_sec) * 1e9 + static_cast<double>(t.tv_nsec);
}

struct cost {
    double user_ns = 0, cpu_ns = 0, instructions = 0;  // a request
};

asio::awaitable<void> send_one(hearth::agent& a, const std::string& url, const traffic& t, std::size_t& open) {
    hearth::response r = co_await a.send({t.method, url, {}, {}, t.request});
    co_await r.discard();
    if (!r.ok()) throw std::runtime_error("status " + std::to_string(r.status()));
    --open;
}

asio::awaitable<void> burst(hearth::agent& a, const std::string& url, const traffic& t, asio::steady_timer& over) {
    const auto executor = co_await asio::this_coro::executor;
    std::size_t open = connections;
    for (std::size_t i = 0; i < connections; ++i) {
        asio::co_spawn(executor, send_one(a, url, t, open), [&](const std::exception_ptr& e) {
            if (e) std::rethrow_exception(e);
            if (open == 0) over.cancel();
        });
    }
    boost::system::error_code ignored;
    over.expires_at(asio::steady_timer::time_point::max());
    co_await over.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

asio::awaitable<void> run_traffic(const std::string& url, const traffic& t, std::size_t requests,
                                  const instruction_counter& counter, cost& result) {
    const auto executor = co_await asio::this_coro::executor;
    hearth::agent a(executor, t.agent);
    asio::steady_timer timer(executor);
    co_await burst(a, url, t, timer);  // opens the connections
    const cost before{user_ns(), cpu_ns(), counter.now()};
    const std::size_t bursts = std::max<std::size_t>(1, requests / connections);
    for (std::size_t i = 0; i < bursts; ++i) {
        if (t.pause.count() > 0) {
            timer.expires_after(t.pause);
            co_await timer.async_wait(asio::use_awaitable);
        }
        co_await burst(a, url, t, timer);
    }
    const auto n = static_cast<double>(bursts * connections);
    result = {(user_ns() - before.user_ns) / n, (cpu_ns() - before.cpu_ns) / n, (counter.now() - before.instructions) / n};
    if (a.stats().count.opened != connections) throw std::runtime_error("connections were not kept");
    a.destroy();
}

cost measure(const std::string& url, const traffic& t, std::size_t requests, const instruction_counter& counter) {
    asio::io_context context(1);
    cost result;
    asio::co_spawn(context, run_traffic(url, t, requests, counter, result), [](const std::exception_ptr& e) {
        if (e) std::rethrow_exception(e);
    });
    context.run();
    return result;
}

double median(std::vector<cost> of, double cost::*which) {
    std::ranges::sort(of, {}, which);
    return of[of.size() / 2].*which;
}

}  // namespace

int main(int argc, char** argv) try {
    const std::size_t rounds = argc > 1 ? std::stoul(argv[1]) : 11;
    const std::size_t requests = argc > 2 ? std::stoul(argv[2]) : 10'000;
    if (argc > 3 || rounds == 0 || requests < connections) {
        fmt::print(stderr, "usage: defences [ROUNDS, 1 or more] [REQUESTS a round, {} or more]\n", connections);
        return 2;
    }
    const hearth::testing::faulty_origin origin({.idle_timeout = 0ms});
    const instruction_counter counter;
    std::vector<std::vector<cost>> all(defences.size() * 2);
    for (std::size_t round = 0; round < rounds; ++round) {
        if (::isatty(2) != 0) fmt::print(stderr, "\rround {} of {} ", round + 1, rounds);
        for (std::size_t i = 0; i < all.size(); ++i) {
            const traffic t = defences[i / 2].make(i % 2 == 1);
            // Pauses of a quarter of a second make for few requests.
            all[i].push_back(measure(origin.url(), t, t.pause > 100ms ? connections * 4 : requests, counter));
        }
    }
    if (::isatty(2) != 0) fmt::print(stderr, "\r\033[K");
    fmt::print(
        "{} connections, one thread; medians of {} interleaved rounds of {} requests; user-space nanoseconds{} a request\n",
        connections, rounds, requests, counter.counts() ? " and instructions" : "");
    fmt::print("{:<20} {:<30} {:>8} {:>8} {:>8} {:>10}", "defence", "for", "off ns", "on ns", "user ns", "CPU ns");
    fmt::print("{}\n", counter.counts() ? fmt::format(" {:>12}", "instructions") : "");
    for (std::size_t i = 0; i < defences.size(); ++i) {
        const auto& off = all[2 * i];
        const auto& on = all[2 * i + 1];
        const auto more = [&](double cost::*which) { return median(on, which) - median(off, which); };
        fmt::print("{:<20} {:<30} {:>8.0f} {:>8.0f} {:>+8.0f} {:>+10.0f}", defences[i].name, defences[i].when,
                   median(off, &cost::user_ns), median(on, &cost::user_ns), more(&cost::user_ns), more(&cost::cpu_ns));
        fmt::print("{}\n", counter.counts() ? fmt::format(" {:>+12.0f}", more(&cost::instructions)) : "");
    }
    return 0;
} catch (const std::exception& e) {
    fmt::print(stderr, "defences: {}\n", e.what());
    return 1;
}
