#include "policy/replay.hpp"

namespace hearth::policy {
namespace {

// Whether bytes of the request may still wait in the kernel to be sent, or sent again.
bool may_still_arrive(evidence what) noexcept {
    switch (what) {
        case evidence::none:
        case evidence::unacknowledged:
        case evidence::silent:
        case evidence::unsolicited:
        case evidence::closed_before:
        case evidence::reset_in_flight: return true;
        case evidence::not_sent:
        case evidence::half_closed:
        case evidence::acknowledged:
        case evidence::refused:
        case evidence::response_begun: return false;
    }
    return true;
}

// Why a request that must not be executed twice is not sent again.
std::string doubt(evidence what, std::string_view method) {
    const std::string name(method);
    switch (what) {
        case evidence::half_closed: return "the half-closed server got the " + name + " and may have executed it";
        case evidence::silent: return name + " may yet arrive";
        default: return name + " may have been executed";
    }
}

std::string not_replayed(std::string_view why) { return std::string("not replayed because ").append(why); }

}  // namespace

bool proves_unprocessed(evidence what, const replay_options& options) noexcept {
    switch (what) {
        case evidence::not_sent:
        case evidence::closed_before:
        case evidence::reset_in_flight:
        case evidence::refused: return true;
        case evidence::half_closed: return options.half_closed;
        case evidence::none:
        case evidence::unacknowledged:
        case evidence::acknowledged:
        case evidence::silent:
        case evidence::unsolicited:
        case evidence::response_begun: return false;
    }
    return false;
}

replay_decision decide(evidence what, const replay_facts& facts) {
    replay_decision decision{.abort_first = may_still_arrive(what)};
    const auto say = [&](replay_action action, std::string_view why) {
        decision.action = action;
        decision.verdict = not_replayed(why);
        return decision;
    };
    if (facts.response_begun || what == evidence::response_begun) {
        decision.abort_first = false;
        return say(replay_action::fail, "the response had begun");
    }
    if (facts.never_replay) return say(replay_action::fail, "never_replay is set");
    if (!facts.body_replayable) return say(replay_action::fail, "its body cannot be sent again");
    if (!facts.repeatable && !proves_unprocessed(what, facts.options)) {
        return say(replay_action::fail, doubt(what, facts.method));
    }
    if (!facts.reused) return say(replay_action::retry, "the connection was fresh");
    if (!facts.options.enabled) return say(replay_action::retry, "replay is off");
    if (facts.replays_so_far >= facts.options.max_replays) {
        if (facts.replays_so_far == 0) return say(replay_action::retry, "max_replays is 0");
        const std::string times = facts.replays_so_far == 1 ? "once" : std::to_string(facts.replays_so_far) + " times";
        return say(replay_action::retry, "it was replayed " + times + " already");
    }
    decision.action = replay_action::replay;
    return decision;
}

bool always_replayable(const replay_facts& facts) noexcept {
    return facts.repeatable && facts.body_replayable && !facts.never_replay && facts.options.enabled &&
           facts.options.max_replays > 0;
}

}  // namespace hearth::policy
