#include "net/timers.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace hearth::net {
namespace {

using namespace std::chrono_literals;

TEST(timers, an_empty_queue_has_nothing_to_do) {
    timer_queue queue;
    EXPECT_EQ(queue.next(), timer::never);
    queue.run(timer::never);
    EXPECT_EQ(queue.size(), 0U);
}

TEST(timers, runs_what_is_due_earliest_first_and_leaves_the_rest) {
    timer_queue queue;
    std::string order;
    timer a(queue, [&] { order += 'a'; });
    timer b(queue, [&] { order += 'b'; });
    timer c(queue, [&] { order += 'c'; });
    a.set(30ns);
    b.set(10ns);
    c.set(20ns);
    EXPECT_EQ(queue.next(), 10ns);
    queue.run(9ns);
    EXPECT_EQ(order, "");
    queue.run(20ns);
    EXPECT_EQ(order, "bc");
    EXPECT_EQ(b.due(), timer::never);
    EXPECT_EQ(queue.next(), 30ns);
    queue.run(1s);
    EXPECT_EQ(order, "bca");
    EXPECT_EQ(queue.next(), timer::never);
}

TEST(timers, moving_a_deadline_away_touches_no_queue_and_is_honoured) {
    timer_queue queue;
    int calls = 0;
    timer t(queue, [&] { ++calls; });
    t.set(10ns);
    for (auto at = 11ns; at <= 50ns; ++at) t.set(at);
    EXPECT_EQ(queue.size(), 1U);
    EXPECT_EQ(queue.next(), 10ns) << "the old entry is looked at when its time comes";
    queue.run(49ns);
    EXPECT_EQ(calls, 0);
    EXPECT_EQ(queue.next(), 50ns);
    queue.run(50ns);
    EXPECT_EQ(calls, 1);
}

TEST(timers, moving_a_deadline_closer_is_seen_at_once) {
    timer_queue queue;
    int calls = 0;
    timer t(queue, [&] { ++calls; });
    timer other(queue, [] {});
    other.set(40ns);
    t.set(50ns);
    t.set(5ns);
    EXPECT_EQ(queue.next(), 5ns);
    queue.run(5ns);
    EXPECT_EQ(calls, 1);
}

TEST(timers, a_cleared_timer_is_not_called_and_its_entry_goes_away_in_time) {
    timer_queue queue;
    timer t(queue, [] { FAIL(); });
    t.set(10ns);
    t.clear();
    EXPECT_EQ(t.due(), timer::never);
    queue.run(10ns);
    EXPECT_EQ(queue.size(), 0U);
    t.set(timer::never);
    EXPECT_EQ(queue.size(), 0U);
}

TEST(timers, a_cleared_timer_can_be_set_again_before_its_old_time) {
    timer_queue queue;
    int calls = 0;
    timer t(queue, [&] { ++calls; });
    t.set(10ns);
    t.clear();
    t.set(7ns);
    queue.run(7ns);
    EXPECT_EQ(calls, 1);
    t.set(20ns);
    t.clear();
    t.set(30ns);
    queue.run(20ns);
    EXPECT_EQ(calls, 1);
    queue.run(30ns);
    EXPECT_EQ(calls, 2);
}

TEST(timers, a_callback_that_sets_itself_for_now_waits_for_the_next_run) {
    timer_queue queue;
    int calls = 0;
    int others = 0;
    std::optional<timer> again;
    again.emplace(queue, [&] {
        ++calls;
        again->set(0ns);
    });
    timer other(queue, [&] { ++others; });
    again->set(5ns);
    other.set(6ns);
    queue.run(10ns);
    EXPECT_EQ(calls, 1);
    EXPECT_EQ(others, 1);
    EXPECT_EQ(queue.next(), 11ns);
    queue.run(11ns);
    EXPECT_EQ(calls, 2);
}

TEST(timers, a_callback_may_destroy_its_own_timer) {
    timer_queue queue;
    auto captured = std::make_shared<int>(0);
    std::unique_ptr<timer> t;
    t = std::make_unique<timer>(queue, [&t, captured] {
        t.reset();
        ++*captured;  // the captures outlive the timer
    });
    t->set(1ns);
    queue.run(1ns);
    EXPECT_EQ(*captured, 1);
    EXPECT_EQ(captured.use_count(), 1) << "the callback was freed with its timer";
    EXPECT_EQ(queue.size(), 0U);
}

TEST(timers, a_callback_may_destroy_other_timers_due_now) {
    timer_queue queue;
    std::vector<std::unique_ptr<timer>> all;
    int calls = 0;
    for (int i = 0; i < 100; ++i) {
        all.push_back(std::make_unique<timer>(queue, [&] {
            ++calls;
            all.clear();
        }));
        all.back()->set(timer::duration{i % 7});
    }
    queue.run(10ns);
    EXPECT_EQ(calls, 1);
    EXPECT_EQ(queue.size(), 0U);
}

TEST(timers, a_callback_may_make_new_timers) {
    timer_queue queue;
    std::vector<std::unique_ptr<timer>> made;
    int calls = 0;
    timer first(queue, [&] {
        for (int i = 0; i < 50; ++i) {
            made.push_back(std::make_unique<timer>(queue, [&] { ++calls; }));
            made.back()->set(timer::duration{i});
        }
    });
    first.set(1ns);
    queue.run(20ns);
    EXPECT_EQ(calls, 0) << "what is set for now or before is due in the next run";
    queue.run(21ns);
    EXPECT_EQ(calls, 22);
    queue.run(1s);
    EXPECT_EQ(calls, 50);
}

// Against a model that does the obvious thing: a multimap from due time to timer.
class model_world {
public:
    explicit model_world(unsigned seed) : random_(seed) {
        for (int i = 0; i < 60; ++i) make(static_cast<std::size_t>(i));
    }

    void step() {
        const auto which = pick(0, timers_.size() - 1);
        switch (pick(0, 9)) {
            case 0: remake(which); break;
            case 1: clear(which); break;
            case 2:
            case 3: run(); break;
            default: set(which, now_ + timer::duration{static_cast<std::int64_t>(pick(0, 500))}); break;
        }
        const auto earliest = model_.empty() ? timer::never : model_.begin()->first;
        ASSERT_LE(queue_.next(), earliest);
        ASSERT_LE(queue_.size(), timers_.size());
    }

private:
    std::size_t pick(std::size_t low, std::size_t high) {
        return std::uniform_int_distribution<std::size_t>(low, high)(random_);
    }

    void make(std::size_t i) {
        if (timers_.size() <= i) timers_.resize(i + 1);
        timers_[i] = std::make_unique<timer>(queue_, [this, i] { fired(i); });
    }
    void forget(std::size_t i) {
        std::erase_if(model_, [i](const auto& entry) { return entry.second == i; });
    }
    void remake(std::size_t i) {
        timers_[i].reset();
        forget(i);
        make(i);
    }
    void clear(std::size_t i) {
        timers_[i]->clear();
        forget(i);
    }
    void set(std::size_t i, timer::duration at) {
        timers_[i]->set(at);
        forget(i);
        model_.emplace(running_ ? std::max(at, now_ + 1ns) : at, i);
        ASSERT_EQ(timers_[i]->due(), running_ ? std::max(at, now_ + 1ns) : at);
    }
    void run() {
        now_ += timer::duration{static_cast<std::int64_t>(pick(0, 100))};
        running_ = true;
        queue_.run(now_);
        running_ = false;
        ASSERT_TRUE(model_.empty() || model_.begin()->first > now_) << "a due timer was not called";
    }
    void fired(std::size_t i) {
        ASSERT_FALSE(model_.empty());
        const auto due = model_.begin()->first;
        ASSERT_LE(due, now_);
        const auto [first, last] = model_.equal_range(due);
        ASSERT_TRUE(std::any_of(first, last, [i](const auto& entry) { return entry.second == i; })) << "not the earliest";
        forget(i);
        const auto other = pick(0, timers_.size() - 1);
        switch (pick(0, 5)) {
            case 0: set(i, now_ + 10ns); break;
            case 1: set(other, now_); break;
            case 2: clear(other); break;
            case 3: remake(other); break;
            case 4: remake(i); break;
            default: break;
        }
    }

    std::mt19937 random_;
    timer_queue queue_;
    std::vector<std::unique_ptr<timer>> timers_;
    std::multimap<timer::duration, std::size_t> model_;
    timer::duration now_{0};
    bool running_ = false;
};

TEST(timers, behaves_as_the_obvious_model_over_random_histories) {
    for (unsigned seed = 1; seed <= 20; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        model_world world(seed);
        for (int i = 0; i < 4'000; ++i) {
            world.step();
            if (HasFatalFailure()) return;
        }
    }
}

}  // namespace
}  // namespace hearth::net
