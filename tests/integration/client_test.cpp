// The client, from many threads, against the real nginx.
#include "integration/callers.hpp"
#include "support/nginx.hpp"

#include <hearth/client.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace hearth::test;

TEST(client_and_nginx, a_client_called_by_eight_threads) {
    HEARTH_NEED_SERVER(nginx);
    const nginx server;
    hearth::client c(hearth::agent_options{.max_sockets = 8});
    std::atomic<int> answered{0};
    std::vector<std::thread> callers;
    for (int t = 0; t < 8; ++t) {
        callers.emplace_back([&, t] {
            for (int i = 0; i < 1000 / slowness; ++i) {
                const std::string id = std::to_string(t) + "-" + std::to_string(i);
                answered += c.send({"GET", server.url(), {{"x-request-id", id}}}).text() == id;
            }
        });
    }
    for (std::thread& t : callers) t.join();
    EXPECT_EQ(answered, 8 * (1000 / slowness));
    EXPECT_LE(c.stats().count.opened, 8U);
}

}  // namespace
