// Simulated time: what will happen, in order.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

namespace hearth::sim {

using std::chrono::nanoseconds;

class timeline {
public:
    using event = std::function<void()>;

    [[nodiscard]] nanoseconds now() const { return now_; }
    [[nodiscard]] bool empty() const { return queue_.empty(); }
    void clear() { const auto dropped = std::exchange(queue_, {}); }
    /// Events of one time happen in the order in which they were put here.
    void at(nanoseconds t, event what) {
        queue_.push_back({std::max(t, now_), ++count_, std::move(what)});
        std::push_heap(queue_.begin(), queue_.end(), later);
    }
    void after(nanoseconds wait, event what) { at(now_ + wait, std::move(what)); }
    /// The next event happens. REQUIRES: there is one.
    void go_on() {
        std::pop_heap(queue_.begin(), queue_.end(), later);
        const entry next = std::move(queue_.back());
        queue_.pop_back();
        now_ = next.time;
        next.what();
    }

private:
    struct entry {
        nanoseconds time;
        std::uint64_t number;
        event what;
    };
    static bool later(const entry& a, const entry& b) { return a.time != b.time ? a.time > b.time : a.number > b.number; }

    nanoseconds now_ = std::chrono::hours(1);
    std::uint64_t count_ = 0;
    std::vector<entry> queue_;
};

}  // namespace hearth::sim
