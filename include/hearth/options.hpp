// Everything that can be set, with unit, default and range. Validated once, when an agent or client is made.
#pragma once

#include <hearth/events.hpp>
#include <hearth/headers.hpp>
#include <hearth/log.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace hearth {

/// Which idle connection of an origin is used next.
enum class scheduling : std::uint8_t {
    lifo,  ///< the warmest, so that few connections are kept and these are fresh
    fifo,  ///< the coldest, so that load spreads over all
};

/// Trying again, by policy and with waits, what replay could not mend.
struct retry_options {
    /// Retries after the first try. 0 to 100; 0 turns retrying off. Default 2.
    unsigned max_retries = 2;
    /// The first wait is drawn from 0 to this; each further one from twice the range ("full jitter"). 1 ms to 1 h. Default
    /// 100 ms.
    std::chrono::milliseconds base_delay{100};
    /// No wait is longer, one asked for by Retry-After neither: such a response is then handed to the caller. base_delay to
    /// 1 h. Default 10 s.
    std::chrono::milliseconds max_delay{10'000};
    /// A server that this agent has reached before and that now refuses connections is taken to be restarting: its requests
    /// wait for it together, so long at most each, and one of them tries at growing intervals. 0 (they are retried one by
    /// one, as after other failures), or 1 ms to 24 h. Default 5 s. Does nothing where max_retries is 0. One that has
    /// answered before and now breaks more connections at once than the budget lets retry is waited for in the same way,
    /// each time counting as a retry.
    std::chrono::milliseconds max_downtime{5'000};
    /// Also retry idempotent requests answered with 429, 502, 503 or 504, after the answer's Retry-After. Default off.
    bool on_status = false;
    /// At most max(min_budget, budget_percent of the exchanges in flight) retries wait or run at a time, so that retries
    /// never become the outage. 0 to 100 and 0 to 1000. Default 20 and 3.
    unsigned budget_percent = 20;
    unsigned min_budget = 3;
};

/// Sending again at once what provably, or by its method safely, did not happen.
struct replay_options {
    /// Default on.
    bool enabled = true;
    /// Replays of one request. 0 to 10. A replay goes to a fresh connection, so one is nearly always enough. Default 2.
    unsigned max_replays = 2;
    /// Also replay what a half-closed server acknowledged and did not answer, whatever the method. Default off: some servers
    /// execute such requests.
    bool half_closed = false;
};

/// TLS identity and verification. Connections with different tls_options are never shared.
struct tls_options {
    /// Refuse certificates that are expired, for another host or not signed by a known authority. Default on.
    bool reject_unauthorized = true;
    /// Authorities to trust instead of the system's: PEM text. Default empty.
    std::string ca{};
    /// The same, as a file's path.
    std::string ca_file{};
    /// The client's own certificate chain and key: PEM text, or paths. Both or neither.
    std::string cert{};
    std::string cert_file{};
    std::string key{};
    std::string key_file{};
    /// Name to ask for (SNI) and to verify instead of the URL's host. Default empty.
    std::string servername{};
    /// Protocols to offer by ALPN; each of 1 to 255 bytes. Default http/1.1.
    std::vector<std::string> alpn = std::vector<std::string>(1, "http/1.1");
    /// Sessions remembered for resumption, over all origins. 0 to 100'000; 0 turns resumption off. At most a quarter
    /// of them, and 256, are of one origin (a session takes 1 to 6 KiB). Default 1024.
    std::size_t session_cache = 1024;
};

/// Name lookup.
struct dns_options {
    /// How long an answer is used. 0 s to 1 h. Default 30 s.
    std::chrono::milliseconds cache_ttl{30'000};
    /// Names remembered. 0 to 100'000. Default 1'000.
    std::size_t cache_size = 1'000;
    /// Head start of each address over the next (Happy Eyeballs, RFC 8305, 5). 10 ms to 2 s. Default 250 ms.
    std::chrono::milliseconds attempt_delay{250};
};

/// Everything about an agent. Names follow Node's http.Agent and undici, whose users know them.
struct agent_options {
    /// Keep connections for further requests. Default on.
    bool keep_alive = true;
    /// Delay before the first TCP keep-alive probe on a quiet connection; then every 5 s, 3 times. This is a probe, not an
    /// idle timeout: see keep_alive_timeout for that. 1 s to 2 h, 0 for no probes. Default 30 s.
    std::chrono::milliseconds keep_alive_msecs{30'000};
    /// Connections to one origin, dials in progress included. 1 to 1'000'000. Default 50.
    std::size_t max_sockets = 50;
    /// Connections being opened to one origin at a time; further ones wait for these. Each handshake takes memory, processor
    /// time, and a place in the server's backlog, so that ten thousand begun at once end later than if they take turns. What
    /// replaces a stale connection does not wait, nor what warm() and min_free_sockets ask for. 1 to 1'000'000. Default 256.
    std::size_t max_connecting = 256;
    /// Idle connections kept for one origin. 0 to 1'000'000. Default: max_sockets.
    std::optional<std::size_t> max_free_sockets{};
    /// Connections of the agent, over all origins. 1 to 1'000'000. Default 10'000.
    std::size_t max_total_sockets = 10'000;
    /// Requests that may wait for a connection; one more fails at once. 0 to 10'000'000. Default 10'000.
    std::size_t max_pending = 10'000;
    /// Idle connections kept warm for an origin in use. 0 to max_free_sockets. Default 0.
    std::size_t min_free_sockets = 0;
    /// Which idle connection is used next. Default lifo.
    hearth::scheduling scheduling = hearth::scheduling::lifo;

    /// Each timeout: 1 ms to 24 h, 0 for none.
    /// A socket in use on which nothing moves for so long fails. Default none.
    std::chrono::milliseconds timeout{0};
    /// Lookup, TCP and TLS together. Default 10 s.
    std::chrono::milliseconds connect_timeout{10'000};
    /// From the request's last byte to the response head's last. Default 300 s.
    std::chrono::milliseconds headers_timeout{300'000};
    /// Between two pieces of a body that the caller waits for. Default 300 s.
    std::chrono::milliseconds body_timeout{300'000};
    /// Waiting for a connection. Default none.
    std::chrono::milliseconds pending_timeout{0};
    /// A request of which the peer acknowledged nothing for so long fails. Default 20 s.
    std::chrono::milliseconds unacknowledged_timeout{20'000};
    /// How long "Expect: 100-continue" waits before it sends the body unasked (RFC 9110, 10.1.1). Default 1 s.
    std::chrono::milliseconds expect_timeout{1'000};
    /// The whole call. Default none.
    std::chrono::milliseconds deadline{0};

    /// Idle connections are closed after so long, unless the server gave a hint. 1 ms to 24 h. Default 55 s, under the 60 s
    /// of common load balancers.
    std::chrono::milliseconds keep_alive_timeout{55'000};
    /// Upper bound on a server's hint. 1 ms to 24 h. Default 600 s.
    std::chrono::milliseconds keep_alive_max_timeout{600'000};
    /// A connection retires so long before the server's hint. 0 to 60 s. Default 1 s.
    std::chrono::milliseconds keep_alive_timeout_threshold{1'000};
    /// How long after its last use a connection may carry a request that cannot be replayed, when nothing better is known.
    /// 0 to 24 h. Default 4 s: most servers' shortest default is 5 s.
    std::chrono::milliseconds safe_age{4'000};
    /// Connections close at the first release after this age, less up to a tenth at random. 1 ms to 30 days, 0 for none.
    /// Default none.
    std::chrono::milliseconds max_connection_age{0};
    /// Requests one connection carries. 0 for no limit. Default 0.
    std::uint64_t max_requests_per_connection = 0;
    /// Learn how long each server keeps idle connections. Default on.
    bool learn_idle_timeout = true;
    /// Look at an idle connection before a request is written to it. Default on.
    bool check_before_use = true;
    /// Notice at once when a server closes an idle connection. Default on; off only to show what happens then.
    bool watch_idle = true;

    retry_options retry{};
    replay_options replay{};
    tls_options tls{};
    dns_options dns{};
    /// Local address to connect from ("192.0.2.1", "::1"). Default empty: the system chooses.
    std::string local_address{};
    /// Connect to this unix socket instead of the URL's host and port. Default empty.
    std::string socket_path{};

    /// Bytes of a response head (status line, fields; and of trailers). 1 KiB to 16 MiB. Default 64 KiB.
    std::size_t max_header_size = 64 * 1024;
    /// Fields of a response head. 1 to 100'000. Default 256.
    std::size_t max_header_count = 256;
    /// Bytes of a response body; a longer one fails. 0 for no limit. Default 0.
    std::uint64_t max_response_size = 0;
    /// Bytes that text() and json() collect at most. 1 to 16 GiB. Default 256 MiB.
    std::uint64_t max_collected_size = 256ULL * 1024 * 1024;

    /// Sent with every request that does not have a field of the same name. Default: "User-Agent: hearth/VERSION".
    hearth::headers headers{};
    /// Called as things happen.
    event_hooks events{};
    /// A line for each thing that one would want to know of afterwards. Default off.
    log_options log{};
};

/// Options of a client: an agent's, and how its I/O threads share the origins.
struct client_options {
    agent_options agent{};
    /// 1 to 256. Default 1. max_total_sockets and max_pending are divided among them, rounded up.
    std::size_t threads = 1;
    /// Each origin is served by all threads, for one that needs more than one core: each has its share of max_sockets (which
    /// must be at least `threads`), max_connecting (one at least), max_free_sockets and min_free_sockets. Default off: an
    /// origin belongs to one thread, so that its requests meet the warmest connection there is, whoever sends them.
    bool spread_origins = false;
};

/// Throws hearth::error (errc::invalid_option) naming the first option out of range, its value and what is allowed.
void validate(const agent_options& options);
void validate(const client_options& options);

}  // namespace hearth
