#include "sim/tcp.hpp"

#include <algorithm>
#include <cerrno>

namespace hearth::sim {

using namespace std::chrono_literals;

namespace {

constexpr std::size_t segment_max = 16 * 1024;  // as network cards cut for the kernel
constexpr nanoseconds delayed_ack = 40ms;
constexpr nanoseconds rto_min = 200ms;
constexpr nanoseconds rto_max = 120s;
constexpr nanoseconds fin_timeout = 60s;
constexpr nanoseconds probe_interval = 5s;
constexpr unsigned probes_max = 3;

}  // namespace

nanoseconds tcp_socket::now() const { return on_.in().time.now(); }

// Calls `what` after `wait`, unless `generation` has moved on by then.
void tcp_socket::later(nanoseconds wait, void (tcp_socket::*what)(), std::uint64_t& generation) {
    on_.in().time.after(wait, [this, what, &generation, due = ++generation] {
        if (generation == due) (this->*what)();
    });
}

void tcp_socket::connect(nanoseconds probe_after) {
    stage_ = stage::connecting;
    probe_after_ = probe_after;
    stalled_since_ = now();
    send_new();
}

void tcp_socket::listen() {
    if (una_ > 0 || stage_ == stage::closed) return;
    if (sent_ > 0 && stage_ == stage::absent) return;  // an old one, sent twice
    stage_ = stage::open;
    expected_ = 1;
    stalled_since_ = now();
    next_ = 0;
    send_new();
}

std::size_t tcp_socket::write(std::string_view bytes) {
    const std::size_t n = std::min(bytes.size(), send_buffer - std::min(send_buffer, out_.size()));
    if (una_ == sent_) stalled_since_ = now();
    out_.append(bytes.substr(0, n));
    written_ += n;
    send_new();
    return n;
}

void tcp_socket::shutdown_write() {
    if (stage_ != stage::open || fin_out_) return;
    fin_out_ = true;
    if (una_ == sent_) stalled_since_ = now();
    send_new();
}

void tcp_socket::close() {
    changed = nullptr;
    if (stage_ != stage::open) return leave();
    if (!in_.empty()) return abort();
    orphan_ = true;
    shutdown_write();
    if (una_ > written_) {
        if (fin_in_) return leave();
        later(fin_timeout, &tcp_socket::leave, linger_timer_);
    }
}

void tcp_socket::abort() {
    changed = nullptr;
    if (stage_ == stage::open) send_reset();
    leave();
}

void tcp_socket::vanish() {
    changed = nullptr;
    leave();
}

void tcp_socket::leave() {
    stage_ = stage::absent;
    ++retransmission_timer_, ++ack_timer_, ++probe_timer_, ++linger_timer_;
}

policy::tcp_books tcp_socket::books() const {
    using std::chrono::duration_cast;
    using std::chrono::microseconds;
    return {.acked = una_,
            .is_reset = stage_ == stage::closed,
            .retransmits = retransmits_,
            .rtt = duration_cast<microseconds>(srtt_),
            .rtt_min = duration_cast<microseconds>(rtt_min_),
            .last_sent_ago = duration_cast<std::chrono::milliseconds>(now() - last_sent_),
            .resent = ever_retransmitted_ ? 1U : 0U};
}

void tcp_socket::send(segment s) {
    if (stage_ != stage::connecting) {
        s.has_ack = true;
        s.ack = expected_;
        ack_owed_ = false;
    }
    on_.send(*this, std::move(s));
}

void tcp_socket::send_ack() { send({.seq = sent_}); }
void tcp_socket::send_reset() { send({.seq = sent_, .rst = true}); }

// To a segment that belongs to no socket. It acknowledges nothing, so that it proves that nobody had what it answers.
void tcp_socket::refuse(const segment& s) {
    if (!s.rst) on_.send(*this, {.seq = s.ack, .rst = true});
}

// Whatever may be sent and has not been.
void tcp_socket::send_new() {
    const std::uint64_t before = next_;
    if (next_ == 0) {
        send({.seq = 0, .syn = true});
        next_ = 1;
    }
    while (una_ > 0 && next_ < written_) {
        const std::size_t n = std::min<std::uint64_t>(segment_max, written_ - next_);
        last_sent_ = now();
        send({.seq = next_, .data = out_.substr(next_ - una_, n)});
        next_ += n;
    }
    if (una_ > 0 && fin_out_ && next_ == written_) {
        send({.seq = next_, .fin = true});
        ++next_;
    }
    if (next_ == before) return;
    if (timed_end_ == 0 && before >= sent_) {
        timed_end_ = next_;
        timed_since_ = now();
    }
    sent_ = std::max(sent_, next_);
    if (before == una_) arm_retransmission();
}

void tcp_socket::arm_retransmission() {
    nanoseconds wait = rto_;
    if (user_timeout_ > 0ns) wait = std::clamp<nanoseconds>(stalled_since_ + user_timeout_ - now(), 1ms, rto_);
    later(wait, &tcp_socket::retransmit, retransmission_timer_);
}

void tcp_socket::retransmit() {
    if (una_ == sent_) return;
    const unsigned most = stage_ == stage::connecting ? 6 : orphan_ ? 8 : 15;
    const bool gives_up = user_timeout_ > 0ns && now() - stalled_since_ >= user_timeout_ && stage_ == stage::open;
    if (gives_up || retransmits_ >= most) return end_with(ETIMEDOUT);
    ++retransmits_;
    ever_retransmitted_ = true;
    rto_ = std::min(2 * rto_, rto_max);
    timed_end_ = 0;  // of what was sent twice nobody knows which one was acknowledged
    next_ = una_;
    send_new();
}

void tcp_socket::sample_rtt(nanoseconds took) {
    if (srtt_ == 0ns) {
        srtt_ = rtt_min_ = took;
        rttvar_ = took / 2;
    } else {
        rttvar_ = (3 * rttvar_ + std::chrono::abs(srtt_ - took)) / 4;
        srtt_ = (7 * srtt_ + took) / 8;
        rtt_min_ = std::min(rtt_min_, took);
    }
}

// A connection that hears nothing asks whether its peer is there.
void tcp_socket::probe() {
    if (stage_ != stage::open || probe_after_ == 0ns) return;
    const nanoseconds due = last_heard_ + probe_after_ + probes_ * probe_interval;
    if (una_ == sent_ && now() >= due) {
        if (probes_++ == probes_max) return end_with(ETIMEDOUT);
        send({.seq = sent_ - 1});
        return later(probe_interval, &tcp_socket::probe, probe_timer_);
    }
    later(std::max<nanoseconds>(due - now(), 1s), &tcp_socket::probe, probe_timer_);
}

void tcp_socket::end_with(int error) {
    if (orphan_ || !changed) return leave();  // it is nobody's
    leave();
    stage_ = stage::closed;
    error_ = error;
    tell();
}

void tcp_socket::receive(const segment& s) {
    if (stage_ == stage::absent || stage_ == stage::closed) return refuse(s);
    last_heard_ = now();
    probes_ = 0;
    if (stage_ == stage::connecting) {
        if (s.rst) return end_with(ECONNREFUSED);
        if (!s.syn) return;
        stage_ = stage::open;
        expected_ = 1;
        take_ack(1);
        send_ack();
        if (probe_after_ > 0ns) later(probe_after_, &tcp_socket::probe, probe_timer_);
        return;
    }
    if (s.rst) {
        // One that is not in order may be forged: the peer is asked.
        if (s.seq == expected_) return end_with(fin_in_ ? EPIPE : ECONNRESET);
        if (s.seq > expected_) send_ack();
        return;
    }
    if (s.syn) return send_ack();
    if (s.has_ack) take_ack(s.ack);
    if (stage_ == stage::open) take_data(s);
}

void tcp_socket::take_ack(std::uint64_t ack) {
    if (ack <= una_ || ack > sent_) return;
    const std::uint64_t first = std::max<std::uint64_t>(una_, 1);
    if (ack > first) out_.erase(0, std::min(ack, written_) - std::min(first, written_));
    una_ = ack;
    next_ = std::max(next_, ack);
    if (timed_end_ != 0 && ack >= timed_end_) {
        sample_rtt(now() - timed_since_);
        timed_end_ = 0;
    }
    retransmits_ = 0;
    if (srtt_ > 0ns) rto_ = srtt_ + std::max(rto_min, 4 * rttvar_);
    stalled_since_ = now();
    ++retransmission_timer_;
    if (una_ != sent_) arm_retransmission();
    send_new();
    if (!orphan_) return tell();
    if (una_ <= written_) return;
    if (fin_in_) return leave();
    later(fin_timeout, &tcp_socket::leave, linger_timer_);
}

void tcp_socket::take_data(const segment& s) {
    if (s.data.empty() && !s.fin) {
        if (s.seq < expected_) send_ack();  // a probe
        return;
    }
    if (s.seq > expected_ || s.end() <= expected_ || fin_in_) return send_ack();
    const std::string_view fresh = std::string_view(s.data).substr(expected_ - s.seq);
    if (orphan_ && !fresh.empty()) {  // nobody will read it
        refuse(s);
        return leave();
    }
    in_.append(fresh);
    expected_ = s.end();
    fin_in_ = s.fin;
    if (s.fin || on_.in().pick.one_in(2)) {
        send_ack();
    } else {
        owe_ack();
    }
    if (!orphan_) return tell();
    if (una_ > written_) leave();
}

void tcp_socket::owe_ack() {
    if (std::exchange(ack_owed_, true)) return;
    on_.in().time.after(delayed_ack, [this, due = ++ack_timer_] {
        if (ack_timer_ == due && ack_owed_) send_ack();
    });
}

void connection::send(const tcp_socket& from, segment s) {
    const bool to_server = &from == &client;
    if (forgotten || !to_.up || in_.pick.per_mille(to_.lost_per_mille)) return;
    nanoseconds& last = last_arrival_[to_server ? 1 : 0];
    last = std::max(last, in_.time.now() + to_.delay + in_.pick.within(to_.jitter));
    in_.time.at(last, [this, to_server, s = std::move(s)] {
        if (forgotten || !to_.up) return;
        if (to_server) {
            arrive_at_server(s);
        } else {
            client.receive(s);
        }
    });
}

void connection::arrive_at_server(const segment& s) {
    if (s.syn) {
        if (to_.accept || server.stage() == tcp_socket::stage::open) return server.listen();
        return send(server, {.seq = 0, .ack = 1, .has_ack = true, .rst = true});
    }
    if (server.stage() == tcp_socket::stage::open && !accepted) {
        if (!to_.accept) {
            server.vanish();
        } else {
            accepted = true;
            to_.accept(*this);
        }
    }
    server.receive(s);
}

}  // namespace hearth::sim
