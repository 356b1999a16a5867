#include "agent/connection.hpp"

#include "agent/core.hpp"
#include "http1/keep_alive_hint.hpp"
#include "http1/reuse.hpp"
#include "net/tcp_info.hpp"

#include <algorithm>
#include <utility>

namespace hearth::detail {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

namespace {

// A connection that was in use so recently is not looked at again (the look costs a system call).
constexpr nanoseconds fresh_use = milliseconds(1);
// How long the rest of an abandoned response, or of a request that was answered early, may take.
constexpr nanoseconds linger_max = milliseconds(100);
// A guard costs as much as the request it guards. Servers close what was idle for longer than this.
constexpr nanoseconds guarded_age = milliseconds(200);
// What goes into one segment on most paths, TLS's part in it too.
constexpr std::size_t small_request = 1'350;
// What is read at most before the head has come.
constexpr std::size_t first_read = 16 * 1024;
// Reads in a row on one connection before others get their turn.
constexpr int reads_in_a_row = 16;

bool is_small(const call& c, std::string_view head) {
    if (c.plan.expect_continue) return head.size() <= small_request;  // the body waits
    const bool known = c.body.framing == http1::request_body::none || c.body.framing == http1::request_body::length;
    return known && head.size() + c.body.length <= small_request;
}

}  // namespace

connection::connection(agent_core& core, pool::conn_id id, std::uint64_t number, std::shared_ptr<hearth::detail::origin> o)
    : core_(core), id_(id), number_(number), origin_(std::move(o)), timer_(core.timers(), [this] { on_due(); }) {}

connection::~connection() {
    if (!transport_) return;
    core_.reactor().remove(transport_->fd(), *this);
    transport_->shutdown();
}

void connection::dial(const hearth::detail::origin& o, const call* who) {
    try {
        dialer_ = std::make_unique<net::dialer>(core_.reactor(), core_.timers(), core_.names(), &agent_core::precise_now,
                                                core_.target_of(o, who),
                                                [this](net::dial_result result) { on_dialled(std::move(result)); });
    } catch (const hearth::error& e) {
        // A file that the TLS options name has become unreadable, say.
        dialled_.code = static_cast<errc>(e.info().code.value());
        dialled_.cause = e.info().cause;
        dialled_.detail = e.info().detail;
        dialled_.phase = phase::tls;
        core_.dial_failed(*this);
    }
}

void connection::on_dialled(net::dial_result result) {
    const agent_core::step in_step(core_);
    dialer_.reset();
    dialled_ = std::move(result);
    if (!dialled_.transport) return core_.dial_failed(*this);
    if (dialled_.rtt.count() > 0) origin_->least_rtt = std::min(origin_->least_rtt, dialled_.rtt);
    if (const error_code ec = core_.reactor().add(dialled_.transport->fd(), *this)) {
        dialled_.code = errc::out_of_descriptors;
        dialled_.cause = ec;
        dialled_.transport.reset();
        return core_.dial_failed(*this);
    }
    transport_ = std::move(dialled_.transport);
    was_open_ = true;
    set_user_timeout(core_.options().unacknowledged_timeout);
    transport_->went_idle();
    last_use_ = core_.now().boot;
    core_.dialled(*this);
}

// The kernel's own backstop: it gives up on bytes that nobody acknowledges. Does nothing on unix sockets.
void connection::set_user_timeout(std::chrono::milliseconds patience) {
    if (patience == user_timeout_) return;
    user_timeout_ = patience;
    net::set_user_timeout(transport_->fd(), patience);
}

bool connection::is_fit(bool reused) {
    if (!reused || !core_.options().check_before_use) return true;
    if (core_.now().boot - last_use_ < fresh_use && !may_read_) return true;
    const net::idle_look seen = transport_->look();
    if (seen == net::idle_look::closed) core_.learn_closed(*this);
    return seen == net::idle_look::live;
}

void connection::on_ready(net::readiness what) {
    if (what.hangup || what.error) hung_up_ = true;
    if (!call_) return on_idle_ready(what);
    if (proof_) {
        may_read_ = true;
        return go_on_proving();
    }
    if (what.readable || what.hangup || what.error) {
        may_read_ = true;
        read_on();
    }
    // Under TLS a write may have waited for something to read.
    if (call_ && !call_->out.is_done()) write_on();
}

void connection::on_idle_ready(net::readiness what) {
    if (!what.readable && !what.hangup && !what.error) return;
    may_read_ = true;
    if (!core_.options().watch_idle) return;
    switch (transport_->look()) {
        case net::idle_look::live: may_read_ = false; return;
        case net::idle_look::partial: return;
        case net::idle_look::closed: core_.learn_closed(*this); return core_.peer_closed(*this, close_reason::server_closed);
        case net::idle_look::bytes: return core_.peer_closed(*this, close_reason::unsolicited);
    }
}

void connection::start(call& now_on) {
    call_ = &now_on;
    now_on.conn = this;
    now_on.connection_number = number_;
    now_on.remote = dialled_.remote;
    ++exchanges_;
    if (!now_on.reused) {
        now_on.timings.lookup = dialled_.lookup;
        now_on.timings.connect = dialled_.connect;
        now_on.timings.tls = dialled_.tls;
    }
    extra_bytes_ = false;
    response_ended_ = false;
    status_retry_ = false;
    write_error_.reset();
    proof_.reset();
    relief_asked_ = pool::never;
    set_user_timeout(now_on.request.options.unacknowledged_timeout.value_or(core_.options().unacknowledged_timeout));
    accepted_before_ = transport_->bytes_accepted();
    now_on.written_since = core_.now().mono;
    now_on.start_reading({.max_head = core_.options().max_header_size,
                          .max_fields = core_.options().max_header_count,
                          .max_body = now_on.request.options.max_response_size.value_or(core_.options().max_response_size)});
    transport_->went_active();
    std::string& head = core_.head_scratch();
    head.clear();
    http1::write(core_.head_of(now_on), now_on.plan, head);
    writes_ = 0;
    if (now_on.reused && now_on.idle_age >= guarded_age && is_small(now_on, head)) guard_against_aborts();
    now_on.out.begin(head, now_on.request.body, now_on.body, now_on.plan.expect_continue);
    if (now_on.request.body.as_source() != nullptr) {
        now_on.out.listen(core_.executor(), [weak = now_on.weak_from_this()] {
            const auto who = weak.lock();
            if (!who || who->conn == nullptr) return;
            const agent_core::step in_step(*who->core);
            who->conn->write_on();
        });
    }
    if (now_on.reused && now_on.repeatable) core_.watch_silence(*this);
    write_on();
    // What was announced while the connection idled unwatched is not announced again.
    if (call_ && may_read_) core_.read_later(id_);
}

void connection::poke() {
    if (call_ && may_read_) read_on();
}

void connection::go_on_reading() {
    update_timer();
    if (may_read_ && !reading_) core_.read_later(id_);
}

void connection::read_on() {
    if (reading_ || proof_) return;
    reading_ = true;
    call* const who = call_;
    for (int i = 0; call_ == who && may_read_; ++i) {
        if (i == reads_in_a_row) {
            core_.read_later(id_);
            break;
        }
        const std::size_t room = room_for(*who);
        if (room == 0) break;
        const std::span<char> into = core_.scratch().first(std::min(room, core_.scratch().size()));
        const net::io_result r = transport_->read(into);
        if (r.state == net::io::done) {
            // Less than there was room for: the kernel has no more, and will say so when it has. (TLS cannot tell so much.)
            if (r.bytes < into.size() && !hung_up_ && !origin_->tls) may_read_ = false;
            if (who->reused && !who->reader().begun() && !response_ended_ && may_be_unsolicited() && is_unsolicited()) {
                seek_proof({.code = errc::connection_closed, .evidence = evidence::unsolicited}, {});
                break;
            }
            if (guard_) take_guard_down();
            const bool had_head = who->stage == stage::streaming;
            if (!feed({into.data(), r.bytes})) break;
            if (!had_head && who->stage == stage::streaming && !who->is_awaited()) {
                // Its handler comes first: where it wants the rest, that is not kept meanwhile, but read to its place.
                core_.read_after_handlers(id_);
                break;
            }
        } else if (r.state == net::io::closed) {
            may_read_ = false;
            on_end(true);
        } else if (r.state == net::io::failed) {
            may_read_ = false;
            on_read_error(r.error);
        } else {
            may_read_ = false;
            if (write_error_) write_failed(*write_error_);
        }
    }
    reading_ = false;
    if (call_ == who && call_) update_timer();
}

// A body that comes with its head has to be kept until somebody reads it.
std::size_t connection::room_for(const call& who) const {
    if (response_ended_) return core_.scratch().size();
    return who.reader().has_head() ? who.room() : std::min(who.room(), first_read);
}

// False when the exchange has ended.
bool connection::feed(std::string_view in) {
    call* const who = call_;
    quiet_due_ = body_due_ = pool::never;  // set anew by update_timer()
    if (response_ended_) {
        extra_bytes_ = true;
        finish_exchange();
        return false;
    }
    for (;;) {
        switch (who->reader().next(in)) {
            case http1::read_event::need_more:
                // What has not come with the head is not waited for.
                if (std::exchange(status_retry_, false) && !core_.retry_status(*who)) accept_head();
                return call_ == who;
            case http1::read_event::informational:
                if (who->message().status == 100) release_body();
                break;
            case http1::read_event::head:
                if (!on_head()) return false;
                break;
            case http1::read_event::body:
                who->on_body(who->reader().body());
                if (call_ == who && who->is_drained_out()) give_up(close_reason::unread);
                break;
            case http1::read_event::complete: on_response_end(in); return false;
            case http1::read_event::failed:
                fail_exchange({.code = who->reader().error().code,
                               .phase = who->reader().has_head() ? phase::body : phase::headers,
                               .evidence = evidence::response_begun,
                               .detail = who->reader().error().detail});
                return false;
        }
        if (call_ != who) return false;
    }
}

bool connection::on_head() {
    call& who = *call_;
    transport_->response_begun();
    silence_hook::unlink();
    const http1::response_message& m = who.message();
    // Servers say so to idle connections, before they close them. A server whose kernel already had the request did not look
    // there (RFC 9110, 15.5.9): what may be sent again is.
    if (m.status == 408 && who.reused) {
        const evidence known = is_unsolicited() ? evidence::unsolicited : evidence::acknowledged;
        const bool closes = who.reader().facts().says_close;
        if (known == evidence::unsolicited || (closes && core_.may_replay(who, known))) {
            seek_proof({.code = errc::connection_closed, .evidence = known}, {});
            return false;
        }
    }
    headers_due_ = expect_due_ = pool::never;
    if (who.reader().facts().has_hint) heed(http1::find_keep_alive(m.fields));
    status_retry_ = core_.wants_status_retry(who);
    if (!status_retry_) accept_head();
    return call_ != nullptr;
}

void connection::heed(const http1::keep_alive_hint& hint) {
    hints_.heard(hint.timeout, hint.max, exchanges_);
    if (!hint.timeout) return;
    const policy::keep_terms terms = policy::keep(hints_, exchanges_, core_.options());
    origin_->told_limit = terms.keep ? terms.idle_limit : nanoseconds(0);
}

void connection::accept_head() {
    call_->stage = stage::streaming;
    core_.head_arrived(*call_);
}

void connection::on_response_end(std::string_view rest) {
    call* const who = call_;
    if (who->message().switched) return on_switched(rest);
    extra_bytes_ = !rest.empty();
    response_ended_ = true;
    if (std::exchange(status_retry_, false)) {
        if (core_.retry_status(*who)) return;
        accept_head();
    }
    who->timings.total = core_.now().mono - who->submitted;
    who->on_body_end();
    if (call_ != who) return;
    if (who->out.is_done() || extra_bytes_ || write_error_ || who->out.is_held()) return finish_exchange();
    // Answered before the request was out: the rest may go out for a moment, for the connection's sake.
    linger_due_ = core_.now().mono + linger_max;
    update_timer();
}

void connection::on_switched(std::string_view rest) {
    call* const who = call_;
    core_.reactor().remove(transport_->fd(), *this);
    who->upgraded = std::move(transport_);
    who->upgraded_bytes.assign(rest);
    who->on_body_end();
    release({.keep = false, .reason = close_reason::upgraded});
}

void connection::finish_exchange() { release(judge()); }

pool::verdict connection::unused() const {
    policy::keep_terms terms = policy::keep(hints_, exchanges_, core_.options());
    if (const nanoseconds learnt = core_.learnt_limit(*origin_); learnt < terms.idle_limit) {
        terms.idle_limit = learnt;
        terms.idle_reason = close_reason::learnt;
    }
    return {.keep = terms.keep,
            .reason = terms.reason,
            .idle_limit = terms.idle_limit,
            .idle_reason = terms.idle_reason,
            .requests_left = terms.requests_left};
}

pool::verdict connection::judge() const {
    const http1::reuse_verdict reuse = http1::may_reuse(call_->reader().facts(), {.request_written = call_->out.is_done(),
                                                                                  .request_close = call_->plan.close,
                                                                                  .response_complete = response_ended_,
                                                                                  .extra_bytes = extra_bytes_});
    if (!reuse.keep) {
        const bool unasked = extra_bytes_ && response_ended_;
        return {.keep = false, .reason = unasked ? close_reason::unsolicited : close_reason::response};
    }
    if (hung_up_) return {.keep = false, .reason = close_reason::server_closed};
    return unused();
}

call& connection::let_go() {
    call& who = *std::exchange(call_, nullptr);
    who.conn = nullptr;
    who.out.abandon();
    take_guard_down();
    headers_due_ = body_due_ = quiet_due_ = expect_due_ = linger_due_ = pool::never;
    timer_.clear();
    silence_hook::unlink();
    return who;
}

// The exchange is over; the pool decides what becomes of the connection.
void connection::release(const pool::verdict& v) {
    call& who = let_go();
    if (who.stage == stage::streaming) core_.forget(who);
    last_use_ = core_.now().boot;
    if (v.keep && transport_) {
        transport_->went_idle();
        if (std::exchange(probed_, false)) net::set_keep_alive(transport_->fd(), core_.options().keep_alive_msecs);
    }
    core_.released(*this, v);
}

void connection::detach(bool abort_first) {
    if (abort_first) abort();
    let_go();
}

void connection::finish_unread() {
    if (response_ended_ && call_->out.is_done()) return finish_exchange();
    give_up(close_reason::unread);
}

void connection::give_up(close_reason reason) {
    if (!call_) return;
    abort();
    release({.keep = false, .reason = reason});
}

void connection::abort() noexcept {
    if (!transport_) return;
    core_.reactor().remove(transport_->fd(), *this);
    transport_->abort();
    transport_.reset();
}

void connection::drain() {
    if (response_ended_) return;
    const call& who = *call_;
    const auto& m = who.message();
    const bool known = m.framing == http1::body_framing::length;
    const std::uint64_t left = known ? m.length - call_->reader().body_read() : 0;
    if (m.framing == http1::body_framing::to_close || left > call::drain_max || who.request.method == "CONNECT")
        return give_up(close_reason::unread);
    linger_due_ = core_.now().mono + linger_max;
    go_on_reading();
}

void connection::on_end(bool clean) {
    call* const who = call_;
    hung_up_ = true;
    if (response_ended_) return finish_exchange();
    if (who->reader().finish(clean) == http1::read_event::complete) return on_response_end({});
    const bool begun = who->reader().begun();
    exchange_failure f{.code = who->reader().error().code,
                       .phase = phase_now(),
                       .detail = begun ? who->reader().error().detail : std::string()};
    if (begun) {
        f.evidence = evidence::response_begun;
        return fail_exchange(std::move(f));
    }
    seek_proof(std::move(f), how_it_ended());
}

void connection::on_read_error(const error_code& why) {
    if (response_ended_) return finish_exchange();
    // TLS tells a bare end of the connection as an error.
    if (why == errc::truncated_response) return on_end(false);
    exchange_failure f{.code = errc::connection_reset, .cause = why, .phase = phase_now()};
    auto how = policy::ending::reset;
    if (why == boost::system::errc::timed_out) {
        f.code = errc::unacknowledged_timeout;
        how = policy::ending::expired;
    } else if (origin_->tls && why.category() != boost::system::system_category()) {
        f.code = errc::tls_failed;
        how = policy::ending::ours;  // an alert, say, that need not have met the request
    }
    f.evidence = gather_evidence(how);
    fail_exchange(std::move(f));
}

phase connection::phase_now() const {
    if (call_->reader().has_head()) return phase::body;
    return call_->out.is_done() ? phase::headers : phase::write;
}

void connection::fail_exchange(exchange_failure f) { core_.exchange_failed(*this, *call_, std::move(f)); }

}  // namespace hearth::detail
