// A service that takes work from another one, with retries, a log, and a monitor to see its pool by.
// Usage: monitored_service http://HOST [MONITOR-ADDRESS]

#include <hearth/agent.hpp>
#include <hearth/monitor.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <iostream>
#include <string>

namespace asio = boost::asio;
using namespace std::chrono_literals;

asio::awaitable<void> work(hearth::agent& agent, std::string site, int worker) {
    asio::steady_timer pause(agent.get_executor());
    for (int job = 1;; ++job) {
        try {
            hearth::response task = co_await agent.get(site + "/");
            std::string result = co_await task.text();
            // With a key the server knows the request when it comes again: it may be replayed and retried as a GET may.
            hearth::headers key{{"Idempotency-Key", std::to_string(worker) + "-" + std::to_string(job)}};
            hearth::request done("POST", site + "/echo", std::move(key), std::move(result));
            hearth::response answer = co_await agent.send(std::move(done));
            co_await answer.discard();
        } catch (const hearth::error& e) {
            if (e.info().code == hearth::errc::agent_closed) co_return;
            std::cerr << e.what() << '\n';
        }
        pause.expires_after(100ms);
        co_await pause.async_wait(asio::use_awaitable);
    }
}

int main(int argc, char** argv) try {
    if (argc < 2) return std::cerr << "usage: monitored_service http://HOST [MONITOR-ADDRESS]\n", 2;
    asio::io_context context;
    hearth::agent agent(context, {.max_sockets = 20,
                                  .headers_timeout = 5s,
                                  .retry = {.max_retries = 3, .on_status = true},
                                  .log = {.level = hearth::log_level::info}});
    hearth::monitor monitor(agent, {.address = argc > 2 ? argv[2] : "127.0.0.1:9464"});
    std::cout << "the pool is shown at " << monitor.url() << std::endl;

    asio::signal_set signals(context, SIGINT, SIGTERM);
    signals.async_wait([&](auto, int) { context.stop(); });
    for (int worker = 1; worker <= 8; ++worker) asio::co_spawn(context, work(agent, argv[1], worker), asio::detached);
    context.run();
} catch (const hearth::error& e) {
    return std::cerr << e.what() << '\n', 1;
}
