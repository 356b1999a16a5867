// A GET and a POST over one kept-alive connection, in a coroutine. Usage: quickstart_agent http://HOST

#include <hearth/agent.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <exception>
#include <iostream>
#include <string>

namespace asio = boost::asio;
using namespace std::chrono_literals;

asio::awaitable<void> talk(std::string site) {
    const auto executor = co_await asio::this_coro::executor;
    hearth::agent agent(executor, {.max_sockets = 50, .headers_timeout = 10s});

    hearth::response page = co_await agent.get(site + "/");
    std::cout << page.status() << ' ' << co_await page.text();

    hearth::response echo = co_await agent.send({"POST", site + "/echo", {{"Idempotency-Key", "order-42"}}, "two apples\n"});
    std::cout << echo.status() << ' ' << co_await echo.text() << "reused: " << echo.reused() << '\n';
}

int main(int argc, char** argv) {
    if (argc != 2) return std::cerr << "usage: quickstart_agent http://HOST\n", 2;
    asio::io_context context;
    asio::co_spawn(context, talk(argv[1]), [](std::exception_ptr e) {
        if (e) std::rethrow_exception(e);
    });
    try {
        context.run();
    } catch (const hearth::error& e) {
        return std::cerr << e.what() << '\n', 1;
    }
}
