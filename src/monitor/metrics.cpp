#include "monitor/metrics.hpp"

#include <algorithm>
#include <utility>

namespace hearth::detail {

tally metric_series::series::shown() const {
    tally t = last;
    t -= base;
    return t += kept;
}

void metric_series::update(const snapshot& s, std::size_t viewers) {
    follow(s.stats);
    name_more(s.stats);
    sum_the_rest(s.stats);
    agents_ = s.agents;
    viewers_ = viewers;
}

void metric_series::follow(const hearth::stats& s) {
    for (auto it = named_.begin(); it != named_.end();) {
        const auto found = s.origins.find(it->first);
        if (found == s.origins.end()) {
            gone_ += it->second.shown();
            it = named_.erase(it);
            continue;
        }
        series& mine = it->second;
        const tally now(found->second.count, found->second.latency);
        if (now.fell_behind(mine.last)) {
            // An agent forgot the origin; another one still knows it, or it was met again since.
            mine.kept = mine.shown();
            mine.base = now;
        }
        mine.last = now;
        mine.now = found->second;
        ++it;
    }
}

// The busiest first.
void metric_series::name_more(const hearth::stats& s) {
    using entry = std::pair<std::uint64_t, const std::string*>;
    std::vector<entry> unnamed;
    for (const auto& [name, o] : s.origins) {
        if (!named_.contains(name)) unnamed.emplace_back(o.count.requests, &name);
    }
    const std::size_t room = std::min(max_origins_ - named_.size(), unnamed.size());
    std::ranges::partial_sort(unnamed, unnamed.begin() + static_cast<std::ptrdiff_t>(room),
                              [](const entry& a, const entry& b) { return a.first > b.first; });
    for (std::size_t i = 0; i < room; ++i) {
        const origin_stats& o = s.origins.at(*unnamed[i].second);
        series mine{.last = tally(o.count, o.latency), .now = o};
        // It may have counted under "other" before.
        if (some_unnamed_) mine.base = mine.last;
        named_.emplace(*unnamed[i].second, std::move(mine));
    }
    some_unnamed_ = unnamed.size() > room;
}

void metric_series::sum_the_rest(const hearth::stats& s) {
    tally rest(s.count, s.latency);
    other_now_ = {.pending = s.pending, .in_use = s.in_use, .free = s.free, .connecting = s.connecting};
    const auto take = [](std::size_t& from, std::size_t n) { from -= std::min(from, n); };
    for (const auto& [name, mine] : named_) {
        rest -= mine.shown();
        take(other_now_.pending, mine.now.pending);
        take(other_now_.in_use, mine.now.in_use);
        take(other_now_.free, mine.now.free);
        take(other_now_.connecting, mine.now.connecting);
    }
    rest -= gone_;
    other_.keep_most(rest);
    show_other_ = show_other_ || some_unnamed_ || !other_.is_zero();
}

}  // namespace hearth::detail
