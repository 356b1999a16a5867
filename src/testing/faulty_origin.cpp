#include <hearth/testing/faulty_origin.hpp>

#include "testing/origin_server.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>

#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>

namespace hearth::testing {

namespace asio = boost::asio;

struct faulty_origin::impl {
    explicit impl(faulty_origin_options options) : server(context, std::move(options)), thread([this] { context.run(); }) {}

    ~impl() {
        asio::post(context, [this] {
            work.reset();
            server.stop();
        });
        thread.join();
    }

    /// Runs `f` on the origin's thread and gives its result.
    template <class F>
    auto on_thread(F f) {
        auto settled = [f = std::move(f)]() -> asio::awaitable<decltype(f())> {
            // A response that its client has read may still wait in this thread's queue to be counted, and its connection to
            // become idle. A few times to the end of the queue, and it has: its write is followed by fewer steps.
            for (int round = 0; round < 8; ++round) co_await asio::post(asio::use_awaitable);
            co_return f();
        };
        return asio::co_spawn(context, std::move(settled), asio::use_future).get();
    }

    asio::io_context context{1};
    // Keeps run() from returning when the listener is away and nothing else is left to do.
    asio::executor_work_guard<asio::io_context::executor_type> work = asio::make_work_guard(context);
    origin_server server;
    std::thread thread;
};

faulty_origin::faulty_origin(faulty_origin_options options) : impl_(std::make_unique<impl>(std::move(options))) {}
faulty_origin::~faulty_origin() = default;

std::uint16_t faulty_origin::port() const noexcept { return impl_->server.ear().port(); }
std::string faulty_origin::url() const { return impl_->server.url(); }
const std::string& faulty_origin::certificate() const noexcept { return impl_->server.state().options.certificate; }

faulty_origin_report faulty_origin::report() const {
    return impl_->on_thread([this] { return impl_->server.state().report; });
}

std::uint64_t faulty_origin::executed(std::string_view id) const {
    return impl_->on_thread([this, id] { return impl_->server.state().executions.executed(id); });
}

std::size_t faulty_origin::open_connections() const {
    return impl_->on_thread([this] { return impl_->server.state().open.size(); });
}

void faulty_origin::restart(std::chrono::milliseconds downtime) {
    impl_->on_thread([this, downtime] { impl_->server.restart(downtime); });
}

std::size_t faulty_origin::close_idle() {
    return impl_->on_thread([this] { return impl_->server.close_idle(); });
}

}  // namespace hearth::testing
