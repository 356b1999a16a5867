// One connection: dialled, idle, or carrying an exchange.
#pragma once

#include "agent/call.hpp"
#include "net/dialer.hpp"
#include "net/reactor.hpp"
#include "net/timers.hpp"
#include "net/transport.hpp"
#include "policy/keep.hpp"
#include "pool/types.hpp"

#include <hearth/error.hpp>
#include <hearth/stats.hpp>

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

/// Made when the pool says open, destroyed when it says close. Tells the core how dials and exchanges end; never destroys
/// itself.
class connection final : public net::watcher {
public:
    using nanoseconds = std::chrono::nanoseconds;

    connection(agent_core& core, pool::conn_id id, std::shared_ptr<hearth::detail::origin> o);
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
    void start(std::shared_ptr<call> c);
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

    [[nodiscard]] pool::conn_id id() const noexcept { return id_; }
    [[nodiscard]] const hearth::detail::origin& origin() const noexcept { return *origin_; }
    [[nodiscard]] const std::shared_ptr<hearth::detail::origin>& shared_origin() const noexcept { return origin_; }
    [[nodiscard]] const std::shared_ptr<call>& active() const noexcept { return call_; }
    [[nodiscard]] const net::dial_result& dialled() const noexcept { return dialled_; }
    /// Whether its dial succeeded.
    [[nodiscard]] bool was_open() const noexcept { return was_open_; }

private:
    // net::watcher
    void on_ready(net::readiness what) override;

    void on_dialled(net::dial_result result);
    void on_idle_ready(net::readiness what);
    void on_due();

    // Writing (connection_write.cpp).
    void write_on();
    void on_written();
    void write_failed(const error_code& why);
    void release_body();

    // Reading (connection.cpp).
    void read_on();
    [[nodiscard]] bool feed(std::string_view in);
    [[nodiscard]] bool on_head();
    void on_response_end(std::string_view rest);
    void on_switched(std::string_view rest);
    void on_end(bool clean);
    void on_read_error(const error_code& why);
    void finish_exchange();
    void release(const pool::verdict& v);
    void fail_exchange(exchange_failure f);
    void accept_head();
    void abort() noexcept;
    std::shared_ptr<call> let_go();
    [[nodiscard]] pool::verdict judge() const;
    [[nodiscard]] hearth::evidence gather_evidence() const;

    // Deadlines.
    void update_timer();
    void fail_timed_out(errc code, phase where);

    agent_core& core_;
    pool::conn_id id_;
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
    std::shared_ptr<call> call_;
    std::uint64_t accepted_before_ = 0;  // bytes the kernel had taken before this request
    nanoseconds headers_due_ = pool::never;
    nanoseconds body_due_ = pool::never;
    nanoseconds quiet_due_ = pool::never;
    nanoseconds expect_due_ = pool::never;
    nanoseconds linger_due_ = pool::never;
    bool reading_ = false;   // read_on() is on the stack
    bool may_read_ = false;  // readiness was announced and not used up
    bool hung_up_ = false;   // the peer's FIN was announced
    bool extra_bytes_ = false;
    bool status_retry_ = false;    // the head says to try again: held back until the response has ended
    bool response_ended_ = false;  // the response is complete, the request is not
    std::optional<error_code> write_error_;
};

}  // namespace hearth::detail
