// Deadlines that are nearly never met: cheap to move, cheap to leave alone.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <utility>
#include <vector>

namespace hearth::net {

class timer_queue;

/// One deadline, owned by whoever waits. Unlinks itself when destroyed.
class timer {
public:
    using duration = std::chrono::nanoseconds;
    static constexpr duration never = duration::max();

    explicit timer(timer_queue& queue, std::function<void()> on_due) : queue_(&queue), on_due_(std::move(on_due)) {}
    ~timer() { unlink(); }
    timer(const timer&) = delete;
    timer& operator=(const timer&) = delete;

    /// Due at `at` (mono clock), instead of whatever was set before. Moving a deadline further away touches no queue: the
    /// entry is looked at again when its old time comes.
    void set(duration at);
    void clear() noexcept { due_ = never; }
    [[nodiscard]] duration due() const noexcept { return due_; }

private:
    friend timer_queue;
    void unlink() noexcept;
    static constexpr std::size_t nowhere = static_cast<std::size_t>(-1);

    timer_queue* queue_;
    std::function<void()> on_due_;
    duration due_ = never;         // what the owner wants
    duration queued_ = never;      // the time under which the heap has it; never later than due_ while linked
    std::size_t index_ = nowhere;  // in the heap
};

/// A binary heap of timers. Pure: time is an argument. Outlives its timers.
class timer_queue {
public:
    timer_queue() = default;
    timer_queue(const timer_queue&) = delete;
    timer_queue& operator=(const timer_queue&) = delete;

    /// When run() has something to do; timer::never if it has not.
    [[nodiscard]] timer::duration next() const noexcept;
    /// Calls what is due by `now`, the earliest first. A callback may set, clear and destroy any timer, its own too; what it
    /// sets for `now` or before is due just after `now`, in a later run. REQUIRES: not called from a callback.
    void run(timer::duration now);
    /// Entries in the heap; timers cleared or moved away stay until their old time comes.
    [[nodiscard]] std::size_t size() const noexcept { return heap_.size(); }

private:
    friend timer;
    void call(timer& t);
    void push(timer& t, timer::duration at);
    void remove(std::size_t index) noexcept;
    void sift_up(std::size_t index) noexcept;
    void sift_down(std::size_t index) noexcept;
    void place(std::size_t index, timer* t) noexcept;

    std::vector<timer*> heap_;
    timer* running_ = nullptr;                           // whose callback runs; null again when that destroys it
    timer::duration earliest_ = timer::duration::min();  // while running: the earliest time that can be set
};

}  // namespace hearth::net
