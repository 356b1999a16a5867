// An embedded origin that misbehaves on request, for Hearth's tests and its users' own.
#pragma once

#include <hearth/testing/fault.hpp>
#include <hearth/testing/origin_event.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hearth::testing {

/// What the origin does, and how it misbehaves.
struct faulty_origin_options {
    /// Address to listen on (v4 or v6), port 0 for a free one.
    std::string address = "127.0.0.1";
    std::uint16_t port = 0;
    /// Listen on this unix socket instead. The file is replaced if there is one, and removed at the end.
    std::string socket_path{};
    /// Speak TLS, with a certificate made for the occasion unless there is one below. It signs itself and is for localhost,
    /// 127.0.0.1, ::1 and `address`, for a day; faulty_origin::certificate() gives it.
    bool tls = false;
    /// Speak TLS with this certificate chain and key (PEM text). Both or neither.
    std::string certificate{};
    std::string key{};

    /// Connections idle for so long after a response are closed. 0: never. One that has carried no request yet has
    /// `patience`, as with most servers.
    std::chrono::milliseconds idle_timeout{5'000};
    /// Tell the idle timeout in a Keep-Alive header, in whole seconds, rounded down as Node's server does.
    /// With a fault close_after or close_after_silently, it tells too how many responses are to come.
    bool hint = false;
    /// Tell this instead, a wrong hint, whatever `hint` says. 0 to 1'000'000 s.
    std::optional<std::chrono::seconds> told_timeout{};
    /// Close idle connections by RST instead of FIN.
    bool reset_on_idle = false;
    /// All connections are closed, abruptly by a bare FIN, and the listener restarted this often. 0: never.
    std::chrono::milliseconds restart_every{0};
    /// How long the listener stays away at a restart. 0: it stays, as when a server hands its listener to its successor.
    std::chrono::milliseconds restart_downtime{0};
    /// At a restart, connections that carry a request, or have not carried one yet, answer it first, with "Connection:
    /// close".
    bool restart_drains = false;

    /// What goes wrong, drawn by weight. One alone happens whenever its moment comes. At most 1'000.
    std::vector<fault> faults{};
    /// Draws them: the n-th connection meets the same faults whenever the seed is the same.
    std::uint64_t seed = 1;
    /// How long before a fault in flight what the client sends is lost: a round trip of the path that the fault is to look
    /// like. Such a fault leaves a client that sent a request meanwhile with a FIN, say, and nothing of its request
    /// acknowledged; the kernel sends it again after about 205 ms and that draws the RST, which on the real path comes a
    /// round trip after the write. 1 ms to 10 s, and shorter than the idle time after which the fault happens.
    std::chrono::milliseconds in_flight{20};

    /// Time to make a response.
    std::chrono::microseconds work{0};
    /// The response's body for the path "/".
    std::string body = "hello from the origin\n";
    /// Fields added to every response, as they are.
    std::vector<std::pair<std::string, std::string>> fields{};

    /// A peer that neither sends what it began nor takes what it asked for, for so long, is closed.
    std::chrono::milliseconds patience{30'000};
    /// Connections at a time; one more is closed at once.
    std::size_t max_connections = 10'000;

    /// Called as things happen, on the origin's thread. It must not throw, block, or call the origin.
    std::function<void(const origin_event&)> on_event{};
};

/// What the origin saw and did.
struct faulty_origin_report {
    std::uint64_t connections = 0;  ///< accepted
    std::uint64_t executed = 0;     ///< requests executed, answered or not
    std::uint64_t requests = 0;     ///< answered whole, if wrongly
    std::uint64_t malformed = 0;    ///< answered with 4xx because they were not HTTP, or too large
    std::uint64_t idle_closes = 0;  ///< connections closed because they were idle
    std::uint64_t restarts = 0;
    /// Executions of an x-request-id that had been executed before, of requests that must not be: neither their method (GET,
    /// HEAD, OPTIONS, TRACE, PUT, DELETE) nor an Idempotency-Key allows it.
    std::uint64_t executed_twice = 0;
    std::uint64_t repeated = 0;  ///< the same of all other requests
    /// Faults in flight that a request ran into: it was sent in the time before, and lost. At most one a fault is counted; a
    /// request that crosses with the close itself, within microseconds, is not seen and not counted.
    std::uint64_t caught_in_flight = 0;
    std::map<fault_kind, fault_tally> faults{};  ///< those that happened
};

/// An HTTP/1.1 origin. What it answers depends on the path:
///
///     /             the configured body
///     /status/NNN   that status, 200 to 999
///     /bytes/N      N bytes, with Content-Length
///     /chunked/N    N bytes, chunked
///     /slow/MS      after so many milliseconds
///     /echo         the request's body
///     /headers      the request's head, as text
///     /close        and closes, announced by "Connection: close"
///
/// The bytes of /bytes and /chunked are the alphabet, over and over. Anything else gets a 404; what is not HTTP gets a 400;
/// a head over 16 KiB gets a 431, a body over 16 MiB a 413.
///
/// A request counts as executed when it has been read whole (or answered early), before its response is made: x-request-id
/// tells them apart (the first 1'000'000 ids are remembered, their first 128 bytes).
///
/// On TCP, an idle connection is closed in such a way that what its client sends at that moment is either read or never
/// acknowledged.
///
/// Runs on a thread of its own from construction to destruction. All functions may be called from any thread.
class faulty_origin {
public:
    /// Listens when it returns. Throws std::system_error when it cannot, hearth::error (errc::invalid_option) when an option
    /// is out of its range or does not go with another.
    explicit faulty_origin(faulty_origin_options options = {});
    ~faulty_origin();
    faulty_origin(const faulty_origin&) = delete;
    faulty_origin& operator=(const faulty_origin&) = delete;

    /// 0 on a unix socket.
    [[nodiscard]] std::uint16_t port() const noexcept;
    /// "http://127.0.0.1:PORT", https with TLS; "http://localhost" on a unix socket.
    [[nodiscard]] std::string url() const;
    /// Its certificate chain as PEM text, for clients to trust; empty without TLS.
    [[nodiscard]] const std::string& certificate() const noexcept;
    [[nodiscard]] faulty_origin_report report() const;
    /// How often requests with this x-request-id were executed.
    [[nodiscard]] std::uint64_t executed(std::string_view id) const;
    /// Connections open now.
    [[nodiscard]] std::size_t open_connections() const;
    /// Closes every connection, stops listening for `downtime`, and listens again on the same port. Returns when everything
    /// is closed. A restart that is still away is prolonged.
    void restart(std::chrono::milliseconds downtime);
    /// Closes every idle connection now, by FIN or RST as configured. Returns how many, when the kernel has been told.
    std::size_t close_idle();

private:
    struct impl;
    std::unique_ptr<impl> impl_;
};

}  // namespace hearth::testing
