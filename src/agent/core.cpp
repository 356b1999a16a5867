#include "agent/core.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <utility>

namespace hearth::detail {

namespace asio = boost::asio;
using std::chrono::nanoseconds;
using std::chrono::seconds;

namespace {

// One response is read at a time, so one buffer serves all connections of an agent.
constexpr std::size_t scratch_size = 64 * 1024;
// Rounds of handlers before other work of the executor gets its turn.
constexpr int rounds_in_a_row = 16;
constexpr nanoseconds clocks_alike_for = std::chrono::milliseconds(100);
// How often, and after how long without use, origins are forgotten.
constexpr nanoseconds origins_check_every = seconds(10);
constexpr nanoseconds origins_unused_for = seconds(60);

}  // namespace

agent_core::agent_core(asio::any_io_executor executor, agent_options options)
    : executor_(executor),
      options_(std::move(options)),
      wrong_defaults_(http1::check_defaults(options_.headers)),
      defaults_(wrong_defaults_ ? std::string() : http1::render_defaults(options_.headers)),
      reactor_(executor),
      resolver_(executor, options_.dns),
      alarm_(executor),
      pool_(options_, net::random_seed()),
      random_(net::random_seed()),
      log_(options_.log),
      scratch_(scratch_size) {
    // What the caller gave is tried now, so that a mistake shows here; the system's authorities are only loaded when needed.
    const tls_options& t = options_.tls;
    if (!t.ca.empty() || !t.ca_file.empty() || !t.cert.empty() || !t.cert_file.empty()) tls_ = net::tls_context::make(t);
}

agent_core::~agent_core() = default;

nanoseconds agent_core::precise_now() noexcept { return net::mono_now(); }

void agent_core::start() {
    alarm_.start(weak_from_this(), [this] { on_alarm(); });
    reactor_.start(
        weak_from_this(), [this] { enter(false); },
        [this] {
            settle();
            flush();
            leave();
        });
}

void agent_core::enter(bool timeless) {
    // Within a step time stands still, but not for the handlers at its end: one may take long before it calls.
    const unsigned around = depth_++;
    if (around > 1 || (around == 1 && (timeless || !handing_over_))) return;
    read_clocks();
}

// A clock is not cheap to read. The two run alike, but for a suspension, which takes longer than clocks_alike_for.
void agent_core::read_clocks() noexcept {
    const nanoseconds boot = net::boot_now();
    const nanoseconds gone = boot - now_.boot;
    now_ = {.mono = gone < clocks_alike_for ? now_.mono + gone : net::mono_now(), .boot = boot};
}

void agent_core::leave() {
    if (depth_ == 1) {
        settle();
        if (has_ready()) flush_soon();
    }
    --depth_;
}

void agent_core::settle() {
    if (!read_later_.empty()) {
        // What comes up again while these read waits for the next step.
        const auto ids = std::exchange(read_later_, {});
        for (const pool::conn_id id : ids) {
            if (connection* c = connections_.find(id)) c->poke();
        }
    }
    run_actions();
    failed_.clear();
    let_part();
    if (!read_later_.empty()) flush_soon();
    check_closed();
    set_alarm();
}

// Their destructors may be users': they may do anything here.
void agent_core::let_part() {
    while (!parting_.empty()) {
        auto gone = std::exchange(parting_, std::exchange(parted_, {}));
        gone.clear();
        parted_ = std::move(gone);
    }
}

void agent_core::run_actions() {
    while (pool_.has_actions()) {
        pool_.take_actions(actions_);
        for (const pool::action& a : actions_) {  // nothing in here takes actions
            switch (a.kind) {
                case pool::action::kind::open: on_open(a); break;
                case pool::action::kind::grant: on_grant(a); break;
                case pool::action::kind::close: on_close(a); break;
                case pool::action::kind::fail: on_fail(a); break;
            }
        }
    }
}

void agent_core::on_open(const pool::action& a) {
    if (destroyed_) return pool_.open_failed(a.conn, errc::agent_closed, {}, now_);
    origin* o = origins_.of(a.origin);
    connection& c = connections_.add(std::make_unique<connection>(*this, a.conn, ++last_connection_, o->shared_from_this()));
    tell_connection(connection_event::kind::connecting, c);
    c.dial(*o, calls_.find(a.request));
}

void agent_core::on_grant(const pool::action& a) {
    call* const who = calls_.find(a.request);
    connection* const c = connections_.find(a.conn);
    // Cancelled since: the connection goes back as it is.
    if (who == nullptr || who->stage != stage::pending) return pool_.released(a.conn, c->unused(), now_);
    if (!c->is_fit(a.reused)) {
        pool_.refused(a.conn, a.request, now_);
        return count_avoided(*who->origin);
    }
    origin& o = *who->origin;
    if (!downtimes_.empty()) opened_again(o);
    who->stage = stage::exchanging;
    who->timer.reset();
    who->refused_since = pool::never;
    who->reused = a.reused;
    who->idle_age = a.idle_age;
    who->timings.pending += now_.mono - who->waiting_since;
    if (a.reused) {
        ++o.count.reused;
        tell_connection(connection_event::kind::reused, *c, {}, a.idle_age);
    }
    c->start(*who);
}

void agent_core::on_close(const pool::action& a) {
    const auto c = connections_.take(a.conn);
    if (!c) return;
    // A dial that the pool gives up was never open.
    if (c->was_open()) ++c->shared_origin()->count.closed[static_cast<std::size_t>(a.reason)];
    if (a.reason == close_reason::learnt) learn_outlived(*c->shared_origin(), a.idle_age);
    tell_connection(connection_event::kind::closed, *c, a.reason, a.idle_age);
    if (a.reason == close_reason::server_closed || a.reason == close_reason::unsolicited ||
        a.reason == close_reason::stale_at_use)
        note_stale(*c, a.reason);
}

void agent_core::on_fail(const pool::action& a) {
    call* const found = calls_.find(a.request);
    if (found == nullptr || found->stage != stage::pending) return;
    call& who = *found;
    who.timings.pending += now_.mono - who.waiting_since;
    exchange_failure f{.code = a.error, .cause = a.cause, .phase = phase::pending};
    const auto dial = std::find_if(failed_.begin(), failed_.end(), [&](const auto& c) { return c->id() == a.conn; });
    if (dial == failed_.end()) {
        if (a.error == errc::too_many_pending) f.detail = "max_pending is " + std::to_string(options_.max_pending);
        return fail(who, std::move(f));
    }
    f.phase = (*dial)->dialled().phase;
    f.detail = (*dial)->dialled().detail;
    f.evidence = evidence::not_sent;
    if (wait_for_return(who, f)) return;
    retry_or_fail(who, std::move(f), {}, true, false);
}

void agent_core::set_alarm() {
    nanoseconds next = timers_.next();
    if (!destroyed_) next = std::min(next, pool_.next_deadline(now_));
    // An alarm that is too early rings for nothing now and then; moving it each time would cost more.
    if (next >= alarm_at_ && next != pool::never) return;
    if (next == alarm_at_) return;
    alarm_at_ = next;
    if (next == pool::never) {
        alarm_.cancel();
        return;
    }
    alarm_.set(next);
}

void agent_core::on_alarm() {
    const step in_step(*this);
    alarm_at_ = pool::never;
    timers_.run(now_.mono);
    if (!destroyed_) {
        pool_.tick(now_);
        forget_origins();
    }
    settle();
    flush();
}

void agent_core::forget_origins() {
    if (now_.mono - origins_checked_ < origins_check_every) return;
    origins_checked_ = now_.mono;
    std::vector<pool::origin_id> gone;
    pool_.forget_unused(origins_unused_for, now_, gone);
    for (const pool::origin_id id : gone) origins_.forget(id);
}

void agent_core::ready(std::shared_ptr<call> answered, failure_ptr f) {
    ready_.push_back({.answered = std::move(answered), .sink = nullptr, .failure = std::move(f), .closed = {}});
}
void agent_core::ready(std::unique_ptr<body_sink> sink, failure_ptr f) {
    ready_.push_back({.answered = nullptr, .sink = std::move(sink), .failure = std::move(f), .closed = {}});
}
void agent_core::read_later(pool::conn_id id) { read_later_.push_back(id); }
void agent_core::read_after_handlers(pool::conn_id id) { read_after_handlers_.push_back(id); }

// Runs flush() later; or, when its context ends without running it, drops the handlers that wait: they and the core hold
// each other.
class agent_core::later {
public:
    explicit later(std::shared_ptr<agent_core> core) : core_(std::move(core)) {}
    later(later&&) noexcept = default;
    later& operator=(later&&) noexcept = default;
    ~later() {
        if (core_) core_->drop_ready();
    }
    void operator()() {
        const auto core = std::exchange(core_, nullptr);
        const step in_step(*core);
        core->flush_posted_ = false;
        core->settle();
        core->flush();
    }

private:
    std::shared_ptr<agent_core> core_;
};

void agent_core::flush_soon() {
    if (!std::exchange(flush_posted_, true)) asio::post(executor_, later(shared_from_this()));
}

void agent_core::drop_ready() noexcept {
    // Dropping one may let others go that come back here.
    while (has_ready()) {
        const auto ready = std::exchange(ready_, {});
        const auto events = std::exchange(events_, {});
    }
}

void agent_core::hand_over(ready_call& r) {
    if (r.sink) return r.sink->complete(std::move(r.failure), executor_);
    if (r.closed) return std::move(r.closed).complete(executor_, nullptr);
    auto handler = std::move(r.answered->done);
    std::move(handler).complete(executor_, std::move(r.failure), response(std::move(r.answered)));
}

// Handlers may do anything, call the agent or destroy it included: nothing is held across the calls but what is local.
void agent_core::flush() {
    for (int round = 0; has_ready() && round < rounds_in_a_row; ++round) {
        handing_over_ = true;
        while (!events_.empty()) {
            const auto event = std::move(events_.front());
            events_.pop_front();
            event();
        }
        auto batch = std::exchange(ready_, std::exchange(delivering_, {}));
        for (ready_call& r : batch) {
            try {
                hand_over(r);
            } catch (...) {
                // The caller's own exception: it comes out of the executor's run(), and all others still get their answers.
                asio::post(executor_, [e = std::current_exception()] { std::rethrow_exception(e); });
            }
        }
        handing_over_ = false;
        batch.clear();
        read_later_.insert(read_later_.end(), read_after_handlers_.begin(), read_after_handlers_.end());
        read_after_handlers_.clear();
        if (delivering_.capacity() < batch.capacity()) delivering_ = std::move(batch);
        settle();
    }
}

}  // namespace hearth::detail
