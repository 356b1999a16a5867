// Two ways to stop waiting: a deadline for the whole call, and cancellation. Both against an origin that takes its time.

#include <hearth/agent.hpp>
#include <hearth/testing/faulty_origin.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <exception>
#include <iostream>
#include <string>

namespace asio = boost::asio;
using namespace std::chrono_literals;

asio::awaitable<void> with_deadline(hearth::agent& agent, std::string url) {
    try {
        co_await agent.send({"GET", url, {}, {}, {.deadline = 50ms}});
    } catch (const hearth::error& e) {
        if (e.code() != hearth::errc::deadline_exceeded) throw;
        std::cout << e.what() << '\n';
    }
}

// Any of Asio's ways works: this one, a coroutine's own slot, or `call || timer.async_wait(...)`.
void cancelled(hearth::agent& agent, const std::string& url, asio::cancellation_signal& cancel,
               asio::steady_timer& impatience) {
    agent.get(url, asio::bind_cancellation_slot(cancel.slot(), [&agent](hearth::error_code ec, hearth::response r) {
                  std::cout << (r.failure() != nullptr ? r.failure()->message() : ec.message()) << '\n';
                  agent.destroy();
              }));
    impatience.expires_after(50ms);
    impatience.async_wait([&cancel](hearth::error_code) { cancel.emit(asio::cancellation_type::terminal); });
}

int main() {
    hearth::testing::faulty_origin origin;
    const std::string slow = origin.url() + "/slow/60000";
    asio::io_context context;
    asio::cancellation_signal cancel;
    asio::steady_timer impatience(context);
    hearth::agent agent(context);
    asio::co_spawn(context, with_deadline(agent, slow), [&](std::exception_ptr e) {
        if (e) std::rethrow_exception(e);
        cancelled(agent, slow, cancel, impatience);
    });
    context.run();
}
