// Retries after waits that no test has the time for, in virtual time.
#include "choices.hpp"
#include "machine.hpp"
#include "tcp.hpp"
#include "timeline.hpp"

#include <hearth/agent.hpp>

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>

#include <functional>
#include <optional>

namespace hearth::sim {
namespace {

using namespace std::chrono_literals;

// What nothing uses for a minute is forgotten, while others keep the agent awake.
TEST(long_wait, a_retry_outlives_the_entry_of_its_origin) {
    boost::asio::io_context context(1);
    seeded pick(1);
    timeline time;
    network net{time, pick};
    machine computer(net, context);
    computer.on_exchange = [](const exchange_begin&) {};
    computer.on_socket = computer.on_dial_failed = [](const host&) {};
    computer.on_turn = [] {};
    host gone;  // nobody listens
    host busy;
    computer.hosts.emplace("gone", &gone);
    computer.hosts.emplace("busy", &busy);
    std::optional<agent> a;
    a.emplace(context.get_executor(), agent_options{.retry = {.max_retries = 1, .base_delay = 1h, .max_delay = 1h}});

    const nanoseconds begun = time.now();
    nanoseconds waited{0};
    bool forgotten = false;
    request once("GET", "http://busy/");
    once.options.retry = retry_options{.max_retries = 0};
    std::function<void()> keep_awake = [&] {
        if (waited > 0ns) return;
        request r = once;
        r.options.deadline = 1s;
        a->send(std::move(r), [&](const error_code&, const response&) {
            forgotten = forgotten || !a->stats().origins.contains("http://gone");
            computer.call(time.now() + 5s, keep_awake);
        });
    };
    computer.call(begun, [&] {
        a->get("http://gone/", [&](const error_code& ec, const response& r) {
            EXPECT_EQ(ec, errc::connection_refused);
            EXPECT_EQ(r.attempts(), 2U);
            waited = time.now() - begun;
            EXPECT_EQ(a->stats().origins.at("http://gone").count.failed, 1U);
        });
        keep_awake();
    });
    while (!time.empty() && waited == 0ns) time.go_on();
    EXPECT_TRUE(forgotten) << "or nothing is tested here";
    EXPECT_GT(waited, 70s);
    EXPECT_EQ(a->stats().count.failed, a->stats().count.requests);
    EXPECT_EQ(a->stats().retrying, 0U);
    a.reset();
    computer.run_posted();
    time.clear();
    computer.run_posted();
}

}  // namespace
}  // namespace hearth::sim
