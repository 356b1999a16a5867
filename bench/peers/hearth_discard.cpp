// Hearth, the body read to its end and let go, as the limit and wrk do.
#include "peers/hearth_agent.hpp"

namespace {

struct discard {
    bench::asio::awaitable<std::size_t> operator()(hearth::response& r) {
        const std::uint64_t size = co_await r.discard();
        co_return static_cast<std::size_t>(size);
    }
};

}  // namespace

int main(int argc, char** argv) { return bench::run_peer<bench::hearth_agent<discard>>(argc, argv); }
