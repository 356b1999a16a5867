// What frames say together, and what keys do.
#include "top_view.hpp"

#include <algorithm>
#include <chrono>
#include <string_view>
#include <utility>

namespace hearth::cli {
namespace {

constexpr std::size_t rates_kept = 120;
constexpr std::size_t events_kept = 200;
constexpr std::size_t filter_max = 60;

}  // namespace

void top_model::take(top_frame f) {
    const bool same = frame_ && frame_->started == f.started;
    if (!same) told_.clear();
    for (top_event& e : f.events) {
        // After a reconnection the monitor tells again what it told before.
        std::uint64_t& last = told_[e.agent];
        if (e.sequence <= last) continue;
        last = e.sequence;
        events_.push_back(std::move(e));
        if (events_.size() > events_kept) events_.pop_front();
    }
    f.events.clear();
    const double seconds = same && !lost_ ? std::chrono::duration<double>(f.time - frame_->time).count() : 0;
    origin_rates_.clear();
    if (seconds > 0) {
        const auto rate = [&](std::uint64_t now, std::uint64_t before) {
            return now > before ? static_cast<double>(now - before) / seconds : 0.0;
        };
        rates_.push_back(rate(f.totals.requests, frame_->totals.requests));
        if (rates_.size() > rates_kept) rates_.pop_front();
        std::map<std::string_view, std::uint64_t> before;
        for (const top_origin& o : frame_->origins) before.emplace(o.name, o.requests);
        for (const top_origin& o : f.origins) {
            if (const auto at = before.find(o.name); at != before.end())
                origin_rates_[o.name] = rate(o.requests, at->second);
        }
    }
    lost_ = false;
    frame_ = std::move(f);
}

std::optional<double> top_model::rate(const top_origin& o) const {
    const auto at = origin_rates_.find(o.name);
    if (at == origin_rates_.end()) return std::nullopt;
    return at->second;
}

namespace {

// Takes the bytes of one key: a terminal sends some as sequences that begin with ESC.
std::string take_key(std::string& keys) {
    std::size_t size = 1;
    if (keys.size() > 2 && keys[0] == '\033' && (keys[1] == '[' || keys[1] == 'O')) {
        size = 2;
        while (size < keys.size() && (keys[size] < '@' || keys[size] > '~')) ++size;
        size = std::min(size + 1, keys.size());
    }
    std::string key = keys.substr(0, size);
    keys.erase(0, size);
    return key;
}

void type(const std::string& key, top_choices& c) {
    if (key == "\r" || key == "\n") {
        c.typing = false;
    } else if (key == "\033") {
        c.typing = false;
        c.filter.clear();
    } else if (key == "\177" || key == "\b") {
        if (!c.filter.empty()) c.filter.pop_back();
    } else if (key.size() == 1 && key[0] > ' ' && key[0] < '\177' && c.filter.size() < filter_max) {
        c.filter += key;
    }
    c.scroll = 0;
}

bool scroll(std::string_view key, top_choices& c, std::size_t page) {
    const auto up = [&](std::size_t by) { c.scroll -= std::min(c.scroll, by); };
    if (key == "\033[A" || key == "\033OA" || key == "k")
        up(1);
    else if (key == "\033[B" || key == "\033OB" || key == "j")
        c.scroll += 1;
    else if (key == "\033[5~")
        up(page);
    else if (key == "\033[6~")
        c.scroll += page;
    else if (key == "\033[H" || key == "\033OH" || key == "\033[1~")
        c.scroll = 0;
    else if (key == "\033[F" || key == "\033OF" || key == "\033[4~")
        c.scroll = 1'000'000'000;  // drawing brings it in range
    else
        return false;
    return true;
}

}  // namespace

bool press(std::string& keys, top_choices& c, std::size_t page) {
    const std::string key = take_key(keys);
    if (c.typing) {
        type(key, c);
        return true;
    }
    if (key == "q" || key == "Q") return false;
    if (scroll(key, c, page)) return true;
    const auto sort_by = [&](std::size_t step) {
        c.sort = static_cast<top_sort>((static_cast<std::size_t>(c.sort) + step) % top_sort_count);
        c.scroll = 0;
    };
    if (key == "s") sort_by(1);
    if (key == "S") sort_by(top_sort_count - 1);
    if (key == "p") c.paused = !c.paused;
    if (key == "?") c.help = !c.help;
    if (key == "/") c.typing = true;
    if (key == "\033") c.help = false, c.filter.clear();
    return true;
}

}  // namespace hearth::cli
