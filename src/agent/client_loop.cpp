#include "agent/client_loop.hpp"

#include <boost/asio/post.hpp>

#include <chrono>
#include <utility>

namespace hearth::detail {

namespace asio = boost::asio;

namespace {

// How long after the last blocking call the I/O thread leaves the loop to the next one: to take it over and hand it back
// would cost each call two changes of threads. Meanwhile idle connections are watched by nobody; the look before use, which
// needs no loop, stands.
constexpr std::chrono::milliseconds quiet_after(5);

const std::thread::id nobody{};

}  // namespace

client_loop::client_loop(const agent_options& options)
    : guard_(asio::make_work_guard(context_)), agent_(std::in_place, context_, options), thread_([this] { io_thread(); }) {}

client_loop::~client_loop() { stop(); }

bool client_loop::post(std::function<void()> f) {
    const lock held(mutex_);
    if (stopping_) return false;
    wake_up(std::move(f));
    if (runner_ == nobody) {
        call_io_thread_ = true;
        io_thread_called_.notify_one();
    }
    return true;
}

// With mutex_ held.
void client_loop::wake_up(std::function<void()> f) {
    posted_.push_back(std::move(f));
    if (posted_.size() == 1) asio::post(context_, [this] { run_posted(); });
}

void client_loop::run_posted() {
    std::deque<std::function<void()>> batch;
    {
        const lock held(mutex_);
        batch.swap(posted_);
    }
    for (auto& f : batch) std::exchange(f, nullptr)();
}

bool client_loop::run(wait& w) noexcept {
    lock held(mutex_);
    if (stopping_) return false;
    ++runs_;
    if (runner_ == nobody) {
        runner_ = w.thread_;
        w.runs_ = true;
        const bool others = !posted_.empty();
        held.unlock();
        if (others) run_posted();
        w.begin();
        held.lock();
    } else {
        waiting_.push_back(w);
        step_down_ = true;  // before it wakes up
        wake_up([&w] { w.begin(); });
        w.changed_.wait(held, [&] { return w.done_ || w.runs_; });
    }
    if (w.runs_) run_until_done(w, held);
    return true;
}

void client_loop::run_until_done(const wait& w, lock& held) noexcept {
    held.unlock();
    while (!w.done_) context_.run_one();
    held.lock();
    pass_on();
}

void client_loop::finish(wait& w) noexcept {
    if (w.runs_) {
        w.done_ = true;
        return;
    }
    const lock held(mutex_);
    w.done_ = true;
    waiting_.erase(waiting_.iterator_to(w));
    w.changed_.notify_one();
}

// The runner has done what it came for. With mutex_ held.
void client_loop::pass_on() noexcept {
    step_down_ = false;
    if (!waiting_.empty()) {
        wait& next = waiting_.front();
        waiting_.pop_front();
        runner_ = next.thread_;
        next.runs_ = true;
        next.changed_.notify_one();
        return;
    }
    runner_ = nobody;
    if (stopping_ || unattended_ > 0 || !posted_.empty()) call_io_thread_ = true;
    if (call_io_thread_ || parked_) io_thread_called_.notify_one();
}

void client_loop::io_thread() noexcept {
    lock held(mutex_);
    while (!(stopping_ && runner_ == nobody)) {
        if (runner_ == nobody && (quiet_ || call_io_thread_)) {
            run_on_io_thread(held);
        } else {
            wait_for_quiet(held);
        }
    }
    runner_ = std::this_thread::get_id();
    held.unlock();
    guard_.reset();
    context_.run();
}

void client_loop::run_on_io_thread(lock& held) noexcept {
    quiet_ = call_io_thread_ = false;
    runner_ = std::this_thread::get_id();
    held.unlock();
    while (!step_down_) context_.run_one();
    held.lock();
    pass_on();
}

void client_loop::wait_for_quiet(lock& held) {
    if (quiet_) {
        // Somebody has been running the loop for long.
        parked_ = true;
        io_thread_called_.wait(held, [&] { return runner_ == nobody; });
        parked_ = quiet_ = false;
        return;
    }
    const std::uint64_t before = runs_;
    io_thread_called_.wait_for(held, quiet_after, [&] { return call_io_thread_ && runner_ == nobody; });
    quiet_ = runs_ == before;
}

void client_loop::stop() {
    {
        const lock held(mutex_);
        if (std::exchange(stopping_, true)) return;
        step_down_ = call_io_thread_ = true;
        // Behind run_posted(), if that is on its way: what was accepted gets its answer from the agent.
        asio::post(context_, [this] { agent_->destroy(); });
        io_thread_called_.notify_one();
    }
    thread_.join();
    agent_.reset();
}

}  // namespace hearth::detail
