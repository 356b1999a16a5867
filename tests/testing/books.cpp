#include "testing/books.hpp"

#include <chrono>
#include <thread>

namespace hearth::testing {

namespace {

template <class Condition>
bool comes_true(const Condition& condition) {
    using clock = std::chrono::steady_clock;
    for (const auto limit = clock::now() + std::chrono::seconds(10); clock::now() < limit; std::this_thread::yield()) {
        if (condition()) return true;
    }
    return false;
}

}  // namespace

policy::tcp_books books_of(const raw_client& client) { return net::read_tcp_books(client.fd()).value(); }

bool is_reset(const raw_client& client) {
    return comes_true([&] { return books_of(client).is_reset; });
}

bool is_acked(const raw_client& client, std::uint64_t bytes) {
    return comes_true([&] { return books_of(client).acked >= bytes; });
}

}  // namespace hearth::testing
