#include "net/lookup_threads.hpp"

#include <pthread.h>

#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstddef>
#include <deque>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

namespace hearth::net {

namespace {

// Signals are for the program's own threads.
class signals_blocked {
public:
    signals_blocked() noexcept {
        sigset_t all;
        ::sigfillset(&all);
        ::pthread_sigmask(SIG_SETMASK, &all, &before_);
    }
    ~signals_blocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
    signals_blocked(const signals_blocked&) = delete;
    signals_blocked& operator=(const signals_blocked&) = delete;

private:
    sigset_t before_{};
};

class lookup_threads {
public:
    [[nodiscard]] bool run(std::function<void()> job) {
        const std::lock_guard lock(mutex_);
        if (jobs_.size() >= max_jobs) return false;
        jobs_.push_back(std::move(job));
        if (idle_ >= jobs_.size()) {
            work_.notify_one();
            return true;
        }
        if (threads_ == max_threads || start_thread() || threads_ > 0) return true;
        jobs_.pop_back();
        return false;
    }

private:
    static constexpr std::size_t max_threads = 4;
    static constexpr std::size_t max_jobs = 16'384;
    static constexpr std::chrono::seconds idle_time{5};

    [[nodiscard]] bool start_thread() {
        const signals_blocked inherited;
        try {
            std::thread([this] { serve(); }).detach();
        } catch (const std::system_error&) {
            return false;
        }
        ++threads_;
        return true;
    }

    void serve() {
        std::unique_lock lock(mutex_);
        for (;;) {
            ++idle_;
            const bool work = work_.wait_for(lock, idle_time, [this] { return !jobs_.empty(); });
            --idle_;
            if (!work) break;
            auto job = std::move(jobs_.front());
            jobs_.pop_front();
            lock.unlock();
            try {
                job();
            } catch (...) {  // out of memory: whoever waits for this has a timeout
            }
            job = nullptr;
            lock.lock();
        }
        --threads_;
    }

    std::mutex mutex_;
    std::condition_variable work_;
    std::deque<std::function<void()>> jobs_;
    std::size_t threads_ = 0;
    std::size_t idle_ = 0;
};

// Never destroyed: a thread may be blocked in getaddrinfo when the process exits, and nothing may wait for it or pull the
// ground from under it.
[[nodiscard]] lookup_threads& threads() {
    static auto& forever = *new lookup_threads;
    return forever;
}

}  // namespace

bool run_on_lookup_thread(std::function<void()> job) { return threads().run(std::move(job)); }

}  // namespace hearth::net
