// Callbacks instead of coroutines: they get an error_code first. Usage: callback http://HOST

#include <hearth/agent.hpp>

#include <boost/asio/io_context.hpp>

#include <iostream>
#include <memory>
#include <string>

int main(int argc, char** argv) {
    if (argc != 2) return std::cerr << "usage: callback http://HOST\n", 2;
    int status = 1;
    boost::asio::io_context context;
    hearth::agent agent(context);
    agent.get(argv[1], [&](hearth::error_code ec, hearth::response r) {
        if (ec) {
            // The code is all that a callback is given; the response knows the rest.
            std::cerr << (r.failure() != nullptr ? r.failure()->message() : ec.message()) << '\n';
            return agent.destroy();
        }
        // Shared, because the response must live until its body has been read.
        auto answer = std::make_shared<hearth::response>(std::move(r));
        answer->text([&, answer](hearth::error_code body_ec, std::string body) {
            if (!body_ec) status = 0;
            std::cout << answer->status() << ' ' << (body_ec ? body_ec.message() + "\n" : body);
            // Idle connections are work for the context: without them run() returns.
            agent.destroy();
        });
    });
    context.run();
    return status;
}
