// What the pool is doing, logged periodically while requests run: per origin, requests that wait for a connection,
// connections in use, idle ones, and what share of the requests reused one. Usage: pool_log http://HOST [SECONDS BETWEEN
// LINES]

#include <hearth/agent.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <string>

namespace asio = boost::asio;

void log(const hearth::agent& agent) {
    for (const auto& [origin, s] : agent.stats().origins) {
        const auto responses = s.count.responses;
        std::cout << origin << ": pending " << s.pending << ", in use " << s.in_use << ", free " << s.free << ", connecting "
                  << s.connecting << "; " << responses << " responses, "
                  << (responses > 0 ? 100 * s.count.reused / responses : 0) << " % on a reused connection, "
                  << s.count.replays << " replays\n";
    }
}

asio::awaitable<void> log_every(std::chrono::duration<double> interval, const hearth::agent& agent,
                                asio::steady_timer& timer) {
    for (;;) {
        timer.expires_after(std::chrono::duration_cast<asio::steady_timer::duration>(interval));
        const auto [stopped] = co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
        log(agent);
        if (stopped) co_return;
    }
}

asio::awaitable<void> work(hearth::agent& agent, std::string url, int requests) {
    for (int i = 0; i < requests; ++i) {
        hearth::response r = co_await agent.get(url);
        co_await r.discard();
    }
}

int main(int argc, char** argv) try {
    if (argc < 2) return std::cerr << "usage: pool_log http://HOST [SECONDS BETWEEN LINES]\n", 2;
    constexpr int workers = 8;
    asio::io_context context;
    hearth::agent agent(context, {.max_sockets = 4});
    asio::steady_timer timer(context);
    int running = workers;
    const auto ended = [&](std::exception_ptr e) {
        if (e) std::rethrow_exception(e);
        if (--running > 0) return;
        timer.cancel();
        agent.close([](hearth::error_code) {});
    };
    asio::co_spawn(context, log_every(std::chrono::duration<double>(argc > 2 ? std::atof(argv[2]) : 60), agent, timer),
                   [](std::exception_ptr) {});
    for (int i = 0; i < workers; ++i) asio::co_spawn(context, work(agent, argv[1], 50), ended);
    context.run();
} catch (const hearth::error& e) {
    return std::cerr << e.what() << '\n', 1;
}
