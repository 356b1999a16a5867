#include "sim/agent_world.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>

#include <algorithm>
#include <utility>

namespace hearth::sim {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

namespace {

// More than any world needs: one that never ends is a failure, not a hanging test.
constexpr std::uint64_t events_max = 3'000'000;

}  // namespace

agent_world::tally& agent_world::tally::operator+=(const tally& o) {
    worlds += o.worlds, polite += o.polite, events += o.events, requests += o.requests, answered += o.answered;
    failed += o.failed, canceled += o.canceled, replays += o.replays, retries += o.retries, reused += o.reused;
    stale_at_use += o.stale_at_use, server_closed += o.server_closed, repeated += o.repeated, restarts += o.restarts;
    faults += o.faults, trace ^= o.trace;
    for (std::size_t i = 0; i < evidence_count; ++i) {
        replays_by[i] += o.replays_by[i];
        refused_by[i] += o.refused_by[i];
    }
    return *this;
}

agent_world::agent_world(std::uint64_t seed, boost::asio::io_context& context)
    : pick_(seed), machine_(net_, context), polite_(pick_.one_in(4)), origins_(1 + pick_.below(3)) {
    counts_.worlds = 1;
    counts_.polite = polite_ ? 1 : 0;
    draw_options();
    for (std::size_t at = 0; at < origins_.size(); ++at) draw_origin(at);
    machine_.late_max = pick_.one_in(2) ? 0ms : pick_.one_in(2) ? 3ms : 60ms;
    machine_.late_one_in = pick_.one_in(2) ? 40 : 4;
    machine_.on_exchange = [this](const exchange_begin& x) { check_exchange(x); };
    machine_.on_socket = [this](const host& to) { check_socket(to); };
    machine_.on_dial_failed = [this](const host& to) {
        for (const auto& [id, e] : errands_) {
            if (e->to == &to) e->goes_fresh = false;
        }
    };
    machine_.on_turn = [this] { check_turn(); };
    options_.events.on_request = [this](const request_event& e) { told(e); };
    agent_.emplace(context.get_executor(), options_);
}

// The agent goes first, the machine after it: also with what the executor and the events to come still hold of it, in a
// world that was cut short.
agent_world::~agent_world() {
    agent_.reset();
    machine_.run_posted();
    time_.clear();
    machine_.run_posted();
}

void agent_world::draw_options() {
    agent_options& o = options_;
    const bool tight = pick_.one_in(3);
    o.max_sockets = tight ? 1 + pick_.below(3) : 50;
    o.max_total_sockets = tight ? o.max_sockets + pick_.below(3) : 10'000;
    if (pick_.one_in(4)) o.max_connecting = 1 + pick_.below(3);
    if (tight && pick_.one_in(2)) o.max_free_sockets = pick_.below(o.max_sockets + 1);
    o.scheduling = pick_.one_in(3) ? scheduling::fifo : scheduling::lifo;
    o.learn_idle_timeout = pick_.one_in(2);
    o.keep_alive = !pick_.one_in(30);
    if (o.keep_alive && pick_.one_in(6)) o.min_free_sockets = std::min<std::size_t>(1, o.max_free_sockets.value_or(1));
    if (pick_.one_in(6)) o.max_requests_per_connection = 1 + pick_.below(4);
    if (pick_.one_in(6)) o.max_connection_age = milliseconds(500 + pick_.below(10'000));
    // Bursts that die together are worth more retries than the budget allows by default.
    if (polite_) o.retry.min_budget = 1000;
    if (polite_) return;
    if (tight) o.max_pending = pick_.below(12);
    if (pick_.one_in(6)) o.pending_timeout = milliseconds(1 + pick_.below(500));
    if (pick_.one_in(6)) o.timeout = milliseconds(200 + pick_.below(2000));
    if (pick_.one_in(3)) o.headers_timeout = milliseconds(100 + pick_.below(5000));
    if (pick_.one_in(3)) o.unacknowledged_timeout = milliseconds(500 + pick_.below(5000));
    if (pick_.one_in(4)) o.connect_timeout = milliseconds(50 + pick_.below(2000));
    if (pick_.one_in(8)) o.deadline = milliseconds(50 + pick_.below(5000));
    if (pick_.one_in(8)) o.retry.max_retries = 0;
    if (pick_.one_in(8)) o.retry.max_downtime = 0ms;
}

void agent_world::draw_origin(std::size_t at) {
    origin& o = origins_[at];
    o.name = "origin" + std::to_string(at);
    habits& h = o.ways;
    // Polite servers give a fresh connection longer than the callers are ever late.
    const std::uint64_t shortest = polite_ ? 100 : 20;
    if (!pick_.one_in(4)) h.idle_timeout = milliseconds(pick_.one_in(2) ? shortest + pick_.below(500) : 5000);
    if (pick_.one_in(4))
        h.hint_s = pick_.one_in(2) ? static_cast<unsigned>(1 + pick_.below(8)) : static_cast<unsigned>(h.idle_timeout / 1s);
    if (pick_.one_in(4)) h.requests_max = static_cast<unsigned>(1 + pick_.below(5));
    if (pick_.one_in(2)) h.work = pick_.one_in(3) ? 500ms : 5ms;
    h.announces_close = pick_.one_in(2);
    if (pick_.one_in(4)) h.body_max = 60'000;
    if (pick_.one_in(3)) {
        h.restart_every = milliseconds(1500 + pick_.below(6000));
        h.downtime = milliseconds(pick_.below(1500));
    }
    if (!polite_) draw_faults(h);
    o.server = std::make_unique<sim::server>(net_, h);
    host& there = o.server->host;
    there.delay = pick_.one_in(3) ? 30us : pick_.one_in(2) ? 2ms : std::chrono::microseconds(200 + pick_.below(90'000));
    // Evidence takes the least round trip seen for the least there is, with a doubt of 200 us or 1/32: what a path varies by
    // stays within that here. (Where it varies more, a server that executes and resets at once could be misjudged.)
    there.jitter = std::max<nanoseconds>(100us, there.delay / 32) - 10us;
    if (!polite_ && pick_.one_in(3)) there.lost_per_mille = static_cast<unsigned>(1 + pick_.below(60));
    o.server->delivered = [this](std::uint64_t id) {
        errand& e = *errands_.at(id);
        if (e.delivered++ > 0) {
            rule(e.repeatable, "what may not be repeated is delivered once", e.method);
            ++counts_.repeated;
        }
    };
    machine_.hosts.emplace(o.name, &there);
}

void agent_world::draw_faults(habits& h) {
    h.idle_ends_by = static_cast<goodbye>(pick_.below(5));
    h.executes_when_half_closed = pick_.one_in(2);
    if (pick_.one_in(2)) h.read_delay = pick_.one_in(2) ? 200us : 5ms;
    for (unsigned* chance :
         {&h.drops_unanswered, &h.executes_and_resets, &h.cuts_short, &h.answers_early, &h.adds_junk, &h.loses_path}) {
        if (pick_.one_in(4)) *chance = static_cast<unsigned>(1 + pick_.below(150));
    }
    h.restarts_by = static_cast<restart_kind>(pick_.below(3));
}

void agent_world::run() {
    errands_left_.resize(1 + pick_.below(pick_.one_in(4) ? 20 : 5));
    callers_busy_ = errands_left_.size();
    if (pick_.one_in(8)) machine_.call(now(), [this] { (void)agent_->warm("http://origin0/", 1 + pick_.below(3)); });
    for (std::size_t caller = 0; caller < errands_left_.size(); ++caller) {
        errands_left_[caller] = static_cast<int>(2 + pick_.below(8));
        machine_.call(now() + pick_.up_to(20ms), [this, caller] { next_errand(caller); });
    }
    // Some agents are destroyed with their hands full.
    if (!polite_ && pick_.one_in(10)) {
        machine_.call(now() + pick_.within(20s), [this] {
            if (!winding_up_) wind_up();
            agent_->destroy();
        });
    }
    while (!time_.empty() && broken_.empty()) {
        rule(++counts_.events < events_max, "the world comes to an end");
        time_.go_on();
    }
    if (broken_.empty()) check_end();
}

void agent_world::next_errand(std::size_t caller) {
    if (winding_up_) return;
    if (errands_left_[caller]-- == 0) {
        if (--callers_busy_ == 0) wind_up();
        return;
    }
    auto made = std::make_unique<errand>();
    errand& e = *made;
    e.id = ++last_id_;
    e.caller = caller;
    errands_.emplace(e.id, std::move(made));
    send(e, origins_[pick_.below(origins_.size())]);
}

void agent_world::send(errand& e, origin& to) {
    e.to = &to.server->host;
    request r;
    r.url = "http://" + to.name + "/";
    r.headers.add("x-request-id", std::to_string(e.id));
    constexpr std::array methods{"GET", "GET", "HEAD", "PUT", "POST", "POST", "POST", "PATCH"};
    r.method = methods[pick_.below(methods.size())];
    e.method = r.method;
    e.repeatable = r.method[0] != 'P' || r.method == "PUT";
    if (!e.repeatable && pick_.one_in(4)) {
        r.headers.add("Idempotency-Key", std::to_string(e.id));
        e.repeatable = true;
    }
    if (r.method[0] == 'P') r.body = std::string(pick_.one_in(12) ? 150'000 : pick_.below(300), 'x');
    if (!polite_ && pick_.one_in(20)) r.options.deadline = milliseconds(1 + pick_.below(2000));
    if (pick_.one_in(20)) r.options.fresh_connection = true;
    submitted_.push_back(e.id);
    ++counts_.requests;
    agent_->send(std::move(r),
                 boost::asio::bind_cancellation_slot(e.cancel.slot(), [this, &e](const error_code& ec, response got) {
                     has_response(e, ec, std::move(got));
                 }));
    if (!polite_ && pick_.one_in(20)) {
        machine_.call(now() + pick_.within(pick_.one_in(2) ? 50ms : 2s),
                      [&e] { e.cancel.emit(boost::asio::cancellation_type::terminal); });
    }
}

void agent_world::has_response(errand& e, const error_code& ec, response r) {
    if (ec) {
        rule(r.failure() != nullptr, "a failure says why");
        check_failure(e, *r.failure());
        return ended(e);
    }
    if (!polite_ && pick_.one_in(10)) return ended(e);  // nobody wants the body
    const auto held = std::make_shared<response>(std::move(r));
    const auto read = [this, &e, held](const error_code& failed, const std::string& text) {
        has_body(e, failed, text, *held);
    };
    if (pick_.one_in(8)) {
        machine_.call(now() + pick_.within(2s), [held, read] { held->text(read); });
    } else {
        held->text(read);
    }
}

void agent_world::has_body(errand& e, const error_code& ec, const std::string& text, const response& r) {
    if (ec) {
        rule(r.failure() != nullptr, "a failure says why");
        check_failure(e, *r.failure());
        return ended(e);
    }
    // A 408 that was lost once can arrive when the request has: nothing tells it from an answer.
    const bool late_408 = r.status() == 408 && !polite_;
    if (e.method != "HEAD" && !late_408)
        rule(text.starts_with("answer to " + std::to_string(e.id) + ";"), "a request gets its own answer", text);
    rule(e.delivered > 0 || late_408, "what was answered was delivered");
    ++counts_.answered;
    ended(e);
}

// The caller goes on after a while: at once, at random, or when the server is about to close.
void agent_world::ended(errand& e) {
    rule(++e.ended == 1, "a request ends once");
    counts_.trace = (counts_.trace * 31 + e.id) ^ static_cast<std::uint64_t>(now().count());
    if (winding_up_) return;
    const origin& o = origins_[pick_.below(origins_.size())];
    nanoseconds wait{0};
    switch (pick_.below(5)) {
        case 0: break;
        case 1: wait = pick_.within(10ms); break;
        case 2: wait = pick_.within(12s); break;
        default: wait = o.ways.idle_timeout - 2 * o.server->host.delay + pick_.within(3 * o.server->host.delay);
    }
    machine_.call(now() + wait, [this, caller = e.caller] { next_errand(caller); });
}

void agent_world::wind_up() {
    winding_up_ = true;
    // What the servers have open goes by itself, once the agent has done with them.
    for (origin& o : origins_) o.server->settle();
    time_.after(10min, [this] {
        for (origin& o : origins_) o.server->stop();
    });
    agent_->close([this](const error_code&) { closed_ = true; });
}

}  // namespace hearth::sim
