// Requests that cross with the server's idle close on a path of 20 ms: none fails, none is executed twice, and the slowest
// costs a connect and a round trip more than one on a fresh connection (docs/behaviours: 40, 41).
#include "net/fd.hpp"
#include "net/tcp_info.hpp"
#include "path/path_test.hpp"
#include "support/certificates.hpp"
#include "support/run.hpp"

#include <hearth/agent.hpp>
#include <hearth/testing/faulty_origin.hpp>

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>

#include <arpa/inet.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <iostream>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace {

using namespace hearth::test;
using hearth::agent;
using hearth::evidence;
using hearth::testing::faulty_origin;
using std::chrono::milliseconds;
using clock_type = std::chrono::steady_clock;

TEST_F(path_test, a_round_trip_takes_20_ms) {
    const faulty_origin origin({.address = delayed_path::server_address});
    const hearth::net::unique_fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(origin.port());
    ASSERT_EQ(::inet_pton(AF_INET, delayed_path::address, &to.sin_addr), 1);
    ASSERT_EQ(::connect(fd.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to), 0);
    const auto books = hearth::net::read_tcp_books(fd.get());
    ASSERT_TRUE(books.has_value());
    EXPECT_GE(books->rtt, 20ms);
    EXPECT_GE(books->rtt_min, 20ms);
    EXPECT_LT(books->rtt_min, 200ms) << "on a machine that keeps it waiting";
}

struct race {
    const char* name;
    bool tls = false;
    bool reset = false;
};

constexpr milliseconds idle_timeout = 300ms;
constexpr int callers = 24;
constexpr int each = 10;  // requests of one method in one round

struct outcome {
    std::vector<hearth::failure> failures{};
    std::vector<double> fresh_ms{};
    std::vector<double> raced_ms{};
    std::array<std::uint64_t, hearth::evidence_count> replays{};
    int sent = 0;
    int callers_left = 0;

    void report(const std::string& name, std::size_t crossed, double fresh) const;
};

double ms_since(clock_type::time_point begun) {
    return std::chrono::duration<double, std::milli>(clock_type::now() - begun).count();
}

// One caller with a pool of its own, whose connection idles until about when the server closes it.
awaitable<void> call_around_the_close(std::string url, std::string method, std::string name, unsigned seed,
                                      hearth::tls_options tls, outcome& o) {
    const auto executor = co_await asio::this_coro::executor;
    agent a(executor, {.tls = std::move(tls)});
    std::minstd_rand random(seed);
    co_await pause(milliseconds(random() % 300));
    for (int i = 0; i < each; ++i) {
        try {
            co_await (co_await a.get(url)).discard();
            co_await pause(idle_timeout - 30ms + std::chrono::microseconds(random() % 35'000));
            const auto begun = clock_type::now();
            ++o.sent;
            hearth::response r = co_await a.send({method, url, {{"x-request-id", name + "-" + std::to_string(i)}}});
            co_await r.discard();
            if (r.attempts() > 1) o.raced_ms.push_back(ms_since(begun));
        } catch (const hearth::error& e) {
            o.failures.push_back(e.info());
        }
    }
    // What a connection costs anyway.
    const auto begun = clock_type::now();
    co_await (co_await a.send({"GET", url, {}, {}, {.fresh_connection = true}})).discard();
    o.fresh_ms.push_back(ms_since(begun));
    const hearth::stats s = a.stats();
    for (std::size_t k = 0; k < s.count.replays_by_evidence.size(); ++k) o.replays[k] += s.count.replays_by_evidence[k];
}

double median(std::vector<double> v) {
    if (v.empty()) return 0;
    std::ranges::sort(v);
    return v[v.size() / 2];
}

void outcome::report(const std::string& name, std::size_t crossed, double fresh) const {
    std::cout << name << ": " << sent << " sent, " << crossed << " met a closed socket, " << raced_ms.size() << " replayed, "
              << failures.size() << " failed; fresh " << fresh << " ms, raced " << median(raced_ms) << " ms, slowest "
              << (raced_ms.empty() ? 0 : *std::ranges::max_element(raced_ms)) << " ms; evidence:";
    for (std::size_t k = 0; k < hearth::evidence_count; ++k) {
        if (replays[k] > 0) std::cout << ' ' << replays[k] << ' ' << to_string(static_cast<evidence>(k));
    }
    std::cout << '\n';
    for (const auto& f : failures) std::cout << "  " << f.message() << '\n';
}

struct path_race : path_test, testing::WithParamInterface<race> {};

TEST_P(path_race, nothing_fails_and_nothing_is_executed_twice) {
    const race& how = GetParam();
    const auto& made = certificates();
    const identity id = how.tls ? made.server : identity{};
    // Its certificate is for other addresses; that is checked elsewhere.
    const hearth::tls_options tls{.ca = how.tls ? made.authority.certificate() : "",
                                  .servername = how.tls ? "localhost" : ""};
    const faulty_origin origin({.address = delayed_path::server_address,
                                .certificate = id.certificate,
                                .key = id.key,
                                .idle_timeout = idle_timeout,
                                .reset_on_idle = how.reset});
    const std::string url = delayed_path::through(origin.url());
    for (const std::string method : {"GET", "POST"}) {
        outcome o;
        const path_report before = path->report();
        // A machine that is busy with other things may send few in time.
        for (int round = 0; round < 4 && (round == 0 || o.raced_ms.size() < 40); ++round) {
            run([&]() -> awaitable<void> {
                const auto executor = co_await asio::this_coro::executor;
                o.callers_left = callers;
                for (int i = 0; i < callers; ++i) {
                    const int n = round * callers + i;
                    asio::co_spawn(
                        executor,
                        call_around_the_close(url, method, method + std::to_string(n), static_cast<unsigned>(n + 1), tls, o),
                        [&](const std::exception_ptr& e) {
                            EXPECT_FALSE(e);
                            --o.callers_left;
                        });
                }
                co_await until([&] { return o.callers_left == 0; });
            });
        }
        const path_report after = path->report();
        // A request that reached the server a moment before it closed may have been executed: a POST then fails, rightly.
        const std::size_t received = after.unanswered - before.unanswered;
        if (method == "GET" || o.failures.size() > received) {
            for (const auto& f : o.failures) ADD_FAILURE() << f.message();
        }
        EXPECT_GT(o.raced_ms.size(), 0U) << "nothing was caught";
        // A connect and a round trip more, and what a busy machine adds.
        const double fresh = median(o.fresh_ms);
        const double round_trip = std::chrono::duration<double, std::milli>(path->round_trip()).count();
        EXPECT_LE(median(o.raced_ms), 2 * (fresh + 2 * round_trip));
        o.report(std::string(how.name) + ' ' + method, after.crossed - before.crossed, fresh);
    }
    EXPECT_EQ(origin.report().executed_twice, 0U);
}

INSTANTIATE_TEST_SUITE_P(of, path_race,
                         testing::Values(race{"plain_fin"}, race{"plain_reset", false, true}, race{"tls_fin", true, false},
                                         race{"tls_reset", true, true}),
                         [](const auto& i) { return std::string(i.param.name); });

}  // namespace
