#include "policy/learn.hpp"

#include <algorithm>

namespace hearth::policy {
namespace {

using std::chrono::nanoseconds;
using namespace std::chrono_literals;

constexpr nanoseconds together = 250ms;  // closes so near to each other have one cause
constexpr nanoseconds apart = 1s;        // samples nearer than this may have one cause too
constexpr unsigned enough = 3;
constexpr nanoseconds remembered = 1h;
constexpr nanoseconds capped = 10min;
constexpr unsigned outlived_enough = 2;

nanoseconds spread(nanoseconds age, nanoseconds least) { return std::max<nanoseconds>(age / 20, least); }
// How far above the least of them samples of one timeout lie.
nanoseconds jitter(nanoseconds m) { return spread(m, 500ms); }

}  // namespace

void idle_lesson::closed(nanoseconds age, nanoseconds now) {
    if (age < least_age) return;
    if (is_forgotten(now)) forget();
    outlived_ = 0;
    if (open_ && now - open_->last <= together) {
        if (age < open_->least.age) open_->least = {age, now};
        open_->greatest = std::max(open_->greatest, age);
        open_->last = now;
        return;
    }
    if (const auto s = settled(now)) add(*s);
    open_ = group{.least = {age, now}, .greatest = age, .last = now};
}

void idle_lesson::raced(nanoseconds age, nanoseconds now) {
    if (age < least_age) return;
    closed(age, now);
    const auto k = known(now);
    if (k && age >= k->timeout) return;
    lowered_ = std::min(lowered_, age);
    disagreeing_ = 0;
}

void idle_lesson::lost(nanoseconds age, nanoseconds now) {
    if (age < least_age) return;
    cap_ = std::min(cap_until_ > now ? cap_ : nanoseconds::max(), age / 2);
    cap_until_ = now + capped;
}

void idle_lesson::outlived(nanoseconds age, nanoseconds now) {
    if (age < canary_age(now) || ++outlived_ < outlived_enough) return;
    forget();
}

void idle_lesson::add(sample s) {
    if (lowered_ != nanoseconds::max()) {
        disagreeing_ = s.age > lowered_ + jitter(lowered_) ? disagreeing_ + 1 : 0;
        if (disagreeing_ >= enough) lowered_ = nanoseconds::max();
    }
    if (count_ == kept) {
        std::copy(samples_.begin() + 1, samples_.end(), samples_.begin());
        --count_;
    }
    samples_[count_++] = s;
}

void idle_lesson::forget() {
    count_ = 0;
    open_.reset();
    lowered_ = nanoseconds::max();
    disagreeing_ = outlived_ = 0;
}

bool idle_lesson::is_forgotten(nanoseconds now) const noexcept {
    const nanoseconds last = open_ ? open_->last : count_ > 0 ? samples_[count_ - 1].at : now;
    return now - last > remembered;
}

// What the closes that came together last are worth, once no more of them can come.
std::optional<idle_lesson::sample> idle_lesson::settled(nanoseconds now) const noexcept {
    if (!open_ || now - open_->last <= together) return std::nullopt;
    if (open_->greatest - open_->least.age > spread(open_->least.age, together)) return std::nullopt;
    return open_->least;
}

// The least age that enough samples agree on.
std::optional<idle_lesson::knowledge> idle_lesson::agreed(nanoseconds now) const {
    std::array<sample, kept + 1> all{};
    std::size_t n = 0;
    for (; n < count_; ++n) all[n] = samples_[n];
    if (const auto s = settled(now)) all[n++] = *s;
    std::optional<knowledge> best;
    for (std::size_t i = 0; i < n; ++i) {
        const nanoseconds m = all[i].age;
        if (best && best->timeout <= m) continue;
        unsigned agreeing = 0;
        nanoseconds last = nanoseconds::min();
        for (std::size_t k = 0; k < n; ++k) {  // oldest first
            if (all[k].age < m || all[k].age > m + jitter(m)) continue;
            if (agreeing > 0 && all[k].at - last < apart) continue;
            ++agreeing;
            last = all[k].at;
        }
        if (agreeing >= enough) best = knowledge{.timeout = m, .closes = agreeing};
    }
    return best;
}

std::optional<idle_lesson::knowledge> idle_lesson::known(nanoseconds now) const {
    if (is_forgotten(now)) return std::nullopt;
    auto k = agreed(now);
    if (lowered_ == nanoseconds::max()) return k;
    if (!k) return knowledge{.timeout = lowered_, .closes = 1};
    k->timeout = std::min(k->timeout, lowered_);
    return k;
}

nanoseconds idle_lesson::limit(nanoseconds rtt, nanoseconds now) const {
    nanoseconds limit = nanoseconds::max();
    if (const auto k = known(now)) {
        const nanoseconds margin = std::max<nanoseconds>(2 * rtt + 100ms, spread(k->timeout, 250ms));
        limit = std::max<nanoseconds>(k->timeout - margin, 0ns);
    }
    return cap_until_ > now ? std::min(limit, cap_) : limit;
}

nanoseconds idle_lesson::canary_age(nanoseconds now) const {
    const auto k = known(now);
    return k ? k->timeout + k->timeout / 2 : nanoseconds::max();
}

std::shared_ptr<idle_lesson> idle_lessons::find(std::string_view origin) {
    const auto found = by_name_.find(origin);
    if (found == by_name_.end()) return nullptr;
    recent_.splice(recent_.begin(), recent_, found->second);
    return found->second->lesson;
}

std::shared_ptr<idle_lesson> idle_lessons::get(std::string_view origin) {
    if (auto known = find(origin)) return known;
    if (recent_.size() >= most) {
        by_name_.erase(recent_.back().name);
        recent_.pop_back();
    }
    recent_.push_front({.name = std::string(origin), .lesson = std::make_shared<idle_lesson>()});
    by_name_.emplace(recent_.front().name, recent_.begin());
    return recent_.front().lesson;
}

}  // namespace hearth::policy
