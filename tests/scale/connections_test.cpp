// Ten thousand real connections in one agent.
#include "forked_origin.hpp"

#include <hearth/agent.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <gtest/gtest.h>

#include <sys/resource.h>

#include <exception>
#include <string>

namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using hearth::test::forked_origin;

constexpr std::size_t connections = 10'000;

// As many descriptors as the system allows; inherited by the origin.
bool raise_descriptors() {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
    return limit.rlim_cur >= connections + 100;
}

asio::awaitable<void> get(hearth::agent& agent, const std::string& url, std::size_t& answered) {
    hearth::response r = co_await agent.get(url);
    if (co_await r.text() == "hello from the origin\n" && r.reused() && r.attempts() == 1) ++answered;
}

TEST(scale, ten_thousand_connections) {
    if (!raise_descriptors()) GTEST_SKIP() << "needs " << connections + 100 << " file descriptors";
    forked_origin origin({.idle_timeout = 0ms, .patience = 10min, .max_connections = 2 * connections});
    asio::io_context context(1);
    hearth::agent_options options;
    options.max_sockets = options.max_total_sockets = options.max_pending = connections;
    options.connect_timeout = options.keep_alive_timeout = 10min;
    hearth::agent agent(context, options);

    EXPECT_EQ(agent.warm(origin.url(), connections), connections);
    while (agent.stats().free < connections && agent.stats().connecting > 0) context.run_one();
    ASSERT_EQ(agent.stats().free, connections);

    // All of them at once: each takes one that idles.
    std::size_t answered = 0, ended = 0;
    for (std::size_t i = 0; i < connections; ++i) {
        asio::co_spawn(context, get(agent, origin.url(), answered), [&](const std::exception_ptr& e) {
            if (e) std::rethrow_exception(e);
            ++ended;
        });
    }
    while (ended < connections) context.run_one();
    EXPECT_EQ(agent.stats().free, connections);
    EXPECT_EQ(answered, connections);
    EXPECT_EQ(agent.stats().count.opened, connections);

    // A server that goes is noticed on every one.
    origin.kill();
    while (agent.stats().free > 0) context.run_one();
    const auto& closed = agent.stats().count.closed;
    EXPECT_EQ(closed[static_cast<std::size_t>(hearth::close_reason::server_closed)], connections);
    agent.destroy();
    context.run();
}

}  // namespace
