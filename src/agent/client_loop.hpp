// The loop that drives one of a client's agents, and how other threads reach it.
#pragma once

#include <hearth/agent.hpp>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/intrusive/list.hpp>

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

namespace hearth::detail {

/// One thread at a time runs the loop: one that waits for something to happen on it, so that a blocking call costs no change
/// of threads; an I/O thread of its own when nobody waits, or has just waited. Work for it goes through one queue, which
/// wakes it once for many entries.
class client_loop {
public:
    explicit client_loop(const agent_options& options);
    ~client_loop();
    client_loop(const client_loop&) = delete;
    client_loop& operator=(const client_loop&) = delete;

    /// Something that a thread waits for: the one that made this.
    class wait : public boost::intrusive::list_base_hook<> {
    public:
        wait() = default;
        wait(const wait&) = delete;
        wait& operator=(const wait&) = delete;
        virtual ~wait() = default;

    private:
        friend client_loop;
        /// Called once, on the loop. What it begins calls the loop's finish() when it ends.
        virtual void begin() = 0;

        std::thread::id thread_ = std::this_thread::get_id();
        std::condition_variable changed_;
        bool runs_ = false;  // its thread runs the loop
        bool done_ = false;
    };

    /// Calls w.begin() on the loop and returns when finish(w) was called. False, and nothing is begun, once stop() has
    /// begun. REQUIRES: !is_current().
    [[nodiscard]] bool run(wait& w) noexcept;
    /// On the loop. `w` may be gone when it returns.
    void finish(wait& w) noexcept;
    /// Calls `f` on the loop, after what was posted before. Any thread. False, and `f` is dropped, once stop() has begun.
    bool post(std::function<void()> f);
    /// On the loop: how many calls are under way that no thread waits for on it.
    void count_unattended(int more) noexcept { unattended_ += more; }

    /// Destroys the agent on the loop, runs what that sets free, ends the thread. REQUIRES: !is_current().
    void stop();
    /// Whether this thread runs the loop.
    [[nodiscard]] bool is_current() const noexcept { return runner_.load() == std::this_thread::get_id(); }
    /// Calls under way, roughly. Any thread.
    [[nodiscard]] std::size_t load() const noexcept { return load_.load(std::memory_order_relaxed); }
    void count_load(std::ptrdiff_t more) noexcept {
        load_.fetch_add(static_cast<std::size_t>(more), std::memory_order_relaxed);
    }
    /// On the loop only.
    [[nodiscard]] hearth::agent& agent() noexcept { return *agent_; }

private:
    using lock = std::unique_lock<std::mutex>;
    void wake_up(std::function<void()> f);
    void run_posted();
    void run_until_done(const wait& w, lock& held) noexcept;
    void pass_on() noexcept;
    void io_thread() noexcept;
    void run_on_io_thread(lock& held) noexcept;
    void wait_for_quiet(lock& held);

    boost::asio::io_context context_{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard_;
    std::optional<hearth::agent> agent_;
    std::atomic<std::thread::id> runner_{};  // nobody's id when nobody runs it; changed under mutex_
    std::atomic<bool> step_down_ = false;    // the I/O thread is to let others run it
    std::atomic<std::size_t> load_ = 0;
    std::int64_t unattended_ = 0;  // the runner's

    std::mutex mutex_;
    std::deque<std::function<void()>> posted_;
    boost::intrusive::list<wait> waiting_;  // their threads sleep
    std::uint64_t runs_ = 0;                // calls of run()
    std::condition_variable io_thread_called_;
    bool call_io_thread_ = false;  // it is needed, now
    bool parked_ = false;          // the I/O thread sleeps until somebody stops running the loop
    bool quiet_ = true;            // nobody has called run() for a while
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace hearth::detail
