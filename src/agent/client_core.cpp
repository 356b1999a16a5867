#include "agent/client_core.hpp"

#include <hearth/url.hpp>

#include <boost/asio/post.hpp>

#include <functional>
#include <stdexcept>
#include <utility>

namespace hearth::detail {

namespace asio = boost::asio;

client_thread::client_thread(const agent_options& options)
    : guard_(asio::make_work_guard(context_)),
      agent_(std::in_place, context_, options),
      thread_([this] { context_.run(); }) {}

client_thread::~client_thread() { stop(); }

bool client_thread::post(std::function<void()> f) {
    bool wake = false;
    {
        const std::lock_guard lock(mutex_);
        if (stopping_) return false;
        wake = posted_.empty();
        posted_.push_back(std::move(f));
    }
    if (wake) asio::post(context_, [this] { run_posted(); });
    return true;
}

void client_thread::run_posted() {
    std::deque<std::function<void()>> batch;
    {
        const std::lock_guard lock(mutex_);
        batch.swap(posted_);
    }
    for (auto& f : batch) std::exchange(f, nullptr)();
}

void client_thread::stop() {
    {
        const std::lock_guard lock(mutex_);
        if (std::exchange(stopping_, true)) return;
    }
    // Behind run_posted(), if that is on its way: what was accepted gets its answer from the agent.
    asio::post(context_, [this] {
        agent_->destroy();
        guard_.reset();
    });
    thread_.join();
    agent_.reset();
}

namespace {

// Limits that hold for a whole client are shared out among its threads.
agent_options share_of(agent_options options, std::size_t threads) {
    const auto part = [&](std::size_t whole) { return (whole + threads - 1) / threads; };
    options.max_total_sockets = part(options.max_total_sockets);
    options.max_pending = part(options.max_pending);
    return options;
}

}  // namespace

client_core::client_core(const client_options& options) {
    validate(options);
    const agent_options share = share_of(options.agent, options.threads);
    threads_.reserve(options.threads);
    for (std::size_t i = 0; i < options.threads; ++i) threads_.push_back(std::make_unique<client_thread>(share));
}

client_thread& client_core::thread_of(std::string_view text) {
    if (threads_.size() == 1) return *threads_.front();
    try {
        const url u = url::parse(text);
        const std::size_t hash = std::hash<std::string>()(u.host) * 31 + u.port * 2U + (u.tls ? 1U : 0U);
        return *threads_[hash % threads_.size()];
    } catch (const error&) {
        return *threads_.front();
    }
}

void client_core::refuse_io_thread() const {
    for (const auto& t : threads_) {
        if (t->is_current())
            throw std::logic_error("hearth::client: a blocking call on one of the client's own threads would never return");
    }
}

void client_core::stop() {
    for (const auto& t : threads_) t->stop();
}

}  // namespace hearth::detail
