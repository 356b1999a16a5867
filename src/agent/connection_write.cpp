// A connection's writing half and its deadlines.
#include "agent/connection.hpp"
#include "agent/core.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace hearth::detail {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

namespace {

nanoseconds later(nanoseconds now, std::optional<milliseconds> own, milliseconds general) {
    const milliseconds wait = own.value_or(general);
    return wait.count() == 0 ? pool::never : now + wait;
}

}  // namespace

void connection::write_on() {
    call* const who = call_;
    if (!who || write_error_ || proof_) return;
    outgoing& out = who->out;
    while (call_ == who) {
        switch (out.next()) {
            case outgoing::state::ready: break;
            case outgoing::state::held:
                if (expect_due_ == pool::never) {
                    expect_due_ = core_.now().mono + core_.options().expect_timeout;
                    update_timer();
                }
                return;
            case outgoing::state::waiting: return update_timer();
            case outgoing::state::done: return on_written();
            case outgoing::state::failed:
                // The server must not take what it got for the whole request.
                return fail_exchange({.code = out.wrong().code,
                                      .phase = phase::write,
                                      .evidence = gather_evidence(),
                                      .detail = out.wrong().detail});
        }
        const net::io_result r = transport_->write(out.front(), out.back());
        if (r.state == net::io::done) {
            out.wrote(r.bytes);
            ++writes_;
            quiet_due_ = pool::never;
            continue;
        }
        if (r.state == net::io::failed) return write_failed(r.error);
        out.stash();
        return update_timer();
    }
}

void connection::on_written() {
    if (response_ended_) return finish_exchange();
    if (headers_due_ == pool::never && !call_->reader().has_head())
        headers_due_ = later(core_.now().mono, call_->request.options.headers_timeout, core_.options().headers_timeout);
    update_timer();
}

// The server may have answered before it stopped listening: that answer counts more than our error.
void connection::write_failed(const error_code& why) {
    if (!write_error_) {
        write_error_ = why;
        may_read_ = true;
        if (!reading_) {
            call* const who = call_;
            read_on();
            if (call_ != who) return;
        }
    }
    if ((reading_ && may_read_) || proof_) return;
    if (response_ended_) return finish_exchange();
    fail_exchange({.code = errc::connection_reset,
                   .cause = *write_error_,
                   .phase = phase::write,
                   .evidence = gather_evidence(how_it_ended())});
}

void connection::release_body() {
    expect_due_ = pool::never;
    call_->out.release_body();
    write_on();
}

void connection::update_timer() {
    if (!call_) return;
    if (response_ended_) return timer_.set(linger_due_);
    const nanoseconds now = core_.now().mono;
    const request_options& own = call_->request.options;
    const agent_options& general = core_.options();
    if (quiet_due_ == pool::never) quiet_due_ = later(now, own.timeout, general.timeout);
    if (call_->stage != stage::streaming || !call_->is_awaited()) {
        body_due_ = pool::never;
    } else if (body_due_ == pool::never) {
        body_due_ = later(now, own.body_timeout, general.body_timeout);
    }
    const nanoseconds proof_due = proof_ ? proof_->look_due : pool::never;
    timer_.set(
        std::min({headers_due_, body_due_, quiet_due_, expect_due_, linger_due_, guard_due_, proof_due, call_->deadline}));
}

void connection::on_due() {
    if (!call_) return;
    const nanoseconds now = core_.now().mono;
    if (linger_due_ <= now) {
        if (response_ended_) return finish_exchange();
        return give_up(close_reason::unread);
    }
    const phase where = phase_now();
    if (call_->deadline <= now) return fail_timed_out(errc::deadline_exceeded, where);
    if (proof_ && proof_->look_due <= now) return go_on_proving();
    if (guard_due_ <= now) take_guard_down();
    if (headers_due_ <= now) return fail_timed_out(errc::headers_timeout, phase::headers);
    if (body_due_ <= now) return fail_timed_out(errc::body_timeout, phase::body);
    if (quiet_due_ <= now) {
        // A caller who does not read, or a source that does not give, is not the server's silence.
        if (call_->room() > 0) return fail_timed_out(errc::socket_timeout, where);
        quiet_due_ = pool::never;
    }
    if (expect_due_ <= now) return release_body();
    update_timer();
}

void connection::fail_timed_out(errc code, phase where) {
    fail_exchange({.code = code, .phase = where, .evidence = gather_evidence()});
}

}  // namespace hearth::detail
