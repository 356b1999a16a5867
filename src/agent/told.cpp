// What an agent tells one by one, for the log and for who watches: only names and numbers of its own, and words that hold no
// part of a request or response.
#include "agent/core.hpp"

#include <algorithm>
#include <cstdio>
#include <utility>

namespace hearth::detail {

using std::chrono::nanoseconds;
using kind = enum log_event::kind;

namespace {

constexpr std::size_t words_max = 500;
constexpr std::size_t method_max = 32;  // a token of any length, else

// What a failure says of itself, without whose it is.
std::string words_of(const failure& f) {
    const auto code = static_cast<errc>(f.code.value());
    failure nobodys = f;
    nobodys.method.clear();
    nobodys.url.clear();
    // These quote what the caller or the server has written.
    if (f.phase == phase::validate || code == errc::malformed_response || code == errc::ambiguous_framing)
        nobodys.detail.clear();
    std::string words = nobodys.message();
    if (words.size() > words_max) words.resize(words_max);
    return words;
}

// Held back for a status that says to try again: its failure is made up.
bool is_status(const failure& why) { return why.phase == phase::headers && why.evidence == evidence::response_begun; }

// A limit is worked out anew with each close and each round trip.
bool is_news(nanoseconds before, nanoseconds now) {
    if (before == pool::never || now == pool::never) return before != now;
    return (before > now ? before - now : now - before) > before / 10;
}

}  // namespace

template <class Fill>
void agent_core::note(kind k, log_level level, const origin* o, Fill fill) {
    auto e = log_.begin(k, level, now_.mono);
    if (!e) return;
    if (o != nullptr) e->origin = o->name;
    fill(*e);
    auto line = log_.add(std::move(*e));
    if (!line) return;
    // Between steps, as hooks are called.
    events_.emplace_back([this, text = std::move(*line)] {
        if (options_.log.write) {
            options_.log.write(text);
        } else {
            std::fputs((text + '\n').c_str(), stderr);
        }
    });
}

template <class Fill>
void agent_core::note(kind k, log_level level, const call& who, Fill fill) {
    note(k, level, who.origin.get(), [&](log_event& e) {
        e.method = who.request.method.substr(0, method_max);
        e.request = who.number;
        e.attempt = who.attempts;
        fill(e);
    });
}

void agent_core::note_stale(const connection& c, close_reason reason) {
    const bool looked = reason == close_reason::stale_at_use;
    note(kind::stale_caught, looked ? log_level::info : log_level::debug, &c.origin(), [&](log_event& e) {
        e.connection = c.number();
        e.how = to_string(reason);
        e.idle = now_.boot - c.last_use();
    });
}

void agent_core::note_replayed(const call& who, const connection& c, evidence what) {
    note(kind::replayed, log_level::info, who, [&](log_event& e) {
        e.connection = c.number();
        e.evidence = what;
        e.idle = who.idle_age;
    });
}

void agent_core::note_retrying(const call& who, const failure& why, nanoseconds delay) {
    note(kind::retrying, log_level::info, who, [&](log_event& e) {
        e.delay = delay;
        if (is_status(why)) {
            e.detail = why.detail;
        } else {
            e.code = why.code;
            e.detail = words_of(why);
        }
    });
}

void agent_core::note_failed(const call& who, const failure& why, bool stale) {
    if (why.code == errc::canceled) return;
    log_level level = stale ? log_level::error : log_level::warning;
    if (why.code == errc::agent_closed) level = log_level::info;
    note(kind::failed, level, who, [&](log_event& e) {
        e.code = why.code;
        e.phase = why.phase;
        e.evidence = why.evidence;
        e.connection = who.connection_number;
        if (why.reused) e.idle = why.idle;
        e.detail = words_of(why);
    });
}

void agent_core::note_down(origin& o, const exchange_failure& why) {
    if (o.down_since != pool::never) return;  // nobody has waited for a while
    o.down_since = now_.mono;
    note(kind::origin_down, log_level::warning, &o, [&](log_event& e) {
        e.code = make_error_code(why.code);
        e.detail = why.detail;
    });
}

void agent_core::note_back(origin& o) {
    const nanoseconds away = now_.mono - std::exchange(o.down_since, pool::never);
    note(kind::origin_back, log_level::info, &o, [&](log_event& e) { e.delay = away; });
}

void agent_core::note_learnt(origin& o) {
    if (!is_news(std::exchange(o.limit_told, o.learnt_limit), o.learnt_limit)) return;
    note(kind::learnt, log_level::info, &o, [&](log_event& e) {
        origin_stats known;
        tell_learnt(o, known);
        e.detail = known.learnt.closes > 0 ? known.learnt.in_words() : "forgotten, for nothing has confirmed it";
    });
}

void agent_core::note_budget_spent(const call& who) {
    ++who.origin->count.budget_refusals;
    note(kind::budget_spent, log_level::warning, who,
         [&](log_event& e) { e.detail = std::to_string(budget_.taken()) + " retries wait or run"; });
}

}  // namespace hearth::detail
