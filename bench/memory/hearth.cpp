// hearth URL CONNECTIONS [CA_FILE]: so many concurrent requests through one agent, which leave as many idle connections.
// bench/memory/run reads its memory at each word it says, and answers with a line.
#include <hearth/agent.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <malloc.h>

#include <cstdint>
#include <cstdio>
#include <exception>
#include <iostream>
#include <stdexcept>
#include <string>

namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

asio::awaitable<void> get(hearth::agent& agent, std::string url) {
    hearth::response r = co_await agent.get(std::move(url));
    const std::string body = co_await r.text();
    if (!r.ok()) throw std::runtime_error("status " + std::to_string(r.status()));
}

void get_all(asio::io_context& context, hearth::agent& agent, const std::string& url, std::size_t n) {
    const std::uint64_t answered = agent.stats().count.responses + n;
    for (std::size_t i = 0; i < n; ++i) {
        asio::co_spawn(context, get(agent, url), [](const std::exception_ptr& e) {
            if (e) std::rethrow_exception(e);
        });
    }
    while (agent.stats().count.responses < answered || agent.stats().in_use > 0) context.run_one();
}

void say(const char* word) {
    std::cout << word << std::endl;
    std::string line;
    std::getline(std::cin, line);
}

}  // namespace

int main(int argc, char** argv) try {
    if (argc != 3 && argc != 4) {
        std::fputs("usage: hearth URL CONNECTIONS [CA_FILE]\n", stderr);
        return 2;
    }
    const std::string url = argv[1];
    const std::size_t connections = std::stoul(argv[2]);
    hearth::agent_options options;
    options.max_sockets = options.max_total_sockets = options.max_pending = connections;
    // The origin is one slow process, and nothing is to end while memory is read.
    options.connect_timeout = 10min;
    options.keep_alive_timeout = 10min;
    if (argc == 4) options.tls.ca_file = argv[3];
    asio::io_context context(1);
    hearth::agent agent(context, options);
    get_all(context, agent, url + "/now", 1);
    ::malloc_trim(0);
    say("ready");
    get_all(context, agent, url + "/hold", connections);
    if (agent.stats().free != connections) throw std::runtime_error("it kept other than one connection a request");
    say("idle");
    ::malloc_trim(0);
    say("collected");
    agent.destroy();
    return 0;
} catch (const std::exception& e) {
    std::fprintf(stderr, "hearth: %s\n", e.what());
    return 1;
}
