// One call: a request, what became of it, and its response as far as it has come.
#pragma once

#include "agent/origins.hpp"
#include "agent/outgoing.hpp"
#include "agent/sinks.hpp"
#include "http1/request_writer.hpp"
#include "http1/response_reader.hpp"
#include "net/timers.hpp"
#include "net/transport.hpp"
#include "policy/replay.hpp"
#include "policy/retry.hpp"
#include "pool/types.hpp"

#include <hearth/detail/completion.hpp>
#include <hearth/request.hpp>
#include <hearth/response.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace hearth::detail {

class agent_core;
class connection;

/// Where a call stands.
enum class stage : std::uint8_t {
    fresh,       ///< not submitted yet
    pending,     ///< the pool has it: it waits for a connection
    exchanging,  ///< on a connection, no response head yet
    streaming,   ///< its head was delivered, its body is under way
    retrying,    ///< waiting to be tried again
    over,        ///< it has no connection and gets none; a body may still be in memory
};

/// Shared by the agent (while it is under way) and the response that the caller holds. Used on the agent's executor only;
/// `core` and the response's head apart, which do not change once the head is delivered.
class call : public std::enable_shared_from_this<call> {
public:
    using nanoseconds = std::chrono::nanoseconds;

    call(std::shared_ptr<agent_core> c, hearth::request&& r);
    ~call();

    // The caller's side, on the executor.
    /// Reads the body into `sink`, or as much of it as that wants.
    void read(std::unique_ptr<body_sink> sink);
    /// The response was destroyed.
    void abandon();
    /// Takes the connection after a 101. Null when there is none to take.
    [[nodiscard]] std::unique_ptr<net::transport> take_upgraded() noexcept { return std::move(upgraded); }

    /// The whole body, if it is in memory, not longer than that, and unread. REQUIRES: stage over. Any thread, then.
    [[nodiscard]] std::optional<std::string> take_whole(std::uint64_t size_max);

    // The connection's side.
    /// A piece of the body has come.
    void on_body(std::string_view piece);
    /// The body has come to its end.
    void on_body_end();
    /// How many bytes may be read now without anyone having asked for them.
    [[nodiscard]] std::size_t room() const noexcept;
    /// Whether the caller waits for body bytes, so that body_timeout runs.
    [[nodiscard]] bool is_awaited() const noexcept { return sink_ != nullptr; }
    /// More came than an abandoned response is worth.
    [[nodiscard]] bool is_drained_out() const noexcept { return draining && drain_left_ == 0; }

    /// Ends it: the head's handler, or the body's, or the next reader's, hears of it.
    void fail(failure_ptr f);
    /// The head has arrived: its handler is called soon.
    void deliver_head(failure_ptr f = nullptr);

    [[nodiscard]] const http1::response_message& message() const noexcept { return message_; }
    [[nodiscard]] http1::response_reader& reader() noexcept { return reader_; }
    [[nodiscard]] const http1::response_reader& reader() const noexcept { return reader_; }
    /// A response is to be read, for this attempt.
    void start_reading(const http1::read_limits& limits);

    // What the caller gave, and what was made of it.
    std::shared_ptr<agent_core> core;
    hearth::request request;
    std::shared_ptr<hearth::detail::origin> origin;
    std::string_view target;  // path and query: a view into request.url, or into own_target
    std::string own_target;
    http1::head_plan plan;
    body_plan body;
    outgoing out;
    nanoseconds deadline = pool::never;
    bool repeatable = false;

    // Where it stands.
    std::uint64_t number = 0;  // for the hooks: stays the same through retries
    pool::request_id id = pool::request_id::none;
    std::atomic<hearth::detail::stage> stage = stage::fresh;  // atomic for response's destructor, which may run anywhere
    connection* conn = nullptr;                               // exchanging, streaming
    std::optional<net::timer> timer;                          // pending with a deadline, or retrying
    unsigned attempts = 0;
    unsigned replays = 0;
    unsigned retries = 0;
    bool holds_retry = false;  // one place of the retry budget
    bool draining = false;     // nobody will read the rest of the body
    failure_ptr last_failure;  // what is retried

    // What the response tells.
    hearth::response_timings timings;
    nanoseconds submitted{0};
    nanoseconds waiting_since{0};
    nanoseconds written_since{0};
    nanoseconds refused_since = pool::never;  // first met a server that was away, or waited for one
    std::uint64_t connection_number = 0;
    std::string remote;
    bool reused = false;
    nanoseconds idle_age{0};
    failure_ptr failed;
    std::unique_ptr<net::transport> upgraded;
    std::string upgraded_bytes;  // came along with the 101

    completion<response> done;
    bool answered = false;  // the head's handler was called, or is about to be

    static constexpr std::size_t read_ahead_max = 64 * 1024;
    static constexpr std::size_t drain_max = 64 * 1024;

private:
    void feed_sink();
    void finish_sink(failure_ptr f);
    [[nodiscard]] bool fail_sink();

    http1::response_message message_;
    http1::response_reader reader_;
    std::string buffer_;  // body bytes that nobody has read yet
    std::size_t buffer_at_ = 0;
    std::unique_ptr<body_sink> sink_;
    std::size_t drain_left_ = drain_max;
    bool body_ended_ = false;
    bool abandoned_ = false;   // nobody holds the response
    bool body_taken_ = false;  // a reader got its end: there is nothing to read any more
};

[[nodiscard]] std::shared_ptr<call> make_call(std::shared_ptr<agent_core> core, request&& r);

}  // namespace hearth::detail
