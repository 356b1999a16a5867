#include "monitor/snapshot.hpp"

#include "values/text.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace hearth::detail {
namespace {

constexpr std::size_t recent_max = 100;
// Between two snapshots. Agents keep fewer; many of them may tell at once.
constexpr std::size_t news_max = 1'000;
// Agents that ended and are still named.
constexpr std::size_t ended_names_max = 32;

/// What is left of an agent when it is no more.
hearth::stats counts_of(hearth::stats s) {
    s.pending = s.in_use = s.free = s.connecting = s.retrying = s.budget_taken = s.budget_size = 0;
    for (auto& [name, o] : s.origins) {
        o.pending = o.in_use = o.free = o.connecting = 0;
        o.learnt = {};
    }
    return s;
}

/// Keeps the last `max`; gives how many had to go.
std::size_t trim(std::vector<told_event>& events, std::size_t max) {
    if (events.size() <= max) return 0;
    const std::size_t n = events.size() - max;
    events.erase(events.begin(), events.begin() + static_cast<std::ptrdiff_t>(n));
    return n;
}

}  // namespace

bool gathering::member::alive() const {
    return std::ranges::any_of(parts, [](const auto& p) { return !p.second.ended; });
}

bool gathering::is_taken(const std::string& name) const {
    return std::ranges::any_of(members_, [&](const member& m) { return m.name == name; });
}

std::vector<gathering::part_id> gathering::add(const std::string& name, std::size_t parts) {
    std::string distinct = name;
    for (unsigned n = 2; is_taken(distinct); ++n) distinct = values::concat(name, "-", n);
    member& m = members_.emplace_back(member{.name = std::move(distinct)});
    std::vector<part_id> ids;
    for (std::size_t i = 0; i < parts; ++i) {
        ids.push_back(next_++);
        m.parts.try_emplace(ids.back());
    }
    return ids;
}

gathering::member* gathering::member_of(part_id id) {
    const auto it = std::ranges::find_if(members_, [&](const member& m) { return m.parts.contains(id); });
    return it == members_.end() ? nullptr : &*it;
}

std::uint64_t gathering::last_event(part_id id) const {
    for (const member& m : members_) {
        if (const auto it = m.parts.find(id); it != m.parts.end()) return it->second.last_event;
    }
    return 0;
}

void gathering::take(part_id id, watch_report report) {
    member* m = member_of(id);
    if (m == nullptr) return;
    part& p = m->parts.at(id);
    if (p.ended) return;
    take_events(*m, p, std::move(report.events));
    report.events.clear();
    p.last = std::move(report);
    p.told = true;
}

void gathering::take_events(const member& m, part& p, std::vector<log_event> events) {
    for (log_event& e : events) {
        // What happened before anybody looked is no loss.
        if (p.told && e.sequence > p.last_event + 1) lost_ += e.sequence - p.last_event - 1;
        p.last_event = std::max(p.last_event, e.sequence);
        p.told = true;
        news_.push_back({.agent = m.name, .sequence = 0, .event = std::move(e)});
    }
    lost_ += trim(news_, news_max);
}

void gathering::end(part_id id) {
    member* m = member_of(id);
    if (m == nullptr) return;
    part& p = m->parts.at(id);
    if (std::exchange(p.ended, true)) return;
    ended_ += counts_of(std::move(p.last.stats));
    p.last = {};
    forget_quiet_origins();
    forget_old_names();
}

// Of origins that only ended agents knew, those with the most requests stay; in the totals all do.
void gathering::forget_quiet_origins() {
    if (ended_.origins.size() <= max_origins_) return;
    std::vector<std::pair<std::uint64_t, std::string>> by_requests;
    for (const auto& [name, o] : ended_.origins) by_requests.emplace_back(o.count.requests, name);
    std::ranges::sort(by_requests);
    for (std::size_t i = 0; i + max_origins_ < by_requests.size(); ++i) ended_.origins.erase(by_requests[i].second);
}

void gathering::forget_old_names() {
    std::size_t ended =
        static_cast<std::size_t>(std::ranges::count_if(members_, [](const member& m) { return !m.alive(); }));
    std::erase_if(members_, [&](const member& m) { return !m.alive() && ended-- > ended_names_max; });
}

snapshot gathering::look() {
    snapshot s;
    s.stats = ended_;
    for (const member& m : members_) {
        agent_view view{.name = m.name, .loops = m.parts.size(), .alive = m.alive()};
        for (const auto& [id, p] : m.parts) {
            view.retrying += p.last.stats.retrying;
            view.budget_taken += p.last.stats.budget_taken;
            view.budget_size += p.last.stats.budget_size;
            s.stats += p.last.stats;
            for (const auto& [origin, views] : p.last.connections) {
                auto& all = s.connections[origin];
                all.insert(all.end(), views.begin(), views.end());
            }
        }
        s.agents.push_back(std::move(view));
    }
    std::ranges::stable_sort(news_, {}, [](const told_event& e) { return e.event.time; });
    for (told_event& e : news_) e.sequence = ++told_;
    s.news = std::exchange(news_, {});
    recent_.insert(recent_.end(), s.news.begin(), s.news.end());
    trim(recent_, recent_max);
    s.recent = recent_;
    s.events_lost = std::exchange(lost_, 0);
    return s;
}

}  // namespace hearth::detail
