// What an idle connection costs in user space. What the allocator says is in use, not what is resident: that depends on how
// many connections were opened at a time (bench/memory measures it).
#include "forked_origin.hpp"
#include "values/sanitizers.hpp"

#include <hearth/agent.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <gtest/gtest.h>
#include <malloc.h>

#include <cstdio>
#include <exception>
#include <string>

namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using hearth::test::forked_origin;

asio::awaitable<void> get(hearth::agent& agent, const std::string& url) {
    hearth::request request("GET", url);
    request.options.fresh_connection = true;
    hearth::response r = co_await agent.send(std::move(request));
    EXPECT_EQ(co_await r.text(), "hello from the origin\n");
}

// One connection a request, idle when it returns.
void open(asio::io_context& context, hearth::agent& agent, const std::string& url, std::size_t connections) {
    const std::size_t wanted = agent.stats().free + connections;
    for (std::size_t i = 0; i < connections; ++i) {
        asio::co_spawn(context, get(agent, url), [](const std::exception_ptr& e) {
            if (e) std::rethrow_exception(e);
        });
    }
    while (agent.stats().free < wanted || agent.stats().in_use > 0) context.run_one();
    context.poll();
}

std::size_t in_use() {
    const struct mallinfo2 m = ::mallinfo2();
    return m.uordblks + m.hblkhd;
}

// Bytes a connection.
std::size_t cost(bool tls) {
    constexpr std::size_t connections = 1'000, at_a_time = 50;
    const forked_origin origin({.tls = tls, .idle_timeout = 0ms});
    asio::io_context context(1);
    hearth::agent_options options;
    options.max_sockets = 2 * connections;
    options.tls.ca = origin.certificate();
    hearth::agent agent(context, options);
    open(context, agent, origin.url(), at_a_time);
    const std::size_t before = in_use();
    for (std::size_t i = 0; i < connections; i += at_a_time) open(context, agent, origin.url(), at_a_time);
    const std::size_t after = in_use();
    EXPECT_EQ(agent.stats().free, connections + at_a_time);
    agent.destroy();
    context.run();
    return (after - before) / connections;
}

TEST(scale_memory, of_idle_connections) {
    if (hearth::values::address_sanitizer || hearth::values::thread_sanitizer)
        GTEST_SKIP() << "sanitizers keep books of their own";
    const std::size_t plain = cost(false);
    const std::size_t tls = cost(true);
    std::printf("%zu bytes a plain connection, %zu under TLS\n", plain, tls);
    EXPECT_LE(plain, 1'280U);
    EXPECT_LE(tls, 22U * 1024);
}

}  // namespace
