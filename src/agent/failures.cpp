// How calls end: answered, failed, cancelled; replayed or retried before that.
#include "agent/core.hpp"

#include <algorithm>
#include <utility>

namespace hearth::detail {

using std::chrono::nanoseconds;

failure_ptr agent_core::make_failure(const call& who, exchange_failure f, std::string verdict) const {
    auto made = std::make_shared<failure>();
    made->code = make_error_code(f.code);
    made->cause = f.cause;
    made->phase = f.phase;
    made->reused = who.reused;
    made->idle = who.idle_age;
    made->evidence = f.evidence;
    made->attempts = who.attempts;
    made->method = who.request.method;
    if (who.origin) made->url = who.origin->name + std::string(who.target.substr(0, who.target.find('?')));
    made->detail = std::move(f.detail);
    made->verdict = std::move(verdict);
    return made;
}

namespace {

// The caller gets to see what the pool is there to keep from him.
bool is_stale_seen(const call& who, const exchange_failure& f) {
    return !who.answered && who.reused && (f.code == errc::connection_closed || f.code == errc::connection_reset) &&
           (f.phase == phase::write || f.phase == phase::headers) && f.evidence != evidence::response_begun;
}

}  // namespace

void agent_core::dialled(connection& c) {
    origin& o = *c.shared_origin();
    ++o.count.opened;
    o.was_up = true;
    latencies& took = o.measured();
    if (options_.socket_path.empty()) took.lookup.record(c.dialled().lookup);
    took.connect.record(c.dialled().connect);
    if (o.tls) took.tls.record(c.dialled().tls);
    tell_connection(connection_event::kind::opened, c);
    relieve_one(c.origin());  // whose request then waits for what has been opened
    pool_.opened(c.id(), now_);
    if (!downtimes_.empty()) opened_again(o);
    if (o.down_since != pool::never && !downtimes_.contains(static_cast<std::uint64_t>(o.id))) note_back(o);
}

void agent_core::dial_failed(connection& c) {
    const net::dial_result& why = c.dialled();
    const pool::conn_id id = c.id();
    // The connection says why until the consequences have been carried out.
    if (auto failed = connections_.take(id)) failed_.push_back(std::move(failed));
    tell_connection(connection_event::kind::closed, c, close_reason::open_failed);
    pool_.open_failed(id, why.code, why.cause, now_);
}

void agent_core::peer_closed(connection& c, close_reason reason) {
    const step in_step(*this);
    pool_.peer_closed(c.id(), reason, now_);
}

void agent_core::released(connection& c, const pool::verdict& v) {
    const step in_step(*this);
    if (v.keep) tell_connection(connection_event::kind::idle, c);
    pool_.released(c.id(), v, now_);
}

void agent_core::exchange_failed(connection& c, call& who, exchange_failure f) {
    const step in_step(*this);
    const bool begun = f.evidence == evidence::response_begun || who.stage == stage::streaming;
    const bool by_us = f.code == errc::headers_timeout || f.code == errc::body_timeout || f.code == errc::socket_timeout ||
                       f.code == errc::deadline_exceeded || f.code == errc::invalid_body || f.code == errc::file_failed;
    learn_from(who, f.code, f.evidence);
    policy::replay_decision d;
    if (!by_us) d = policy::decide(f.evidence, facts_of(who, who.reused, begun));
    const bool lost = f.code == errc::connection_closed || f.code == errc::connection_reset;
    if (d.action == policy::replay_action::replay && !begun && who.out.rewind(who.request.body) && !destroyed_) {
        who.stage = stage::pending;
        who.waiting_since = now_.mono;
        ++who.attempts;
        ++who.replays;
        ++who.origin->count.replays;
        ++who.origin->count.replays_by_evidence[static_cast<std::size_t>(f.evidence)];
        tell_request(request_event::kind::replayed, who, [&](request_event& e) {
            e.connection = c.number();
            e.evidence = f.evidence;
        });
        note_replayed(who, c, f.evidence);
        c.detach(d.abort_first);
        watch_deadline(who);
        const auto o = who.origin;
        pool_.replay(c.id(), who.id, needs_of(who, true), close_reason::stale_in_use, now_);
        return look_at_idle(*o);
    }
    const bool unprocessed = policy::proves_unprocessed(f.evidence, facts_of(who, who.reused, begun).options);
    c.detach(true);
    pool_.released(
        c.id(),
        {.keep = false,
         .reason = by_us ? close_reason::canceled : (lost && who.reused ? close_reason::stale_in_use : close_reason::error)},
        now_);
    retry_or_fail(who, std::move(f), std::move(d.verdict), unprocessed, begun);
}

void agent_core::retry_or_fail(call& who, exchange_failure f, std::string verdict, bool unprocessed, bool begun) {
    const retry_options& policy_options = who.request.options.retry ? *who.request.options.retry : options_.retry;
    const policy::retry_decision d = policy::may_retry({.code = f.code,
                                                        .phase = f.phase,
                                                        .repeatable = who.repeatable,
                                                        .body_replayable = who.out.replayable(who.request.body),
                                                        .unprocessed = unprocessed,
                                                        .response_begun = begun,
                                                        .never_replay = who.request.options.never_replay,
                                                        .retries_so_far = who.retries},
                                                       policy_options);
    give_back_retry(who);
    const auto refuse = [&](std::string_view why) {
        if (!why.empty()) verdict += (verdict.empty() ? "" : ", ") + std::string(why);
        fail(who, std::move(f), std::move(verdict));
    };
    if (!d.retry || destroyed_ || closing_) return refuse(d.why);
    const double draw = static_cast<double>(random_() - std::minstd_rand::min()) /
                        static_cast<double>(std::minstd_rand::max() - std::minstd_rand::min() + 1.0);
    const nanoseconds delay = policy::backoff(who.retries, policy_options, draw);
    if (who.deadline != pool::never && now_.mono + delay >= who.deadline)
        return refuse("not retried because the deadline would pass");
    if (!who.out.rewind(who.request.body)) return refuse("not retried because the body's source could not be rewound");
    if (!budget_.try_take(pool_.totals().in_use + pool_.totals().pending, policy_options)) {
        if (wait_after_loss(who, f, verdict)) return;
        note_budget_spent(who);
        return refuse("not retried because the retry budget is spent");
    }
    who.holds_retry = true;
    wait_to_retry(who, make_failure(who, std::move(f), std::move(verdict)), delay);
}

void agent_core::wait_to_retry(call& who, failure_ptr why, nanoseconds delay) {
    who.stage = stage::retrying;
    ++who.retries;
    ++who.origin->count.retries;
    tell_request(request_event::kind::retrying, who, [&](request_event& e) {
        e.delay = delay;
        e.why = why.get();
    });
    note_retrying(who, *why, delay);
    who.last_failure = std::move(why);
    ++retrying_;
    who.timer.emplace(timers_, [this, weak = who.weak_from_this()] {
        const auto me = weak.lock();
        if (!me) return;
        if (hold(*me)) {
            --retrying_;  // it has been counted again
            return;
        }
        start_again(*me);
    });
    who.timer->set(now_.mono + delay);
}

bool agent_core::wants_status_retry(call& who) const {
    if (who.answered || !policy::is_retryable_status(who.message().status) || closing_ || destroyed_) return false;
    const retry_options& policy_options = who.request.options.retry ? *who.request.options.retry : options_.retry;
    if (!policy::may_retry({.status = who.message().status,
                            .repeatable = who.repeatable,
                            .body_replayable = who.out.replayable(who.request.body),
                            .never_replay = who.request.options.never_replay,
                            .retries_so_far = who.retries},
                           policy_options)
             .retry)
        return false;
    const nanoseconds delay = status_delay(who, policy_options);
    if (delay > policy_options.max_delay) return false;
    return who.deadline == pool::never || now_.mono + delay < who.deadline;
}

// What the server asks for; else as after any failure.
nanoseconds agent_core::status_delay(const call& who, const retry_options& policy_options) const {
    if (const auto asked = who.message().fields.get("Retry-After")) {
        const auto utc = std::chrono::time_point_cast<std::chrono::seconds>(std::chrono::system_clock::now());
        if (const auto wait = policy::retry_after(*asked, utc)) return *wait;
    }
    return policy::backoff(who.retries, policy_options, 0.5);
}

// False when it cannot be, and the answer is the answer.
bool agent_core::retry_status(call& who) {
    const step in_step(*this);
    const retry_options& policy_options = who.request.options.retry ? *who.request.options.retry : options_.retry;
    if (!who.out.rewind(who.request.body)) return false;
    give_back_retry(who);
    if (!budget_.try_take(pool_.totals().in_use + pool_.totals().pending, policy_options)) {
        note_budget_spent(who);
        return false;
    }
    who.holds_retry = true;
    const nanoseconds delay = status_delay(who, policy_options);
    failure_ptr why = make_failure(who,
                                   {.code = errc::connection_closed,
                                    .phase = phase::headers,
                                    .evidence = evidence::response_begun,
                                    .detail = "status " + std::to_string(who.message().status)},
                                   {});
    who.conn->finish_unread();
    wait_to_retry(who, std::move(why), delay);
    return true;
}

// REQUIRES: its handler has not been called.
void agent_core::stop_listening(call& who) {
    if (auto slot = who.done.slot(); slot.is_connected()) slot.clear();
}

void agent_core::head_arrived(call& who) {
    give_back_retry(who);
    ++who.origin->count.responses;
    if (!downtimes_.empty()) answered_again(*who.origin);
    who.timings.first_byte = now_.mono - who.written_since;
    who.timings.total = now_.mono - who.submitted;
    latencies& took = who.origin->measured();
    took.queue_wait.record(who.timings.pending);
    took.first_byte.record(who.timings.first_byte);
    took.total.record(who.timings.total);
    stop_listening(who);
    tell_request(request_event::kind::responded, who, [&](request_event& e) {
        e.connection = who.connection_number;
        e.status = who.message().status;
    });
    who.deliver_head();
}

// REQUIRES: it has an origin.
void agent_core::count_failed(call& who, const exchange_failure& f, bool stale) {
    counters& count = who.origin->count;
    const bool canceled = f.code == errc::canceled;
    if (canceled) {
        ++count.canceled;
    } else {
        ++count.failed;
        ++count.failures_by_phase[static_cast<std::size_t>(f.phase)];
        if (stale) ++count.stale_seen;
    }
    if (who.answered || f.phase == phase::validate) return;
    latencies& took = who.origin->measured();
    took.queue_wait.record(who.timings.pending);
    if (!canceled) took.total.record(now_.mono - who.submitted);
}

void agent_core::fail(call& who, exchange_failure f, std::string verdict) {
    give_back_retry(who);
    if (who.stage == stage::retrying) --retrying_;
    const bool stale = is_stale_seen(who, f);
    if (who.origin) count_failed(who, f, stale);
    if (!who.answered) stop_listening(who);
    failure_ptr made = make_failure(who, std::move(f), std::move(verdict));
    note_failed(who, *made, stale);
    if (who.origin) tell_request(request_event::kind::failed, who, [&](request_event& e) { e.why = made.get(); });
    forget(who);
    who.fail(std::move(made));
}

void agent_core::forget(call& who) {
    who.stage = stage::over;
    who.timer.reset();
    if (auto mine = calls_.take(who.id)) parting_.push_back(std::move(mine));
}

void agent_core::give_back_retry(call& who) {
    if (std::exchange(who.holds_retry, false)) budget_.give_back();
}

void agent_core::cancel(call& who) { fail_now(who, errc::canceled); }

void agent_core::fail_now(call& who, errc code) {
    const step in_step(*this);
    if (who.stage == stage::over || who.stage == stage::fresh) return;
    exchange_failure f{.code = code};
    switch (who.stage) {
        case stage::exchanging:
        case stage::streaming:
            f.phase = who.stage == stage::streaming ? phase::body : (who.out.is_done() ? phase::headers : phase::write);
            who.stage = stage::exchanging;  // so that give_up() leaves it to us
            who.conn->give_up(close_reason::canceled);
            break;
        case stage::retrying: f.phase = phase::retry_wait; break;
        default:
            f.phase = phase::pending;
            who.timings.pending += now_.mono - who.waiting_since;
            pool_.cancel(who.id, now_);
            break;
    }
    fail(who, std::move(f));
}

void agent_core::close_idle() {
    const step in_step(*this);
    if (!destroyed_) pool_.close_idle(now_);
}

void agent_core::close(completion<> done) {
    const step in_step(*this);
    closers_.push_back(std::move(done));
    if (std::exchange(closing_, true) || destroyed_) return;
    pool_.shutdown(now_);
    // Those that wait to be retried would only be refused.
    for (const auto& waiting : calls_.those([](const call& who) { return who.stage == stage::retrying; }))
        fail_now(*waiting, errc::agent_closed);
}

void agent_core::check_closed() {
    if (closers_.empty() || !calls_.empty() || pool_.totals().in_use > 0) return;
    for (auto& done : std::exchange(closers_, {})) ready_.push_back({nullptr, nullptr, nullptr, std::move(done)});
}

void agent_core::destroy() {
    const step in_step(*this);
    if (std::exchange(destroyed_, true)) return;
    if (door_) door_->close();
    closing_ = true;
    for (const auto& each : calls_.those([](const call&) { return true; })) {
        if (each->conn != nullptr) {
            each->stage = stage::exchanging;
            each->conn->give_up(close_reason::shutdown);
        }
        fail(*each, {.code = errc::agent_closed, .phase = phase::pending});
    }
    pool_.shutdown(now_);
    run_actions();
    // Replays that were under way still have their dials: shutdown() lets those end well.
    connections_.for_each([this](const connection& c) { pool_.open_failed(c.id(), errc::agent_closed, {}, now_); });
    run_actions();
    connections_.clear();
    reactor_.stop();
    alarm_.cancel();
}

}  // namespace hearth::detail
