#include "agent/event_log.hpp"

#include <algorithm>
#include <utility>

namespace hearth::detail {

std::optional<log_event> event_log::begin(enum log_event::kind kind, log_level level, nanoseconds now) {
    bucket& b = buckets_[static_cast<std::size_t>(kind)][static_cast<std::size_t>(level)];
    const double most = options_.max_per_second;
    const double gained = std::chrono::duration<double>(now - b.filled).count() * most;
    b.tokens = b.tokens < 0 ? most : std::min(most, b.tokens + gained);
    b.filled = now;
    if (b.tokens < 1) {
        ++b.left_out;
        return std::nullopt;
    }
    b.tokens -= 1;
    log_event e;
    e.kind = kind;
    e.level = level;
    e.time = std::chrono::system_clock::now();
    e.left_out = std::exchange(b.left_out, 0);
    return e;
}

std::optional<std::string> event_log::add(log_event e) {
    e.sequence = ++last_;
    std::optional<std::string> line;
    if (e.level <= options_.level) line = format_log_event(e, options_.format);
    if (kept_.size() < kept_max) {
        kept_.push_back(std::move(e));
    } else {
        kept_[(last_ - 1) % kept_max] = std::move(e);
    }
    return line;
}

std::vector<log_event> event_log::after(std::uint64_t number) const {
    std::vector<log_event> some;
    const std::uint64_t oldest = last_ - kept_.size() + 1;
    for (std::uint64_t n = std::max(number + 1, oldest); n <= last_ && n > number; ++n)
        some.push_back(kept_[(n - 1) % kept_max]);
    return some;
}

}  // namespace hearth::detail
