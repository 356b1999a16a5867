#include "testing/origin_server.hpp"

#include "net/no_throw.hpp"
#include "testing/origin_connection.hpp"
#include "testing/self_signed.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <memory>
#include <system_error>
#include <utility>
#include <vector>

namespace hearth::testing {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using net::no_throw;
using namespace std::chrono_literals;

// How long to wait where only time can help: out of descriptors, port taken by someone else.
constexpr auto a_while = 10ms;

void set_up_tls(origin_state& state) {
    std::string& certificate = state.options.certificate;
    std::string& key = state.options.key;
    if (certificate.empty() && state.options.tls) {
        const std::string& address = state.options.address;
        pem_identity made = make_self_signed(state.options.socket_path.empty() ? address : "127.0.0.1");
        certificate = std::move(made.certificate);
        key = std::move(made.key);
    }
    if (certificate.empty()) return;
    auto& context = state.tls.emplace(asio::ssl::context::tls_server);
    error_code error;
    context.use_certificate_chain(asio::buffer(certificate), error);
    if (!error) context.use_private_key(asio::buffer(key), asio::ssl::context::pem, error);
    if (error)
        throw std::system_error(std::make_error_code(std::errc::invalid_argument),
                                "faulty_origin: certificate, key: " + error.message());
    if (state.faults.may_draw(fault_kind::late_tickets)) SSL_CTX_set_num_tickets(context.native_handle(), 0);
}

}  // namespace

origin_server::origin_server(asio::io_context& context, faulty_origin_options options)
    : state_(std::move(options)), listener_(context, state_.options), absence_(context), next_restart_(context) {
    set_up_tls(state_);
    begin_accepting();
    schedule_restart();
}

std::string origin_server::url() const { return (state_.tls ? "https://" : "http://") + listener_.authority(); }

void origin_server::begin_accepting() {
    asio::co_spawn(
        absence_.get_executor(), [this, run = run_] { return accept_all(run); }, asio::detached);
}

asio::awaitable<void> origin_server::accept_all(std::uint64_t run) {
    asio::steady_timer wait(absence_.get_executor());
    while (run == run_) {
        auto [error, socket] = co_await listener_.socket().async_accept(no_throw);
        if (run != run_) co_return;
        if (error) {
            wait.expires_after(a_while);
            co_await wait.async_wait(no_throw);
        } else if (state_.open.size() < state_.options.max_connections) {
            std::make_shared<origin_connection>(state_, std::move(socket))->start();
        }
    }
}

void origin_server::schedule_restart() {
    if (state_.options.restart_every <= 0ms) return;
    next_restart_.expires_after(state_.options.restart_every);
    next_restart_.async_wait([this](const error_code& error) {
        // stop() cannot cancel what has expired.
        if (error || stopped_) return;
        restart(state_.options.restart_downtime);
        schedule_restart();
    });
}

void origin_server::restart(std::chrono::milliseconds downtime) {
    ++state_.report.restarts;
    state_.tell({.kind = origin_event_kind::restarted});
    // Stopped first, so that nobody who sees a connection close can find the listener still there.
    if (downtime > 0ms) {
        ++run_;
        listener_.stop();
        come_back_after(downtime);
    }
    // Copied: closing takes them out of the set.
    for (origin_connection* c : std::vector(state_.open.begin(), state_.open.end())) {
        if (state_.options.restart_drains) {
            c->finish();
        } else {
            c->close(ending::fin);
        }
    }
}

void origin_server::come_back_after(std::chrono::milliseconds downtime) {
    absence_.expires_after(downtime);
    absence_.async_wait([this, run = run_](const error_code& error) {
        if (error || run != run_) return;
        if (listener_.start()) return come_back_after(a_while);
        begin_accepting();
    });
}

std::size_t origin_server::close_idle() {
    std::size_t closed = 0;
    for (origin_connection* c : std::vector(state_.open.begin(), state_.open.end())) {
        if (!c->idle() || !c->close_idle(c->idle_ending())) continue;
        ++state_.report.idle_closes;
        ++closed;
    }
    return closed;
}

void origin_server::stop() {
    stopped_ = true;
    ++run_;
    listener_.close();
    absence_.cancel();
    next_restart_.cancel();
    for (origin_connection* c : std::vector(state_.open.begin(), state_.open.end())) c->close(ending::goodbye);
}

}  // namespace hearth::testing
