// defences [ROUNDS] [REQUESTS]: what each line of defence costs a request, off and on. The server is built in and runs on a
// thread of its own; what is counted is the agent's thread: its CPU time, and instructions in user space where the machine
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
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
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
    {"all of these", "idle for over 1 ms",
     [](bool on) {
         return traffic{.pause = 2ms,
                        .agent = with([&](auto& o) { o.watch_idle = o.check_before_use = o.learn_idle_timeout = on; })};
     }},
    // Those that may be replayed are watched for silence.
    {"silence", "replayable requests", [](bool on) { return posts(0ms, on); }},
    // What watches it, too, is off and on here; the monitor has a benchmark of its own.
    {"log", "level debug, nothing rare",
     [](bool on) {
         return traffic{.agent = with([&](auto& o) {
                            if (!on) return;
                            o.log.level = hearth::log_level::debug;
                            o.log.write = [](std::string_view) {};
                        })};
     }},
    {"hooks", "both set",
     [](bool on) {
         return traffic{.agent = with([&](auto& o) {
                            if (!on) return;
                            o.events.on_connection = [](const hearth::connection_event&) {};
                            o.events.on_request = [](const hearth::request_event&) {};
                        })};
     }},
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

double cpu_ns() {
    timespec t{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return static_cast<double>(t.tv_sec) * 1e9 + static_cast<double>(t.tv_nsec);
}

struct cost {
    double cpu_ns = 0, instructions = 0;  // a request
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
    const cost before{cpu_ns(), counter.now()};
    const std::size_t bursts = std::max<std::size_t>(1, requests / connections);
    for (std::size_t i = 0; i < bursts; ++i) {
        if (t.pause.count() > 0) {
            timer.expires_after(t.pause);
            co_await timer.async_wait(asio::use_awaitable);
        }
        co_await burst(a, url, t, timer);
    }
    const auto n = static_cast<double>(bursts * connections);
    result = {(cpu_ns() - before.cpu_ns) / n, (counter.now() - before.instructions) / n};
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

using rounds = std::vector<cost>;

struct quartiles {
    double low = 0, middle = 0, high = 0;
};

quartiles quartiles_of(std::vector<double> all) {
    std::ranges::sort(all);
    return {all[all.size() / 4], all[all.size() / 2], all[all.size() * 3 / 4]};
}

double median(const rounds& of, double cost::*which) {
    std::vector<double> all;
    for (const cost& c : of) all.push_back(c.*which);
    return quartiles_of(all).middle;
}

// Round by round, since what both had to bear in one cancels out.
quartiles difference(const rounds& off, const rounds& on, double cost::*which) {
    std::vector<double> all;
    for (std::size_t i = 0; i < off.size(); ++i) all.push_back(on[i].*which - off[i].*which);
    return quartiles_of(all);
}

// Markdown, for bench/README.md.
void print_table(const std::vector<rounds>& off, const std::vector<rounds>& on, bool instructions) {
    fmt::print("| defence | for requests | off, us | on, us | more, us (quartiles) |{}\n",
               instructions ? " instructions |" : "");
    fmt::print("| --- | --- | ---: | ---: | ---: |{}\n", instructions ? " ---: |" : "");
    for (std::size_t i = 0; i < defences.size(); ++i) {
        const quartiles more = difference(off[i], on[i], &cost::cpu_ns);
        fmt::print("| {} | {} | {:.2f} | {:.2f} | {:+.2f} ({:+.2f} to {:+.2f}) |", defences[i].name, defences[i].when,
                   median(off[i], &cost::cpu_ns) / 1e3, median(on[i], &cost::cpu_ns) / 1e3, more.middle / 1e3,
                   more.low / 1e3, more.high / 1e3);
        if (instructions) fmt::print(" {:+.0f} |", difference(off[i], on[i], &cost::instructions).middle);
        fmt::print("\n");
    }
}

}  // namespace

int main(int argc, char** argv) try {
    const std::size_t times = argc > 1 ? std::stoul(argv[1]) : 15;
    const std::size_t requests = argc > 2 ? std::stoul(argv[2]) : 10'000;
    if (argc > 3 || times == 0 || requests < connections) {
        fmt::print(stderr, "usage: defences [ROUNDS, 1 or more] [REQUESTS a round, {} or more]\n", connections);
        return 2;
    }
    const hearth::testing::faulty_origin origin({.idle_timeout = 0ms});
    const instruction_counter counter;
    std::vector<rounds> off(defences.size()), on(defences.size());
    for (std::size_t round = 0; round < times; ++round) {
        if (::isatty(2) != 0) fmt::print(stderr, "\rround {} of {} ", round + 1, times);
        for (std::size_t i = 0; i < defences.size(); ++i) {
            // By turns the one and the other first.
            for (const bool is_on : {round % 2 == 0, round % 2 == 1}) {
                const traffic t = defences[i].make(is_on);
                // Pauses of a quarter of a second make for few requests.
                const cost c = measure(origin.url(), t, t.pause > 100ms ? connections * 4 : requests, counter);
                (is_on ? on : off)[i].push_back(c);
            }
        }
    }
    if (::isatty(2) != 0) fmt::print(stderr, "\r\033[K");
    fmt::print(
        "CPU time of one request, {} connections, one thread; medians of {} rounds of {} requests, off and on by turns.\n\n",
        connections, times, requests);
    print_table(off, on, counter.counts());
    return 0;
} catch (const std::exception& e) {
    fmt::print(stderr, "defences: {}\n", e.what());
    return 1;
}
