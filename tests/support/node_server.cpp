#include "support/node_server.hpp"

#include <csignal>

namespace hearth::test {

node_server::node_server(const node_options& options) : options_(options) { start(); }

void node_server::start() {
    process_.start({program, HEARTH_NODE_SERVER, std::to_string(process_.port()), process_.path_of("books"),
                    std::to_string(options_.keep_alive_timeout.count()), options_.hint ? "1" : "0",
                    std::to_string(options_.max_requests), std::to_string(options_.end_after.count()),
                    std::to_string(options_.work.count())});
}

void node_server::close_and_start() {
    process_.stop(SIGTERM);
    start();
}

}  // namespace hearth::test
