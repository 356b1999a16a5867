#include "monitor/endpoint.hpp"

#include "monitor/address.hpp"
#include "monitor/hub.hpp"
#include "monitor/listening.hpp"
#include "monitor/visitor.hpp"
#include "net/no_throw.hpp"

#include <hearth/error.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <pthread.h>

#include <csignal>
#include <exception>
#include <optional>
#include <thread>
#include <utility>

namespace hearth::detail {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using net::no_throw;
using namespace std::chrono_literals;

constexpr auto sweep_every = 250ms;
// Where only time can help: out of descriptors.
constexpr auto a_while = 100ms;

/// A service's signals are not for this thread, but for those that tell of its own faults: where they are blocked, the
/// service's handlers never hear of them. Debuggers show whose thread it is.
void make_it_a_background_thread() {
    sigset_t others;
    ::sigfillset(&others);
    for (const int own : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT}) ::sigdelset(&others, own);
    ::pthread_sigmask(SIG_BLOCK, &others, nullptr);
    ::pthread_setname_np(::pthread_self(), "hearth-monitor");
}

}  // namespace

class endpoint::server {
public:
    explicit server(monitor_options options)
        : options_(std::move(options)), listening_(context_, parse_listen_address(options_.address)) {
        asio::co_spawn(context_, accept_all(), asio::detached);
        thread_ = std::thread([this] { run(); });
    }

    ~server() {
        asio::post(context_, [this] { close(); });
        thread_.join();
    }

    server(const server&) = delete;
    server& operator=(const server&) = delete;

    void watch(std::string name, std::vector<std::shared_ptr<watched>> parts) {
        asio::post(context_,
                   [this, name = std::move(name), parts = std::move(parts)]() mutable { hub_.add(name, std::move(parts)); });
    }

    [[nodiscard]] std::string url() const { return listening_.address().url(); }

private:
    void run() {
        make_it_a_background_thread();
        for (;;) {
            try {
                context_.run();
                return;
            } catch (const std::exception&) {
                // Out of memory, while something was told: what was being made is not shown, and the rest goes on.
            }
        }
    }

    // Everything that waits ends, and with it the context's work.
    void close() {
        closing_ = true;
        work_.reset();
        listening_.close();
        again_.cancel();
        sweeping_.cancel();
        hub_.close();
        visitors_.close();
    }

    asio::awaitable<void> accept_all() {
        while (!closing_) {
            auto [error, socket] = co_await listening_.acceptor().async_accept(no_throw);
            if (closing_) co_return;
            if (error) {
                again_.expires_after(a_while);
                co_await again_.async_wait(no_throw);
            } else {
                try {
                    receive(std::move(socket));
                } catch (const std::exception&) {
                    // Out of memory: this one is let go, and the next may fit.
                }
            }
        }
    }

    void receive(visitor::socket_type socket) {
        if (visitors_.all.size() >= options_.max_connections && !visitors_.make_room()) return turn_away(std::move(socket));
        keep_from_children(socket.native_handle());
        error_code ignored;
        if (!listening_.address().is_unix()) socket.set_option(asio::ip::tcp::no_delay(true), ignored);
        std::make_shared<visitor>(visitors_, std::move(socket))->start();
        if (visitors_.all.size() == 1) sweep_later();
    }

    static void turn_away(visitor::socket_type socket) {
        const answer a = refusal(503, "There are too many connections.\n");
        error_code ignored;
        socket.non_blocking(true, ignored);
        const std::string head = a.head(false);
        socket.send(std::array<asio::const_buffer, 2>{asio::buffer(head), asio::buffer(a.body())}, 0, ignored);
        socket.shutdown(visitor::socket_type::shutdown_send, ignored);
    }

    void sweep_later() {
        sweeping_.expires_after(sweep_every);
        sweeping_.async_wait([this](const error_code& error) {
            if (error || closing_) return;
            visitors_.sweep();
            if (!visitors_.all.empty()) sweep_later();
        });
    }

    const monitor_options options_;
    asio::io_context context_{1};
    std::optional<asio::executor_work_guard<asio::io_context::executor_type>> work_{context_.get_executor()};
    listening_socket listening_;
    hub hub_{context_, options_};
    visitors visitors_{.options = options_,
                       .address = listening_.address(),
                       .pool = hub_,
                       .series = metric_series(options_.max_metric_origins)};
    asio::steady_timer again_{context_};
    asio::steady_timer sweeping_{context_};
    bool closing_ = false;
    std::thread thread_;
};

endpoint::endpoint(monitor_options options) {
    validate(options);
    server_ = std::make_unique<server>(std::move(options));
}

endpoint::~endpoint() = default;

void endpoint::watch(std::string name, std::vector<std::shared_ptr<watched>> parts) {
    server_->watch(std::move(name), std::move(parts));
}

std::string endpoint::url() const { return server_->url(); }

}  // namespace hearth::detail
