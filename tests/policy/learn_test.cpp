#include "policy/learn.hpp"

#include <gtest/gtest.h>

#include <string>

namespace hearth::policy {
namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;

constexpr nanoseconds unknown = nanoseconds::max();

/// A lesson and its clock.
struct pupil {
    idle_lesson lesson;
    nanoseconds now = 1h;

    void close_after(nanoseconds wait, nanoseconds age) { lesson.closed(age, now += wait); }
    void settle() { now += 1s; }
    [[nodiscard]] nanoseconds learnt() {
        settle();
        const auto k = lesson.known(now);
        return k ? k->timeout : unknown;
    }
    [[nodiscard]] nanoseconds limit(nanoseconds rtt = 0ms) {
        settle();
        return lesson.limit(rtt, now);
    }
};

pupil taught(nanoseconds timeout) {
    pupil p;
    for (int i = 0; i < 3; ++i) p.close_after(70s, timeout + i * 10ms);
    return p;
}

TEST(learn, three_closes_that_agree) {
    pupil p;
    p.close_after(70s, 65'010ms);
    EXPECT_EQ(p.learnt(), unknown);
    p.close_after(70s, 65'000ms);
    EXPECT_EQ(p.learnt(), unknown);
    p.close_after(70s, 65'300ms);
    EXPECT_EQ(p.learnt(), 65s) << "the least of them";
    EXPECT_EQ(p.lesson.known(p.now)->closes, 3U);
    EXPECT_EQ(p.limit(), 61'750ms) << "less 5 %";
}

TEST(learn, closes_that_do_not_agree_teach_nothing) {
    pupil p;
    p.close_after(70s, 5s);
    p.close_after(70s, 20s);
    p.close_after(70s, 60s);
    p.close_after(70s, 10s);
    EXPECT_EQ(p.learnt(), unknown);
}

TEST(learn, short_ages_are_no_samples) {
    pupil p;
    for (int i = 0; i < 5; ++i) p.close_after(10s, 999ms);
    EXPECT_EQ(p.learnt(), unknown);
    for (int i = 0; i < 3; ++i) p.close_after(10s, 1s);
    EXPECT_EQ(p.learnt(), 1s);
}

TEST(learn, samples_are_at_least_a_second_apart) {
    pupil p;
    for (int i = 0; i < 3; ++i) p.close_after(400ms, 5s);
    EXPECT_EQ(p.learnt(), unknown);
    for (int i = 0; i < 2; ++i) p.close_after(2s, 5s);
    EXPECT_EQ(p.learnt(), 5s);
}

TEST(learn, closes_that_come_together_are_one_sample) {
    pupil p;
    for (int i = 0; i < 20; ++i) p.close_after(10ms, 5s + i * 10ms);
    EXPECT_EQ(p.learnt(), unknown);
    p.close_after(5s, 5s);
    p.close_after(5s, 5s);
    EXPECT_EQ(p.learnt(), 5s);
}

TEST(learn, a_restart_is_no_sample) {
    pupil p;
    for (int restart = 0; restart < 5; ++restart) {
        p.close_after(60s, 3s);
        p.close_after(20ms, 9s);
        p.close_after(20ms, 3s);
    }
    EXPECT_EQ(p.learnt(), unknown);
}

TEST(learn, the_margin_is_for_the_path_and_for_jitter) {
    EXPECT_EQ(taught(5s).limit(), 4'750ms) << "5 % is 250 ms";
    EXPECT_EQ(taught(2s).limit(), 1'750ms) << "at least 250 ms";
    EXPECT_EQ(taught(2s).limit(200ms), 1'500ms) << "two round trips and 100 ms";
    EXPECT_EQ(taught(1s).limit(10s), 0ms) << "never negative";
}

TEST(learn, only_eight_samples_are_kept) {
    pupil p = taught(5s);
    for (int i = 0; i < 10; ++i) p.close_after(70s, 10s + i * 5s);
    EXPECT_EQ(p.learnt(), unknown);
}

TEST(learn, a_race_lowers_at_once) {
    pupil p = taught(60s);
    p.lesson.raced(30s, p.now += 60s);
    EXPECT_EQ(p.learnt(), 30s);
    for (int i = 0; i < 2; ++i) p.close_after(70s, 60s);
    EXPECT_EQ(p.learnt(), 30s);
    p.close_after(70s, 60s);
    p.close_after(70s, 60s);
    EXPECT_EQ(p.learnt(), 60s) << "three samples disagreed";
    pupil fresh;
    fresh.lesson.raced(20s, fresh.now);
    EXPECT_EQ(fresh.learnt(), 20s) << "one is enough to be careful";
    fresh.lesson.raced(500ms, fresh.now);
    EXPECT_EQ(fresh.learnt(), 20s);
}

TEST(learn, a_loss_in_silence_halves_the_limit_for_ten_minutes) {
    pupil p = taught(60s);
    p.lesson.lost(40s, p.now);
    EXPECT_EQ(p.limit(), 20s);
    EXPECT_EQ(p.learnt(), 60s) << "it is never a sample";
    p.now += 10min;
    EXPECT_EQ(p.limit(), 57s);
    pupil fresh;
    fresh.lesson.lost(40s, fresh.now);
    EXPECT_EQ(fresh.limit(), 20s);
    EXPECT_EQ(fresh.learnt(), unknown);
}

TEST(learn, outlived_twice_it_is_forgotten) {
    pupil p = taught(5s);
    EXPECT_EQ(p.lesson.canary_age(p.now += 1s), 7'500ms);
    p.lesson.outlived(7s, p.now);
    p.lesson.outlived(7'500ms, p.now);
    EXPECT_EQ(p.learnt(), 5s) << "once";
    p.close_after(5s, 5s);
    p.lesson.outlived(8s, p.now += 1s);
    EXPECT_EQ(p.learnt(), 5s) << "a close in between says otherwise";
    p.lesson.outlived(8s, p.now);
    EXPECT_EQ(p.learnt(), unknown);
    EXPECT_EQ(p.lesson.canary_age(p.now), unknown);
}

TEST(learn, it_is_forgotten_an_hour_after_the_last_close) {
    pupil p = taught(5s);
    p.now += 59min;
    EXPECT_EQ(p.learnt(), 5s);
    p.now += 2min;
    EXPECT_EQ(p.learnt(), unknown);
    p.close_after(1s, 60s);
    p.close_after(70s, 60s);
    EXPECT_EQ(p.learnt(), unknown) << "what was forgotten does not count";
}

TEST(learn, lessons_are_remembered_by_name_and_bounded) {
    idle_lessons all;
    EXPECT_EQ(all.find("http://a"), nullptr);
    const auto a = all.get("http://a");
    EXPECT_EQ(all.find("http://a"), a);
    for (std::size_t i = 0; i < idle_lessons::most - 1; ++i) (void)all.get("http://" + std::to_string(i));
    EXPECT_EQ(all.find("http://a"), a);
    (void)all.get("http://b");
    EXPECT_EQ(all.size(), idle_lessons::most);
    EXPECT_EQ(all.find("http://a"), a) << "the least recently used one went";
    EXPECT_EQ(all.find("http://0"), nullptr);
}

}  // namespace
}  // namespace hearth::policy
