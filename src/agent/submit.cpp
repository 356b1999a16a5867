// How a request gets in: checked, given an origin, handed to the pool.
#include "agent/core.hpp"
#include "policy/age.hpp"
#include "policy/method.hpp"
#include "values/url_cut.hpp"

#include <boost/asio/dispatch.hpp>

#include <algorithm>
#include <utility>

namespace hearth::detail {

namespace asio = boost::asio;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;

namespace {

constexpr std::string_view base64_digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

std::string base64(std::string_view in) {
    std::string out;
    for (std::size_t i = 0; i < in.size(); i += 3) {
        const std::size_t n = std::min<std::size_t>(3, in.size() - i);
        std::uint32_t bits = 0;
        for (std::size_t k = 0; k < 3; ++k) bits = bits << 8 | (k < n ? static_cast<unsigned char>(in[i + k]) : 0U);
        for (std::size_t k = 0; k < 4; ++k) out.push_back(k <= n ? base64_digits[bits >> (18 - 6 * k) & 63] : '=');
    }
    return out;
}

}  // namespace

void agent_core::submit(std::shared_ptr<call> mine, completion<response> done) {
    const step in_step(*this);
    call& who = *mine;
    who.done = std::move(done);
    who.submitted = now_.mono;
    who.number = ++last_number_;
    if (closing_ || destroyed_) return fail(who, {.code = errc::agent_closed, .phase = phase::validate});
    if (!prepare(who)) return;
    who.id = calls_.add(std::move(mine));
    ++who.origin->count.requests;
    listen_for_cancellation(who);
    tell_request(request_event::kind::started, who);
    if (!hold(who)) acquire(who);
}

// Checks all that can be checked before there is a connection.
bool agent_core::prepare(call& who) {
    request& r = who.request;
    const auto refuse = [&](errc code, std::string detail) {
        fail(who, {.code = code, .phase = phase::validate, .detail = std::move(detail)});
        return false;
    };
    try {
        validate(r.options);
        find_origin(who);
    } catch (const error& e) {
        return refuse(static_cast<errc>(e.info().code.value()), e.info().detail);
    }
    who.body = plan_body(r.body);
    if (who.body.wrong) return refuse(who.body.wrong->code, std::move(who.body.wrong->detail));
    if (wrong_defaults_) return refuse(wrong_defaults_->code, wrong_defaults_->detail);
    if (auto wrong = http1::validate(head_of(who), who.plan)) return refuse(wrong->code, std::move(wrong->detail));
    who.repeatable = policy::repeatable(r.method, r.headers, r.options.idempotent);
    if (const milliseconds d = r.options.deadline.value_or(options_.deadline); d.count() > 0) who.deadline = now_.mono + d;
    return true;
}

http1::head_spec agent_core::head_of(const call& who) const {
    return {.method = who.request.method,
            .target = who.target,
            .authority = who.origin->authority,
            .fields = &who.request.headers,
            .defaults = &options_.headers,
            .body = who.body.framing,
            .length = who.body.length,
            .close = !options_.keep_alive,
            .expect_continue = who.request.options.expect_continue,
            .from_url = true,
            .rendered_defaults = defaults_};
}

// Throws what is wrong with its URL.
void agent_core::find_origin(call& who) {
    const std::string_view text = who.request.url;
    const values::url_cut cut = values::cut_url(text);
    const std::string_view base = text.substr(0, cut.end);
    if (const auto& known = origins_.find_spelled(base)) {
        who.target = values::checked_target(text, cut.end);
        who.origin = known;
        if (who.target.starts_with('/')) return;
        who.own_target.append("/").append(who.target);
    } else {
        url whole = url::parse(text);
        who.origin = intern(whole);
        if (base.find('@') == std::string_view::npos) {
            origins_.remember(base, who.origin);
        } else if (!whole.userinfo.empty() && !who.request.headers.contains("Authorization")) {
            who.request.headers.add("Authorization", "Basic " + base64(whole.userinfo));
        }
        who.own_target = std::move(whole.target);
    }
    who.target = who.own_target;
}

std::shared_ptr<origin> agent_core::intern(const url& u) {
    if (auto known = origins_.find(u)) return known;
    auto added = origins_.add(u, pool_.add_origin());
    if (options_.learn_idle_timeout) added->lesson = lessons_.find(added->name);
    if (added->lesson) added->limit_told = taught_limit(*added);
    return added;
}

void agent_core::listen_for_cancellation(call& who) {
    auto slot = who.done.slot();
    if (!slot.is_connected()) return;
    slot.assign([weak = who.weak_from_this()](asio::cancellation_type) {
        const auto me = weak.lock();
        if (!me) return;
        asio::dispatch(me->core->executor(), [me] {
            if (!me->answered) me->core->cancel(*me);
        });
    });
}

void agent_core::acquire(call& who) {
    ++who.attempts;
    who.stage = stage::pending;
    who.waiting_since = now_.mono;
    watch_deadline(who);
    pool_.acquire(who.id, who.origin->id, needs_of(who, false), now_);
    if (pool_.passed_by() != passed_by_) count_avoided(*who.origin);
}

std::shared_ptr<origin> agent_core::intern_again(const origin& forgotten) {
    url u;
    u.host = forgotten.host;
    u.port = forgotten.port;
    u.tls = forgotten.tls;
    return intern(u);
}

// While it waits; on a connection, that one watches.
void agent_core::watch_deadline(call& who) {
    if (who.deadline == pool::never) return;
    who.timer.emplace(timers_, [this, weak = who.weak_from_this()] {
        if (const auto me = weak.lock()) fail_now(*me, errc::deadline_exceeded);
    });
    who.timer->set(who.deadline);
}

pool::needs agent_core::needs_of(const call& who, bool fresh) {
    const request_options& own = who.request.options;
    const bool replayable = policy::always_replayable(facts_of(who, true, false));
    const milliseconds patience = own.pending_timeout.value_or(options_.pending_timeout);
    std::optional<nanoseconds> known = who.origin->told_limit;
    if (const nanoseconds learnt = learnt_limit(*who.origin); learnt != pool::never)
        known = std::min(learnt, known.value_or(learnt));
    return {.fresh = fresh || own.fresh_connection,
            .max_idle_age = policy::max_idle_age_for(replayable, known, options_.safe_age),
            .pending_deadline = patience.count() > 0 ? now_.mono + patience : pool::never};
}

policy::replay_facts agent_core::facts_of(const call& who, bool reused, bool begun) const {
    return {.method = who.request.method,
            .repeatable = who.repeatable,
            .body_replayable = who.out.replayable(who.request.body),
            .reused = reused,
            .response_begun = begun,
            .never_replay = who.request.options.never_replay,
            .replays_so_far = who.replays,
            .options = who.request.options.replay.value_or(options_.replay)};
}

net::dial_target agent_core::target_of(const origin& o, const call* who) {
    net::dial_target t;
    t.host = o.host;
    t.port = o.port;
    t.socket_path = options_.socket_path;
    t.local_address = options_.local_address;
    t.attempt_delay = options_.dns.attempt_delay;
    t.connect_timeout = options_.connect_timeout;
    if (who != nullptr) t.connect_timeout = who->request.options.connect_timeout.value_or(t.connect_timeout);
    t.keep_alive_probe = options_.keep_alive_msecs;
    if (o.tls) {
        if (!tls_) tls_ = net::tls_context::make(options_.tls);
        t.tls = tls_;
        t.server_name = options_.tls.servername.empty() ? o.host : options_.tls.servername;
        t.session_key = o.name;
    }
    return t;
}

std::size_t agent_core::warm(std::string_view text, std::size_t n) {
    const step in_step(*this);
    if (closing_ || destroyed_) return 0;
    return pool_.warm(intern(url::parse(text))->id, n, now_);
}

}  // namespace hearth::detail
