// One connection: dialled, idle, or carrying an exchange.
#pragma once

#include "agent/call.hpp"
#include "http1/keep_alive_hint.hpp"
#include "net/dialer.hpp"
#include "net/reactor.hpp"
#include "net/reset_guard.hpp"
#include "net/slab.hpp"
#include "net/timers.hpp"
#include "net/transport.hpp"
#include "policy/evidence.hpp"
#include "policy/keep.hpp"
#include "pool/types.hpp"

#include <hearth/error.hpp>
#include <hearth/stats.hpp>

#include <boost/intrusive/list_hook.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace hearth::detail {

class agent_core;

/// How an exchange failed, as its connection saw it.
struct exchange_failure {
    errc code{};
    error_code cause{};
    hearth::phase phase = phase::headers;
    hearth::evidence evidence = evidence::none;
    std::string detail{};
};

/// Unlinks itself when destroyed.
using silence_hook = boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;

/// Made when the pool says open, destroyed when it says close. Tells the core how dials and exchanges end; never destroys
/// itself.
class connection final : public net::watcher, public silence_hook, public net::slab_allocated<connection> {
public:
    using nanoseconds = std::chrono::nanoseconds;

    /// `number` is what users know it by.
    connection(agent_core& core, pool::conn_id id, std::uint64_t number, std::shared_ptr<hearth::detail::origin> o);
    ~connection();
    connection(const connection&) = delete;
    connection& operator=(const connection&) = delete;

    /// For `who`, whose connect_timeout counts; null for nobody in particular.
    void dial(const hearth::detail::origin& o, const call* who);
    /// What becomes of it when it was granted and is not needed.
    [[nodiscard]] pool::verdict unused() const;

    /// Looks at the connection before a request is written to it. False: stale.
    [[nodiscard]] bool is_fit(bool reused);
    /// Begins an exchange. It may end before this returns.
    void start(call& c);
    /// The caller has made room, or wants more.
    void go_on_reading();
    /// Ends the exchange from this side: the connection is reset, the pool told `reason`. The call is no longer on it.
    void give_up(close_reason reason);
    /// Lets go of the call, whose exchange has failed. `abort`: discards what the kernel still holds of the request.
    void detach(bool abort);
    /// Ends the exchange although nobody has read its response.
    void finish_unread();
    /// Reads what has come without an event to say so.
    void poke();
    /// The rest of the body is not wanted: it is read if that is quick, for the connection's sake.
    void drain();

    /// A look while it idles: tells the pool if it is stale.
    void look_now();
    /// The exchange's request, sent a while ago: no longer to be watched for silence when this says false.
    [[nodiscard]] bool watch_silence();
    /// A connection that may take its place has been opened. True when its request, still silent, is to go there.
    [[nodiscard]] bool relieve();
    [[nodiscard]] bool wants_relief() const noexcept { return relief_asked_ != pool::never; }

    [[nodiscard]] pool::conn_id id() const noexcept { return id_; }
    [[nodiscard]] std::uint64_t number() const noexcept { return number_; }
    [[nodiscard]] const hearth::detail::origin& origin() const noexcept { return *origin_; }
    [[nodiscard]] const std::shared_ptr<hearth::detail::origin>& shared_origin() const noexcept { return origin_; }
    /// The call on it; null while it idles.
    [[nodiscard]] call* active() const noexcept { return call_; }
    [[nodiscard]] const net::dial_result& dialled() const noexcept { return dialled_; }
    /// Exchanges begun on it.
    [[nodiscard]] std::uint64_t exchanges() const noexcept { return exchanges_; }
    /// When it was last in use, on the boot clock.
    [[nodiscard]] nanoseconds last_use() const noexcept { return last_use_; }
    /// Whether the peer's last segment, its FIN say, came a while ago.
    [[nodiscard]] bool was_closed_unnoticed() const;
    /// Whether its dial succeeded.
    [[nodiscard]] bool was_open() const noexcept { return was_open_; }

private:
    // net::watcher
    void on_ready(net::readiness what) override;

    void on_dialled(net::dial_result result);
    void on_idle_ready(net::readiness what);
    void on_due();
    void set_user_timeout(std::chrono::milliseconds patience);

    // Writing (connection_write.cpp).
    void write_on();
    void on_written();
    void write_failed(const error_code& why);
    void release_body();

    // Reading (connection.cpp).
    void read_on();
    [[nodiscard]] std::size_t room_for(const call& who) const;
    [[nodiscard]] bool feed(std::string_view in);
    [[nodiscard]] bool on_head();
    void on_response_end(std::string_view rest);
    void on_switched(std::string_view rest);
    void on_end(bool clean);
    void on_read_error(const error_code& why);
    void finish_exchange();
    void release(const pool::verdict& v);
    void fail_exchange(exchange_failure f);
    void heed(const http1::keep_alive_hint& hint);
    void accept_head();
    void abort() noexcept;
    call& let_go();
    [[nodiscard]] pool::verdict judge() const;
    [[nodiscard]] phase phase_now() const;

    // What the kernel knows (connection_proof.cpp).
    [[nodiscard]] policy::byte_facts facts(policy::ending how) const;
    [[nodiscard]] hearth::evidence gather_evidence(policy::ending how = policy::ending::ours) const;
    [[nodiscard]] policy::ending how_it_ended() const;
    [[nodiscard]] bool is_unsolicited() const;
    [[nodiscard]] bool may_be_unsolicited() const;
    void seek_proof(exchange_failure f, std::optional<policy::ending> ended);
    void go_on_proving();
    void read_to_the_end();
    void prove_later();
    void fail_silent();
    void guard_against_aborts();
    void take_guard_down();

    // Deadlines.
    void update_timer();
    void fail_timed_out(errc code, phase where);

    agent_core& core_;
    pool::conn_id id_;
    std::uint64_t number_;
    std::shared_ptr<hearth::detail::origin> origin_;
    std::unique_ptr<net::dialer> dialer_;
    net::dial_result dialled_;
    std::unique_ptr<net::transport> transport_;
    net::timer timer_;
    policy::keep_hints hints_;
    bool was_open_ = false;
    std::uint64_t exchanges_ = 0;
    nanoseconds last_use_{0};  // boot clock

    // The exchange at hand.
    call* call_ = nullptr;
    std::uint64_t accepted_before_ = 0;  // bytes the kernel had taken before this request
    nanoseconds headers_due_ = pool::never;
    nanoseconds body_due_ = pool::never;
    nanoseconds quiet_due_ = pool::never;
    nanoseconds expect_due_ = pool::never;
    nanoseconds linger_due_ = pool::never;
    nanoseconds guard_due_ = pool::never;
    bool reading_ = false;   // read_on() is on the stack
    bool may_read_ = false;  // readiness was announced and not used up
    bool hung_up_ = false;   // the peer's FIN was announced
    bool extra_bytes_ = false;
    bool status_retry_ = false;    // the head says to try again: held back until the response has ended
    bool response_ended_ = false;  // the response is complete, the request is not
    std::optional<error_code> write_error_;
    std::chrono::milliseconds user_timeout_{0};  // TCP_USER_TIMEOUT as it is set
    unsigned writes_ = 0;                        // that the kernel took something from, of this exchange
    std::optional<net::reset_guard> guard_;
    nanoseconds relief_asked_ = pool::never;  // when a connection was dialled to take this silent one's place
    bool probed_ = false;                     // TCP keep-alive probes come sooner than the options say

    // What is left to find out about an exchange that has failed.
    struct proof {
        exchange_failure failure;
        std::optional<policy::ending> ended;  // how the connection did, if it has
        bool ended_before_ack = false;
        nanoseconds look_due;
        nanoseconds interval;
        nanoseconds give_up_due;
        std::size_t discarded = 0;
    };
    std::unique_ptr<proof> proof_;
};

}  // namespace hearth::detail
