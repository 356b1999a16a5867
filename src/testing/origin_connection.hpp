// One connection of the origin: reads requests, answers them, ends as it is told.
#pragma once

#include "testing/origin_state.hpp"
#include "testing/origin_stream.hpp"
#include "testing/routes.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

namespace hearth::testing {

/// How a connection ends on the wire. `goodbye`: with TLS by close_notify and FIN, else by FIN.
enum class ending : std::uint8_t { goodbye, fin, rst };

/// Keeps itself alive until it is closed. Belongs to the origin's thread.
class origin_connection : public std::enable_shared_from_this<origin_connection> {
public:
    origin_connection(origin_state& state, origin_stream::socket_type socket);
    origin_connection(const origin_connection&) = delete;
    origin_connection& operator=(const origin_connection&) = delete;

    void start();
    /// Whether it waits for a request of which no byte has been read, and would read one.
    [[nodiscard]] bool idle() const noexcept { return idle_ && !silent_; }
    /// At once. Harmless when it is closed already.
    void close(ending how);
    /// The same while it is idle, with care. On TCP, what the client sends from now on is never acknowledged; false, and it
    /// goes on, when something has been acknowledged that is still to be read.
    bool close_idle(ending how);
    /// How idle connections end, when no fault says otherwise.
    [[nodiscard]] ending idle_ending() const noexcept;
    /// Now when idle after a response, else after the response to the request that is being read or answered, or to come: a
    /// client could not tell the end of a connection that it has just opened from a failure.
    void finish();

private:
    using parser = boost::beast::http::request_parser<boost::beast::http::string_body>;

    boost::asio::awaitable<void> run();
    boost::asio::awaitable<bool> handshake();
    /// Waits until a request has begun.
    boost::asio::awaitable<bool> await_request();
    /// Reads a request and answers it; false when that was the last.
    boost::asio::awaitable<bool> serve_one();
    boost::asio::awaitable<bool> read_head(parser& into);
    boost::asio::awaitable<bool> read_body(parser& into, bool refuses);
    void execute(const request& r);
    /// Closes after its last response without a word, unless another request has come.
    bool closes_silently();
    [[nodiscard]] bool is_last() const noexcept { return plan_.count > 0 && answered_ + 1 >= plan_.count; }

    // What goes out (origin_answer.cpp). False when the connection is of no more use.
    boost::asio::awaitable<bool> respond(fault f, const request& r, const reply& a);
    boost::asio::awaitable<bool> answer(const reply& r, unsigned version, bool to_head_request);
    boost::asio::awaitable<bool> write(std::string_view bytes);
    boost::asio::awaitable<bool> write_slowly(std::string_view bytes);
    boost::asio::awaitable<bool> write_alphabet(const reply& r);
    boost::asio::awaitable<void> refuse(const boost::system::error_code& why);
    boost::asio::awaitable<void> pause(std::chrono::microseconds d);

    /// Closes the connection unless it moves on within `d`. 0: waits for ever.
    void expect_progress(std::chrono::milliseconds d);
    void give_up();

    // An idle connection's fault (origin_idle.cpp). `step` tells whether the connection has moved on meanwhile.
    void draw_idle_fault();
    boost::asio::awaitable<void> meet(fault f, std::uint64_t step);
    boost::asio::awaitable<bool> still_idle_at(std::chrono::steady_clock::time_point at, std::uint64_t step);
    boost::asio::awaitable<void> act(fault_kind kind);
    boost::asio::awaitable<void> send_unasked(std::string_view bytes);
    boost::asio::awaitable<void> send_ticket();
    /// From now on what the client sends is lost, where the transport can lose; false when something is still to be read.
    bool hold_off();
    void go_deaf();
    void hear_again();
    /// Whether something was lost since it went deaf.
    [[nodiscard]] bool has_missed_something();

    void tell(origin_event e) const;
    void tell(origin_event_kind kind, const request& r, fault_kind what = fault_kind::none) const;
    [[nodiscard]] fault_tally& tally(fault_kind kind) { return state_.report.faults[kind]; }
    [[nodiscard]] int fd() { return stream_.socket().native_handle(); }

    origin_state& state_;
    origin_stream stream_;
    const std::uint64_t number_;
    const std::string peer_;
    const fault plan_;  // of the whole connection
    boost::asio::steady_timer limit_;
    boost::asio::steady_timer pause_;
    boost::beast::flat_buffer buffer_;
    // Tells an expiry that was overtaken by progress from one that counts.
    std::uint64_t step_ = 0;
    std::uint64_t begun_ = 0;     // requests
    std::uint64_t answered_ = 0;  // requests

    // How the response that is being written goes wrong.
    std::uint64_t budget_ = no_budget;  // bytes that may still be written
    std::chrono::milliseconds per_byte_{0};

    std::uint64_t dropped_before_ = 0;
    bool deaf_ = false;
    bool silent_ = false;
    bool half_closed_ = false;
    bool junk_sent_ = false;
    bool idle_ = false;
    bool finishing_ = false;
    bool closed_ = false;

    static constexpr auto no_budget = static_cast<std::uint64_t>(-1);
};

}  // namespace hearth::testing
