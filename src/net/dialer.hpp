// From an origin to a connected transport: lookup, TCP or unix socket with failover, TLS.
#pragma once

#include "net/reactor.hpp"
#include "net/resolver.hpp"
#include "net/timers.hpp"
#include "net/tls.hpp"
#include "net/transport.hpp"

#include <hearth/error.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace hearth::net {

/// Where to connect to and how.
struct dial_target {
    std::string host;  ///< name or address
    std::uint16_t port = 0;
    std::string socket_path;           ///< connect here instead, when not empty
    std::string local_address;         ///< bind to this first, when not empty
    std::shared_ptr<tls_context> tls;  ///< null: plain
    std::string server_name;           ///< TLS: SNI and the name to verify
    std::string session_key;           ///< TLS: under which sessions are remembered; the origin's key
    std::chrono::milliseconds attempt_delay{250};
    std::chrono::milliseconds connect_timeout{10'000};   ///< 0: none
    std::chrono::milliseconds keep_alive_probe{30'000};  ///< 0: none
};

/// How it went. On success `transport` is there and registered nowhere.
struct dial_result {
    errc code{};                           ///< meaningful when `transport` is null
    error_code cause{};                    ///< the system's or OpenSSL's own
    hearth::phase phase = phase::connect;  ///< where it failed
    std::string detail;                    ///< in words, e.g. "tried 127.0.0.1:81 and [::1]:81"
    std::unique_ptr<hearth::net::transport> transport;
    std::string remote;                                      ///< "127.0.0.1:80" or the socket's path
    std::chrono::nanoseconds lookup{0}, connect{0}, tls{0};  ///< how long each took
    std::chrono::nanoseconds rtt{0};                         ///< of the TCP handshake, from TCP_INFO if it tells
};

/// One dial. Destroying it gives it up. `done` is called at most once, never from within the constructor, on the reactor's
/// executor, always within one of the reactor's batches or steps (so between its `before` and `after`) or from
/// timer_queue::run(); it may destroy the dialer.
class dialer {
public:
    dialer(reactor& r, timer_queue& timers, resolver& names, std::function<std::chrono::nanoseconds()> mono_now,
           dial_target target, std::function<void(dial_result)> done);
    ~dialer();
    dialer(const dialer&) = delete;
    dialer& operator=(const dialer&) = delete;

private:
    struct state;
    std::shared_ptr<state> state_;
};

}  // namespace hearth::net
