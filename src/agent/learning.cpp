// Learning from how servers end connections: which close is told to which lesson, and what comes of it.
#include "agent/core.hpp"

#include <algorithm>

namespace hearth::detail {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;

namespace {

// What was learnt changes with time too: a group of closes is complete, an hour has passed.
constexpr nanoseconds looked_up_every = 1s;

}  // namespace

// For something new to learn.
policy::idle_lesson& agent_core::lesson_of(hearth::detail::origin& o) {
    if (!o.lesson) o.lesson = lessons_.get(o.name);
    o.lesson_due = 0ns;
    return *o.lesson;
}

// REQUIRES: there is a lesson.
nanoseconds agent_core::taught_limit(const hearth::detail::origin& o) const {
    return o.lesson->limit(o.least_rtt == pool::never ? 0ns : o.least_rtt, now_.boot);
}

void agent_core::learn_closed(const connection& c) {
    // What came while this loop was busy elsewhere has an age that nobody knows.
    if (!options_.learn_idle_timeout || c.was_closed_unnoticed()) return;
    lesson_of(*c.shared_origin()).closed(now_.boot - c.last_use(), now_.boot);
}

void agent_core::learn_from(const call& who, errc code, evidence what) {
    if (!who.reused || !options_.learn_idle_timeout) return;
    if (what == evidence::closed_before || what == evidence::reset_in_flight) {
        lesson_of(*who.origin).raced(who.idle_age, now_.boot);
    } else if (what == evidence::silent || (what == evidence::unacknowledged && code == errc::connection_reset)) {
        lesson_of(*who.origin).lost(who.idle_age, now_.boot);
    }
}

void agent_core::learn_outlived(hearth::detail::origin& o, nanoseconds age) {
    if (o.lesson) lesson_of(o).outlived(age, now_.boot);
}

nanoseconds agent_core::learnt_limit(hearth::detail::origin& o) {
    if (!o.lesson || now_.boot < o.lesson_due) return o.learnt_limit;
    o.lesson_due = now_.boot + looked_up_every;
    const nanoseconds limit = taught_limit(o);
    if (limit != o.learnt_limit) {
        o.learnt_limit = limit;
        pool_.learnt(o.id, limit, o.lesson->canary_age(now_.boot), now_);
        note_learnt(o);
    }
    return limit;
}

void agent_core::tell_learnt(const hearth::detail::origin& o, origin_stats& into) const {
    if (!o.lesson) return;
    const auto known = o.lesson->known(now_.boot);
    if (!known) return;
    into.learnt = {.timeout = known->timeout,
                   .closes = known->closes,
                   .limit = std::min(taught_limit(o), o.told_limit.value_or(options_.keep_alive_timeout))};
}

}  // namespace hearth::detail
