// A request's whole path through the agent.
#include "instructions/scenarios.hpp"

#include <hearth/agent.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <exception>
#include <optional>
#include <stdexcept>

namespace bench {

namespace asio = boost::asio;

namespace {

asio::awaitable<void> send(hearth::agent& agent, const traffic& what, std::size_t& left) {
    while (left > 0) {
        --left;
        hearth::request request(what.method, what.url);
        if (!what.body.empty()) request.body = what.body;
        if (what.idempotent) request.options.idempotent = true;
        hearth::response r = co_await agent.send(std::move(request));
        const std::string body = co_await r.text();
        if (!r.ok() || body.empty()) throw std::runtime_error("status " + std::to_string(r.status()));
    }
}

// The context never runs out of work while the agent watches a connection, so it is stopped.
void run(asio::io_context& context, hearth::agent& agent, const traffic& what, std::size_t times) {
    std::size_t left = times;
    std::size_t working = what.connections;
    for (std::size_t i = 0; i < what.connections; ++i) {
        asio::co_spawn(context, send(agent, what, left), [&](const std::exception_ptr& e) {
            if (e) std::rethrow_exception(e);
            if (--working == 0) context.stop();
        });
    }
    context.run();
    context.restart();
}

}  // namespace

void agent_requests(const traffic& what, std::size_t times) {
    asio::io_context context(1);
    hearth::agent_options options;
    options.tls.ca_file = what.certificate_file;
    hearth::agent agent(context, options);
    run(context, agent, what, warm_up);
    counted([&] { run(context, agent, what, times); });
    const std::uint64_t opened = agent.stats().count.opened;
    agent.destroy();
    context.run();
    if (opened != what.connections) throw std::runtime_error("it opened " + std::to_string(opened) + " connections");
}

}  // namespace bench
