// The simulated machine that the agent runs on: its clocks, its sockets, its executor's loop.
//
// What src/net declares and the agent calls (reactor, dialer, transport, tcp_info, system) is defined anew in net.cpp, over
// this. The linker takes those definitions before the library's, so the agent that runs here is the one that ships, all of
// src/agent, src/pool, src/policy and src/http1, not a model of it.
#pragma once

#include "choices.hpp"
#include "net/reactor.hpp"
#include "net/transport.hpp"
#include "tcp.hpp"
#include "timeline.hpp"

#include <boost/asio/io_context.hpp>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace hearth::sim {

/// An exchange begins on a connection.
struct exchange_begin {
    connection& on;
    std::string_view head;   ///< of the request
    bool is_first;           ///< on this connection
    nanoseconds idle_since;  ///< the exchange before ended, or the connection was opened
};

/// One at a time; net.cpp finds it by here().
class machine {
public:
    machine(network& net, boost::asio::io_context& context);
    ~machine();
    machine(const machine&) = delete;
    machine& operator=(const machine&) = delete;
    [[nodiscard]] static machine& here();

    /// By name.
    std::map<std::string, host*, std::less<>> hosts;
    /// The program does something then; later if its loop is held up.
    void call(nanoseconds at, std::function<void()> what);
    /// Called at each exchange's first write.
    std::function<void(const exchange_begin&)> on_exchange;
    /// Called when a socket was made.
    std::function<void(host&)> on_socket;
    /// Called when a dial has failed.
    std::function<void(host&)> on_dial_failed;
    /// Called after each turn of the loop.
    std::function<void()> on_turn;
    /// One turn in so many holds the loop up, so long at most.
    std::uint64_t late_one_in = 40;
    nanoseconds late_max{0};

    [[nodiscard]] nanoseconds now() const { return net_.time.now(); }
    [[nodiscard]] choices& pick() { return net_.pick; }
    [[nodiscard]] boost::asio::any_io_executor executor() { return context_.get_executor(); }

    /// Runs what was posted to the executor.
    void run_posted();

    // For net.cpp.
    struct watched {
        connection* to = nullptr;
        net::watcher* watcher = nullptr;
        bool announced = false;  // its readiness has changed since it was told last
    };
    [[nodiscard]] int open(const std::string& name, nanoseconds probe_after);
    [[nodiscard]] watched& at(int fd) { return sockets_[static_cast<std::size_t>(fd - first_fd)]; }
    [[nodiscard]] tcp_socket& socket(int fd) { return at(fd).to->client; }
    /// The socket leaves the process; its kernel goes on.
    void close(int fd, bool abort);
    void announce(int fd);
    [[nodiscard]] std::vector<int> take_announced();
    void ring_at(nanoseconds at);
    std::function<void()> deliver;  // a batch of readiness
    std::function<void()> ring;     // the alarm

private:
    void wake(nanoseconds at);
    void turn();

    static constexpr int first_fd = 1'000'000;  // no real one

    network& net_;
    boost::asio::io_context& context_;
    std::vector<watched> sockets_;
    std::vector<int> announced_;
    std::vector<std::function<void()>> tasks_;
    nanoseconds alarm_ = nanoseconds::max();
    nanoseconds busy_until_{0};
    nanoseconds next_turn_ = nanoseconds::max();
};

}  // namespace hearth::sim
