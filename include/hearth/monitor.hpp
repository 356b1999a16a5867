// The monitor: a small HTTP endpoint that shows pools, as a live page, Prometheus text, JSON and server-sent events.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace hearth {

class agent;
class client;

namespace detail {
class endpoint;
}  // namespace detail

struct monitor_options {
    /// "127.0.0.1:9464", "[::1]:9464", ":9464" (loopback), "127.0.0.1:0" (a free port), "unix:/run/service/hearth.sock".
    /// Anything but loopback and unix sockets must be allowed, or have a token. Default "127.0.0.1:9464".
    std::string address = "127.0.0.1:9464";
    /// Who asks must say `Authorization: Bearer TOKEN` (the page asks its user). 0, or 8 to 256 visible ASCII characters.
    /// Default none.
    std::string token{};
    /// Listen beyond loopback without a token. Default off.
    bool allow_public = false;
    /// How often viewers hear of changes; nothing is asked of the agents while nobody looks. 100 ms to 1 min. Default 1 s.
    std::chrono::milliseconds interval{1'000};
    /// Origins with metrics of their own: the first to come, the busiest where more come at once; the rest is summed under
    /// origin="other". 1 to 10'000. Default 100.
    std::size_t max_metric_origins = 100;
    /// Origins in the JSON and on the page, the busiest first; the rest is summed. 1 to 50'000. Default 2'000.
    std::size_t max_origins = 2'000;
    /// Viewers (of the page or `hearth top`) at a time. 1 to 1'000. Default 32.
    std::size_t max_viewers = 32;
    /// Connections at a time, viewers included; one more takes the place of the one that has waited longest for a request,
    /// or is turned away when all are being served. max_viewers to 10'000. Default 128.
    std::size_t max_connections = 128;
};

/// Throws hearth::error (errc::invalid_option) naming the first option out of range, its value and what is allowed.
void validate(const monitor_options& options);

/// Serves what agents and clients tell of themselves, on a thread of its own. Answers GET and HEAD only:
///     /             the live page
///     /metrics      Prometheus text
///     /stats.json   a snapshot (docs/monitor.md)
///     /events       the same as server-sent events, every interval
/// Watching costs an agent one snapshot an interval, and only while somebody looks. What it watches may go before it does,
/// and the other way round. Every member function may be called from any thread, but not from an agent's hooks.
class monitor {
public:
    /// Listens at once. Throws hearth::error: errc::invalid_option, or what the system said (errc::connect_failed).
    explicit monitor(monitor_options options = {});
    /// The same for one that is watched from the start: `hearth::monitor monitor(client);`
    explicit monitor(agent& a, monitor_options options = {});
    explicit monitor(client& c, monitor_options options = {});
    monitor(monitor&&) noexcept;
    monitor& operator=(monitor&&) noexcept;
    /// Stops listening, ends its connections, joins its thread. Waits for no agent.
    ~monitor();

    /// Shows it under this name, made distinct if it is not; "agent" or "client" if it is empty. An agent is added on its
    /// executor.
    void watch(agent& a, std::string_view name = {});
    void watch(client& c, std::string_view name = {});

    /// Where it listens: "http://127.0.0.1:9464/", or "unix:/path".
    [[nodiscard]] std::string url() const;

private:
    std::unique_ptr<detail::endpoint> endpoint_;
};

}  // namespace hearth
