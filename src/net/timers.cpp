#include "net/timers.hpp"

#include <algorithm>
#include <utility>

namespace hearth::net {

void timer::set(duration at) {
    due_ = std::max(at, queue_->earliest_);
    if (due_ == never) return;
    if (index_ == nowhere) {
        queue_->push(*this, due_);
    } else if (due_ < queued_) {
        queued_ = due_;
        queue_->sift_up(index_);
    }
}

void timer::unlink() noexcept {
    if (queue_->running_ == this) queue_->running_ = nullptr;
    if (index_ != nowhere) queue_->remove(index_);
}

timer::duration timer_queue::next() const noexcept { return heap_.empty() ? timer::never : heap_.front()->queued_; }

void timer_queue::run(timer::duration now) {
    if (next() > now) return;
    // What a callback sets for now or before waits for the next run: a timer that sets itself again must not hold up the
    // others.
    earliest_ = now == timer::never ? now : now + timer::duration{1};
    struct reset {
        timer_queue& queue;
        ~reset() {
            queue.earliest_ = timer::duration::min();
            queue.running_ = nullptr;
        }
    } at_end{*this};

    while (next() <= now && !heap_.empty()) {
        timer& t = *heap_.front();
        if (t.due_ == timer::never) {
            remove(0);
        } else if (t.due_ > t.queued_) {
            t.queued_ = t.due_;
            sift_down(0);
        } else {
            call(t);
        }
    }
}

void timer_queue::call(timer& t) {
    remove(t.index_);
    t.due_ = timer::never;
    // The callback may destroy the timer, and must not lose what it captured while it runs.
    running_ = &t;
    auto on_due = std::move(t.on_due_);
    on_due();
    if (running_ == &t) t.on_due_ = std::move(on_due);
    running_ = nullptr;
}

void timer_queue::push(timer& t, timer::duration at) {
    heap_.push_back(&t);
    t.index_ = heap_.size() - 1;
    t.queued_ = at;
    sift_up(t.index_);
}

void timer_queue::remove(std::size_t index) noexcept {
    timer* const gone = heap_[index];
    timer* const last = heap_.back();
    heap_.pop_back();
    gone->index_ = timer::nowhere;
    gone->queued_ = timer::never;
    if (gone == last) return;
    place(index, last);
    sift_up(index);
    sift_down(last->index_);
}

void timer_queue::sift_up(std::size_t index) noexcept {
    timer* const t = heap_[index];
    while (index > 0) {
        const auto parent = (index - 1) / 2;
        if (heap_[parent]->queued_ <= t->queued_) break;
        place(index, heap_[parent]);
        index = parent;
    }
    place(index, t);
}

void timer_queue::sift_down(std::size_t index) noexcept {
    timer* const t = heap_[index];
    for (auto child = 2 * index + 1; child < heap_.size(); child = 2 * index + 1) {
        if (child + 1 < heap_.size() && heap_[child + 1]->queued_ < heap_[child]->queued_) ++child;
        if (t->queued_ <= heap_[child]->queued_) break;
        place(index, heap_[child]);
        index = child;
    }
    place(index, t);
}

void timer_queue::place(std::size_t index, timer* t) noexcept {
    heap_[index] = t;
    t->index_ = index;
}

}  // namespace hearth::net
