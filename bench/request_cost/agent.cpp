// Hearth's agent as its users write it: coroutines, every defence on.
#include "request_cost/cost.hpp"

#include <hearth/agent.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <stdexcept>

namespace bench {

namespace asio = boost::asio;

namespace {

asio::awaitable<void> worker(hearth::agent& agent, const std::string& url, std::size_t& left) {
    while (left > 0) {
        --left;
        hearth::response r = co_await agent.get(url);
        const std::string body = co_await r.text();
        if (!r.ok()) throw std::runtime_error("status " + std::to_string(r.status()));
    }
}

}  // namespace

void run_agent(const target& t, std::size_t connections, std::size_t requests) {
    asio::io_context context(1);
    hearth::agent agent(context, {.max_sockets = connections});
    const std::string url = "http://" + t.host + ":" + std::to_string(t.port) + t.path;
    std::size_t left = requests;
    std::size_t working = connections;
    for (std::size_t i = 0; i < connections; ++i) {
        asio::co_spawn(context, worker(agent, url, left), [&](const std::exception_ptr& e) {
            if (e) std::rethrow_exception(e);
            if (--working == 0) agent.destroy();
        });
    }
    context.run();
    if (agent.stats().count.opened != connections) throw std::runtime_error("it opened other than one connection a worker");
}

}  // namespace bench
