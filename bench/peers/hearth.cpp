// Hearth, the body read at once into a string.
#include "peers/hearth_agent.hpp"

namespace {

struct read_text {
    bench::asio::awaitable<std::size_t> operator()(hearth::response& r) {
        const std::string body = co_await r.text();
        co_return body.size();
    }
};

}  // namespace

int main(int argc, char** argv) { return bench::run_peer<bench::hearth_agent<read_text>>(argc, argv); }
