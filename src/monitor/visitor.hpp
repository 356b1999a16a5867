// One connection to a monitor.
#pragma once

#include "monitor/address.hpp"
#include "monitor/answer.hpp"
#include "monitor/hub.hpp"
#include "monitor/metrics.hpp"

#include <hearth/monitor.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/beast/core/flat_static_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>

#include <chrono>
#include <memory>
#include <string_view>
#include <unordered_set>

namespace hearth::detail {

class visitor;

/// What all connections of a monitor share. On its thread.
struct visitors {
    const monitor_options& options;
    const listen_address& address;
    hub& pool;
    metric_series series;
    std::unordered_set<visitor*> all{};
    bool closing = false;

    /// Ends those whose time is up.
    void sweep();
    /// Ends the one that has waited longest for a request. False when all are being served.
    [[nodiscard]] bool make_room();
    void close();
};

/// Reads requests and answers them, one after the other. Lives while its coroutine runs.
class visitor : public std::enable_shared_from_this<visitor> {
public:
    using clock = std::chrono::steady_clock;
    using socket_type = boost::asio::generic::stream_protocol::socket;

    visitor(visitors& others, socket_type socket);
    ~visitor();
    visitor(const visitor&) = delete;
    visitor& operator=(const visitor&) = delete;

    void start();
    void close() noexcept;
    [[nodiscard]] clock::time_point deadline() const noexcept { return deadline_; }
    /// Since when it waits for a request; the far future while one is answered.
    [[nodiscard]] clock::time_point waiting_since() const noexcept { return waiting_since_; }

private:
    using parser = boost::beast::http::request_parser<boost::beast::http::empty_body>;
    using request = boost::beast::http::request<boost::beast::http::empty_body>;

    [[nodiscard]] boost::asio::awaitable<void> run();
    [[nodiscard]] boost::asio::awaitable<bool> serve_one(bool first);
    [[nodiscard]] boost::asio::awaitable<bool> await_bytes(bool first);
    [[nodiscard]] boost::asio::awaitable<answer> answer_to(const request& r);
    [[nodiscard]] answer refuse(const request& r) const;
    [[nodiscard]] boost::asio::awaitable<bool> write(std::string_view head, std::string_view body);
    [[nodiscard]] boost::asio::awaitable<void> show_frames();
    void end_with_peer();
    void allow(clock::duration d) noexcept { deadline_ = clock::now() + d; }

    visitors& others_;
    socket_type socket_;
    boost::beast::flat_static_buffer<8 * 1024> buffer_{};
    clock::time_point deadline_{};
    clock::time_point waiting_since_{};
    bool watching_ = false;  // frames, as they come
};

}  // namespace hearth::detail
