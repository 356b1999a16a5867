// The agent's shell: feeds events to the pool, carries out its actions, decides what failures mean.
#pragma once

#include "agent/call.hpp"
#include "agent/connection.hpp"
#include "agent/event_log.hpp"
#include "agent/origins.hpp"
#include "agent/tables.hpp"
#include "agent/watch.hpp"
#include "agent/watch_door.hpp"
#include "net/reactor.hpp"
#include "net/resolver.hpp"
#include "net/system.hpp"
#include "net/timers.hpp"
#include "net/tls.hpp"
#include "policy/learn.hpp"
#include "policy/retry.hpp"
#include "pool/pool.hpp"

#include <hearth/agent.hpp>
#include <hearth/options.hpp>
#include <hearth/stats.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/intrusive/list.hpp>

#include <array>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <unordered_map>
#include <vector>

namespace hearth::detail {

/// A server that was there and now refuses connections, or breaks them: it is tried at intervals, once for all who wait for
/// it.
struct downtime {
    std::deque<std::weak_ptr<call>> waiting;  // some may be over
    exchange_failure refusal;                 // the latest
    std::chrono::nanoseconds interval;
    std::unique_ptr<net::timer> probe;
    bool by_loss = false;    // the latest sign of it was a broken connection: that one opens proves nothing
    bool is_trying = false;  // who was sent to try has not been heard of
};

/// Everything happens in steps: a batch of socket events, a timer, a call from outside. A step first changes the pool and
/// the calls; then settles: carries out the pool's actions, sets the alarm. Handlers and hooks run after that, never in the
/// middle. What a step lets go of, calls above all, lives until its end: within one, references do.
class agent_core : public std::enable_shared_from_this<agent_core> {
public:
    using nanoseconds = std::chrono::nanoseconds;

    agent_core(boost::asio::any_io_executor executor, agent_options options);
    ~agent_core();
    void start();

    // What users ask for.
    void submit(std::shared_ptr<call> mine, completion<response> done);
    std::size_t warm(std::string_view url, std::size_t n);
    void close_idle();
    void close(completion<> done);
    void destroy();
    [[nodiscard]] hearth::stats snapshot();
    // What others ask of it, from elsewhere.
    [[nodiscard]] watch_report report(const watch_query& q);
    /// REQUIRES: on the executor.
    [[nodiscard]] const std::shared_ptr<watch_door>& door();

    /// Between construction and destruction `now` stands still, actions wait for the outermost one's end.
    class step {
    public:
        explicit step(agent_core& core) : step(core, false) {}
        /// `timeless`: it does not matter how late it is; within another step the clocks are not read for it.
        step(agent_core& core, bool timeless) : core_(core) { core_.enter(timeless); }
        ~step() { core_.leave(); }
        step(const step&) = delete;
        step& operator=(const step&) = delete;

    private:
        agent_core& core_;
    };

    // What calls and connections tell.
    void dialled(connection& c);
    void dial_failed(connection& c);
    /// What a connection for `who` (null: for nobody in particular) is to be. Throws hearth::error for TLS options that do
    /// not work.
    [[nodiscard]] net::dial_target target_of(const hearth::detail::origin& o, const call* who);
    void peer_closed(connection& c, close_reason reason);
    void released(connection& c, const pool::verdict& v);
    /// The exchange of `c` ended before its response did. The call may go on elsewhere.
    void exchange_failed(connection& c, call& who, exchange_failure f);
    /// The head of `who` says to retry, and policy allows it: takes the call off its connection's hands.
    [[nodiscard]] bool wants_status_retry(call& who) const;
    [[nodiscard]] bool retry_status(call& who);
    void head_arrived(call& who);
    /// Fails `who`; it is on no connection and in no queue.
    void fail(call& who, exchange_failure f, std::string verdict = {});
    /// Whether it matters what becomes known of the bytes of `who`: sent again if they provably never arrived, else failed.
    [[nodiscard]] bool needs_proof(const call& who) const;
    [[nodiscard]] bool may_replay(const call& who, evidence what) const;
    /// Dials for a request that may be replayed soon. False when there is no room for another connection.
    [[nodiscard]] bool dial_ahead(hearth::detail::origin& o);
    /// The same, if nothing is being dialled: so that what one restart interrupts does not dial for each request.
    void dial_ahead_of_proof(hearth::detail::origin& o);
    /// `c` carries a request that may be replayed if its peer stays silent.
    void watch_silence(connection& c);
    /// The server has closed `c`, which idled.
    void learn_closed(const connection& c);
    /// How long connections to `o` may idle, by what was learnt; never for nothing learnt.
    [[nodiscard]] nanoseconds learnt_limit(hearth::detail::origin& o);
    /// The call needs nothing from the agent any more.
    void forget(call& who);
    void cancel(call& who);
    void fail_now(call& who, errc code);

    // Handlers to call once the step has settled.
    void ready(std::shared_ptr<call> answered, failure_ptr f);
    void ready(std::unique_ptr<body_sink> sink, failure_ptr f);
    /// Calls `c`'s poke() soon: it has more to read than is fair to read now.
    void read_later(pool::conn_id id);
    /// The same, once the handlers that are ready have been called.
    void read_after_handlers(pool::conn_id id);

    void tell_connection(enum connection_event::kind kind, const connection& c, close_reason reason = {},
                         nanoseconds idle = {});
    void tell_request(enum request_event::kind kind, const call& who, const std::function<void(request_event&)>& fill = {});

    [[nodiscard]] const agent_options& options() const noexcept { return options_; }
    [[nodiscard]] const boost::asio::any_io_executor& executor() const noexcept { return executor_; }
    /// When the step began.
    [[nodiscard]] pool::instant now() const noexcept { return now_; }
    /// The mono clock itself, for what takes less than a step.
    [[nodiscard]] static nanoseconds precise_now() noexcept;
    [[nodiscard]] net::reactor& reactor() noexcept { return reactor_; }
    [[nodiscard]] net::timer_queue& timers() noexcept { return timers_; }
    [[nodiscard]] net::resolver& names() noexcept { return resolver_; }
    [[nodiscard]] std::span<char> scratch() noexcept { return scratch_; }
    [[nodiscard]] std::string& head_scratch() noexcept { return head_scratch_; }
    [[nodiscard]] bool is_destroyed() const noexcept { return destroyed_; }
    [[nodiscard]] http1::head_spec head_of(const call& who) const;
    [[nodiscard]] failure_ptr make_failure(const call& who, exchange_failure f, std::string verdict) const;

private:
    class later;
    struct ready_call {
        std::shared_ptr<call> answered;   // either this
        std::unique_ptr<body_sink> sink;  // or this, with its failure
        failure_ptr failure;
        completion<> closed;  // or this
    };

    // Steps (core.cpp).
    void enter(bool timeless);
    void read_clocks() noexcept;
    void leave();
    void settle();
    void run_actions();
    void let_part();
    void set_alarm();
    void on_alarm();
    void flush();
    void hand_over(ready_call& r);
    void flush_soon();
    void drop_ready() noexcept;
    [[nodiscard]] bool has_ready() const noexcept { return !ready_.empty() || !events_.empty(); }

    // What is told (observe.cpp, told.cpp).
    void view_connections(const watch_query& q, watch_report& into);
    void count_avoided(hearth::detail::origin& o);
    template <class Fill>
    void note(enum log_event::kind kind, log_level level, const hearth::detail::origin* o, Fill fill);
    template <class Fill>
    void note(enum log_event::kind kind, log_level level, const call& who, Fill fill);
    void note_stale(const connection& c, close_reason reason);
    void note_replayed(const call& who, const connection& c, evidence what);
    void note_retrying(const call& who, const failure& why, nanoseconds delay);
    void note_failed(const call& who, const failure& why, bool stale);
    void note_down(hearth::detail::origin& o, const exchange_failure& why);
    void note_back(hearth::detail::origin& o);
    void note_learnt(hearth::detail::origin& o);
    void note_budget_spent(const call& who);

    // Actions (core.cpp).
    void on_open(const pool::action& a);
    void on_grant(const pool::action& a);
    void on_close(const pool::action& a);
    void on_fail(const pool::action& a);
    void forget_origins();

    // Requests (submit.cpp).
    [[nodiscard]] bool prepare(call& who);
    void find_origin(call& who);
    void listen_for_cancellation(call& who);
    static void stop_listening(call& who);
    void acquire(call& who);
    void watch_deadline(call& who);
    [[nodiscard]] pool::needs needs_of(const call& who, bool fresh);
    [[nodiscard]] policy::replay_facts facts_of(const call& who, bool reused, bool begun) const;
    std::shared_ptr<hearth::detail::origin> intern(const hearth::url& u);
    std::shared_ptr<hearth::detail::origin> intern_again(const hearth::detail::origin& forgotten);

    // Failures (failures.cpp).
    void retry_or_fail(call& who, exchange_failure f, std::string verdict, bool unprocessed, bool begun);
    void wait_to_retry(call& who, failure_ptr why, nanoseconds delay);
    [[nodiscard]] nanoseconds status_delay(const call& who, const retry_options& policy_options) const;
    void give_back_retry(call& who);
    void count_failed(call& who, const exchange_failure& f, bool stale);
    void check_closed();

    // What is stale, or silent (evidence.cpp).
    void look_at_idle(hearth::detail::origin& o);
    void on_silence_due();
    void relieve_one(const hearth::detail::origin& o);

    // When servers close what idles (learning.cpp).
    [[nodiscard]] policy::idle_lesson& lesson_of(hearth::detail::origin& o);
    [[nodiscard]] nanoseconds taught_limit(const hearth::detail::origin& o) const;
    void learn_from(const call& who, errc code, evidence what);
    void learn_outlived(hearth::detail::origin& o, nanoseconds age);
    void tell_learnt(const hearth::detail::origin& o, origin_stats& into) const;

    // A server that is away for a moment (downtime.cpp).
    [[nodiscard]] bool wait_for_return(call& who, const exchange_failure& f);
    [[nodiscard]] bool wait_after_loss(call& who, const exchange_failure& f, std::string& verdict);
    [[nodiscard]] downtime* join_downtime(call& who, const exchange_failure& f, bool by_loss);
    [[nodiscard]] bool hold(call& who);
    void hold_all(hearth::detail::origin& o);
    void await_return(downtime& d, call& who);
    void probe(hearth::detail::origin& o);
    void is_back(hearth::detail::origin& o);
    void opened_again(hearth::detail::origin& o);
    void answered_again(hearth::detail::origin& o);
    [[nodiscard]] std::size_t waiting_for(pool::origin_id id) const;
    void start_again(call& who);

    boost::asio::any_io_executor executor_;
    agent_options options_;
    std::optional<http1::fault> wrong_defaults_;
    std::string defaults_;  // fields, rendered
    net::reactor reactor_;
    net::timer_queue timers_;
    net::resolver resolver_;
    std::shared_ptr<net::tls_context> tls_;  // made when first needed
    net::alarm alarm_;
    nanoseconds alarm_at_ = pool::never;
    pool::machine pool_;
    policy::retry_budget budget_;
    std::minstd_rand random_;
    origin_table origins_;
    policy::idle_lessons lessons_;
    nanoseconds origins_checked_{0};

    connection_table connections_;
    call_table calls_;
    std::vector<std::shared_ptr<call>> parting_, parted_;  // out of calls_, kept until the step's end
    std::uint64_t last_number_ = 0;
    std::uint64_t last_connection_ = 0;
    boost::intrusive::list<connection, boost::intrusive::constant_time_size<false>> unanswered_;  // in the order of writing
    bool relief_wanted_ = false;                                                                  // by one of those, perhaps
    net::timer silence_{timers_, [this] { on_silence_due(); }};
    std::unordered_map<std::uint64_t, downtime> downtimes_;  // by origin id
    std::size_t retrying_ = 0;
    std::uint64_t passed_by_ = 0;                      // of the pool's, those that have been counted
    std::vector<std::unique_ptr<connection>> failed_;  // dials, until the consequences are carried out

    std::vector<pool::action> actions_;
    std::vector<ready_call> ready_;
    std::vector<ready_call> delivering_;
    std::deque<std::function<void()>> events_;
    event_log log_;
    std::shared_ptr<watch_door> door_;  // once somebody watches
    std::vector<pool::conn_id> read_later_;
    std::vector<pool::conn_id> read_after_handlers_;
    std::vector<completion<>> closers_;

    pool::instant now_;
    unsigned depth_ = 0;
    bool flush_posted_ = false;
    bool handing_over_ = false;  // a handler or hook runs: nothing is half done
    bool destroyed_ = false;
    bool closing_ = false;
    std::string head_scratch_;
    std::vector<char> scratch_;
};

}  // namespace hearth::detail
