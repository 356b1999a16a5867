#include "load_run.hpp"

#include "load_schedule.hpp"
#include "net/no_throw.hpp"

#include <hearth/agent.hpp>
#include <hearth/url.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <sys/resource.h>

#include <algorithm>
#include <exception>
#include <memory>
#include <utility>

namespace hearth::cli {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using net::no_throw;
using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;
using std::chrono::nanoseconds;

constexpr auto look_every = 100ms;
// After a failure, so that a server that is not there is not asked as fast as it can refuse.
constexpr auto pause_after_failure = 10ms;

struct cpu_time {
    nanoseconds user{0};
    nanoseconds system{0};
};

cpu_time cpu_used() {
    rusage u{};
    ::getrusage(RUSAGE_SELF, &u);
    const auto to_ns = [](const timeval& t) {
        return std::chrono::seconds(t.tv_sec) + std::chrono::microseconds(t.tv_usec);
    };
    return {.user = to_ns(u.ru_utime), .system = to_ns(u.ru_stime)};
}

/// Each connection is a descriptor; the soft limit is often 1024.
void raise_descriptor_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
    limit.rlim_cur = limit.rlim_max;
    (void)::setrlimit(RLIMIT_NOFILE, &limit);
}

class load {
public:
    load(const load_plan& plan, const std::function<bool(const load_progress&)>& go_on)
        : plan_(plan), go_on_(go_on), agent_(context_, plan.agent) {
        for (const request& r : plan.requests) result_->urls.push_back(url::parse(r.url).redacted());
        if (plan.watched_by != nullptr) plan.watched_by->watch(agent_, "load");
        result_->method = plan.requests.front().method;
        result_->concurrency = plan.concurrency;
        result_->target_rate = plan.rate;
        if (plan.rate) {
            schedule_.emplace(*plan.rate);
            result_->service_time.emplace();
        }
        if (const std::string* body = plan.requests.front().body.bytes()) body_size_ = body->size();
    }

    load_result run() {
        begin_ = clock::now();
        note_start();
        counts_from_ = begin_ + plan_.warm_up;
        if (plan_.duration) end_ = counts_from_ + *plan_.duration;
        if (plan_.warm_up > 0ms) {
            at(counts_from_, [this] { begin_counting(); });
        } else {
            begin_counting();
        }
        if (plan_.duration) at(end_, [this] { time_is_up(); });
        look();
        start_workers();
        context_.run();
        return std::move(*result_);
    }

private:
    /// A request's turn: when it is meant to begin.
    struct turn {
        clock::time_point due;
        bool counts = false;
    };

    /// Calls `f` then, unless the run has ended.
    template <class F>
    void at(clock::time_point when, F f) {
        auto& timer = timers_.emplace_back(std::make_unique<asio::steady_timer>(context_, when));
        timer->async_wait([f = std::move(f)](const error_code& error) {
            if (!error) f();
        });
    }

    void start_workers() {
        const std::size_t n = static_cast<std::size_t>(
            std::min<std::uint64_t>(plan_.concurrency, plan_.warm_up > 0ms ? plan_.concurrency : plan_.count));
        working_ = n;
        for (std::size_t i = 0; i < n; ++i) {
            pauses_.push_back(std::make_unique<asio::steady_timer>(context_));
            asio::co_spawn(context_, work(*pauses_.back()), [this](const std::exception_ptr& e) {
                if (e) std::rethrow_exception(e);
                if (--working_ == 0) finish();
            });
        }
    }

    /// One of the `concurrency` that send requests, one after the other. All that is done for each lies here, in one
    /// coroutine, since a generator's own cost is in what it measures.
    asio::awaitable<void> work(asio::steady_timer& pause) {
        clock::time_point now = clock::now();
        while (const std::optional<turn> t = take(now)) {
            if (t->due > now) {
                pause.expires_at(t->due);
                co_await pause.async_wait(no_throw);
                now = clock::now();
                if (stopping_ || now < t->due) {
                    give_back(*t);
                    break;
                }
            }
            bool failed = false;
            ++in_flight_;
            try {
                response r = co_await agent_.send(next_request());
                const std::uint64_t size = co_await r.discard();
                const clock::time_point began = std::exchange(now, clock::now());
                if (t->counts) answered(r.status(), size, *t, now, now - began);
            } catch (const hearth::error& e) {
                now = clock::now();
                failed = true;
                if (t->counts) this->failed(e.info(), now);
            }
            --in_flight_;
            const nanoseconds gap = failed && !schedule_ ? std::max(plan_.idle_gap, pause_after_failure) : plan_.idle_gap;
            if (gap > 0ns && there_is_more(now)) {
                pause.expires_at(now + gap);
                co_await pause.async_wait(no_throw);
                now = clock::now();
            }
        }
    }

    [[nodiscard]] bool there_is_more(clock::time_point now) const {
        return !stopping_ && now < end_ && begun_ < plan_.count;
    }

    /// The next request's turn; nothing when there is to be no more.
    std::optional<turn> take(clock::time_point now) {
        if (!there_is_more(now)) return std::nullopt;
        turn t{.due = now};
        if (schedule_) t.due = begin_ + schedule_->begin_of(taken_);
        if (t.due >= end_) return std::nullopt;
        t.counts = t.due >= counts_from_;
        if (t.counts) ++begun_;
        ++taken_;
        return t;
    }

    void give_back(const turn& t) {
        if (t.counts) --begun_;
    }

    const request& next_request() {
        const request& r = plan_.requests[next_];
        if (++next_ == plan_.requests.size()) next_ = 0;
        return r;
    }

    void answered(int status, std::uint64_t size, const turn& t, clock::time_point now, nanoseconds service) {
        load_result& r = *result_;
        const nanoseconds latency = now - t.due;
        last_ = now;
        ++r.answered;
        ++r.statuses[static_cast<std::size_t>(std::clamp(status, 0, 999))];
        r.bytes_received += size;
        r.latency.record(latency);
        if (r.service_time) r.service_time->record(service);
        load_slot& slot = r.series.at(now - counts_from_);
        slot.latency.record(latency);
        if (status >= 400) ++slot.statuses;
    }

    void failed(const failure& f, clock::time_point now) {
        if (f.code == errc::agent_closed) {
            ++result_->unfinished;
            return;
        }
        last_ = now;
        result_->add_failure(f);
        ++result_->series.at(now - counts_from_).failed;
    }

    void note_start() {
        const auto since_1970 = std::chrono::system_clock::now().time_since_epoch();
        result_->started_ms = std::chrono::duration_cast<std::chrono::milliseconds>(since_1970).count();
    }

    void begin_counting() {
        note_start();
        cpu_before_ = cpu_used();
        count_before_ = agent_.stats().count;
        seen_ = count_before_;
        counting_ = true;
        counted_ = true;
    }

    void look() {
        looking_.expires_after(look_every);
        looking_.async_wait([this](const error_code& error) {
            if (error || working_ == 0) return;
            const clock::time_point now = clock::now();
            if (counting_) sample(now);
            if (!go_on_({.so_far = *result_, .elapsed = now - counts_from_, .in_flight = in_flight_})) return interrupt(now);
            look();
        });
    }

    /// Notes what the pool did since the last time, in the slot that this was in.
    void sample(clock::time_point now) {
        const hearth::stats s = agent_.stats();
        load_slot& slot = result_->series.at(now - counts_from_ - look_every / 2);
        const auto most = [](std::uint32_t& into, std::size_t n) { into = std::max(into, static_cast<std::uint32_t>(n)); };
        most(slot.connections, s.in_use + s.free + s.connecting);
        most(slot.in_flight, in_flight_);
        slot.opened += s.count.opened - seen_.opened;
        slot.sent_again += s.count.replays + s.count.retries - seen_.replays - seen_.retries;
        seen_ = s.count;
    }

    void time_is_up() {
        cpu_after_ = cpu_used();
        cpu_until_ = clock::now();
        for (const auto& pause : pauses_) pause->cancel();
        at(end_ + load_grace, [this] { give_up(); });
    }

    void interrupt(clock::time_point now) {
        result_->interrupted = true;
        interrupted_at_ = now;
        give_up();
    }

    /// Ends what is under way; the workers then end by themselves.
    void give_up() {
        stopping_ = true;
        take_totals();
        agent_.destroy();
        for (const auto& pause : pauses_) pause->cancel();
    }

    /// What the pool counted, before its end closes all connections.
    void take_totals() {
        if (!counting_) return;
        counting_ = false;
        sample(clock::now());
        result_->take_counters(count_before_, agent_.stats().count);
    }

    void finish() {
        const clock::time_point now = clock::now();
        take_totals();
        agent_.destroy();
        looking_.cancel();
        for (const auto& timer : timers_) timer->cancel();
        take_times(now);
    }

    void take_times(clock::time_point now) {
        if (!counted_) return;
        load_result& r = *result_;
        if (!cpu_after_) {
            cpu_after_ = cpu_used();
            cpu_until_ = now;
        }
        r.duration = until() - counts_from_;
        r.unsent = overdue();
        r.bytes_sent = r.answered * body_size_;
        r.cpu_user = cpu_after_->user - cpu_before_.user;
        r.cpu_system = cpu_after_->system - cpu_before_.system;
        const double wall = std::chrono::duration<double>(cpu_until_ - counts_from_).count();
        if (wall > 0) r.cpu_share = std::chrono::duration<double>(r.cpu_user + r.cpu_system).count() / wall;
    }

    /// The run's end: its last answer, or later where it was meant to last longer.
    [[nodiscard]] clock::time_point until() const {
        const clock::time_point last = std::max(last_, counts_from_);
        if (interrupted_at_) return std::max(counts_from_, *interrupted_at_);
        if (begun_ < plan_.count) return std::max(last, end_);
        if (schedule_) return std::max(last, begin_ + schedule_->begin_of(schedule_->due_before(plan_.warm_up) + begun_));
        return last;
    }

    /// How many were due before the end and had not begun.
    [[nodiscard]] std::uint64_t overdue() const {
        if (!schedule_ || begun_ == plan_.count) return 0;
        const clock::time_point over = interrupted_at_ ? std::min(*interrupted_at_, end_) : end_;
        const std::uint64_t before = schedule_->due_before(plan_.warm_up);
        const std::uint64_t due = std::min(std::max(schedule_->due_before(over - begin_), before) - before, plan_.count);
        return due - std::min(due, begun_);
    }

    const load_plan& plan_;
    const std::function<bool(const load_progress&)>& go_on_;
    asio::io_context context_{1};
    agent agent_;
    std::optional<load_schedule> schedule_;
    // Not on the stack: its histograms are large.
    std::unique_ptr<load_result> result_ = std::make_unique<load_result>();
    std::size_t body_size_ = 0;

    clock::time_point begin_;
    clock::time_point counts_from_;
    clock::time_point end_ = clock::time_point::max();
    clock::time_point last_;  // answer or failure
    std::optional<clock::time_point> interrupted_at_;

    std::size_t next_ = 0;     // of plan_.requests
    std::uint64_t taken_ = 0;  // turns
    std::uint64_t begun_ = 0;  // turns that count
    std::size_t in_flight_ = 0;
    std::size_t working_ = 0;
    bool counting_ = false;  // now
    bool counted_ = false;   // ever
    bool stopping_ = false;

    counters count_before_{};
    counters seen_{};
    cpu_time cpu_before_{};
    std::optional<cpu_time> cpu_after_;
    clock::time_point cpu_until_;

    std::vector<std::unique_ptr<asio::steady_timer>> pauses_;  // the workers'
    std::vector<std::unique_ptr<asio::steady_timer>> timers_;
    asio::steady_timer looking_{context_};
};

}  // namespace

load_result run_load(const load_plan& plan, const std::function<bool(const load_progress&)>& go_on) {
    raise_descriptor_limit();
    return load(plan, go_on).run();
}

}  // namespace hearth::cli
