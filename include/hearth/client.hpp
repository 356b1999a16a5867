// The client: an agent for code without Asio.
#pragma once

#include <hearth/options.hpp>
#include <hearth/request.hpp>
#include <hearth/response.hpp>
#include <hearth/stats.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <future>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace hearth {

namespace detail {
class client_core;
class client_exchange;
struct access;
}  // namespace detail

/// A response whose head has arrived, read by blocking calls. As `response` otherwise. One thread at a time; any thread.
/// Every reading call throws hearth::error when the body fails.
class client_response {
public:
    client_response() noexcept = default;
    explicit client_response(std::shared_ptr<detail::client_exchange> e) noexcept;
    client_response(client_response&&) noexcept;
    client_response& operator=(client_response&&) noexcept;
    ~client_response();

    [[nodiscard]] int status() const noexcept;
    [[nodiscard]] bool ok() const noexcept { return status() >= 200 && status() < 300; }
    [[nodiscard]] std::string_view reason() const noexcept;
    [[nodiscard]] int version() const noexcept;
    [[nodiscard]] const hearth::headers& headers() const noexcept;
    /// After the body has been read.
    [[nodiscard]] const hearth::headers& trailers() const noexcept;
    [[nodiscard]] std::optional<std::uint64_t> content_length() const noexcept;
    [[nodiscard]] unsigned attempts() const noexcept;
    [[nodiscard]] bool reused() const noexcept;
    [[nodiscard]] std::uint64_t connection() const noexcept;
    [[nodiscard]] std::string_view remote() const noexcept;
    [[nodiscard]] response_timings timings() const noexcept;

    /// Some bytes of the body; 0 at its end.
    [[nodiscard]] std::size_t read_some(std::span<char> into);
    /// The whole body, at most max_collected_size bytes.
    [[nodiscard]] std::string text();
    /// Writes the body to a file; gives its size.
    std::uint64_t save(const std::filesystem::path& path);
    /// Reads the body to its end and forgets it; gives its size.
    std::uint64_t discard();

private:
    std::shared_ptr<detail::client_exchange> exchange_;
};

/// Owns its I/O threads, each with an agent of its own. An origin belongs to one of them (unless spread_origins is on), so
/// that its limits are exact and its warmest connection is the warmest there is. A thread that waits in a blocking call does
/// its agent's work meanwhile, so that no other need wake up for it: hooks in agent_options::events run there or on an I/O
/// thread, for each agent on one at a time. Every member function may be called from any thread at any time, but not from
/// those hooks (blocking ones throw std::logic_error there).
class client {
public:
    /// Throws hearth::error (errc::invalid_option) naming the option, its value and what is allowed.
    explicit client(const client_options& options = {});
    explicit client(agent_options options) : client(client_options{.agent = std::move(options)}) {}
    client(client&&) noexcept;
    client& operator=(client&&) noexcept;
    /// destroy(), then joins its threads. Calls under way in other threads end with errc::agent_closed; no new ones may
    /// begin.
    ~client();

    /// Sends and waits for the response's head. Throws hearth::error.
    [[nodiscard]] client_response send(request r);
    [[nodiscard]] client_response get(std::string url) { return send({"GET", std::move(url)}); }
    [[nodiscard]] client_response head(std::string url) { return send({"HEAD", std::move(url)}); }
    [[nodiscard]] client_response post(std::string url, hearth::body body) {
        return send({"POST", std::move(url), {}, std::move(body)});
    }
    [[nodiscard]] client_response put(std::string url, hearth::body body) {
        return send({"PUT", std::move(url), {}, std::move(body)});
    }
    [[nodiscard]] client_response del(std::string url) { return send({"DELETE", std::move(url)}); }

    /// Sends; the future throws hearth::error. Destroying the future does not wait and does not cancel.
    [[nodiscard]] std::future<client_response> async_send(request r);
    [[nodiscard]] std::future<client_response> async_get(std::string url) { return async_send({"GET", std::move(url)}); }

    /// As agent::warm, but returns at once; the connections are opened in the background. Throws for a bad URL.
    void warm(std::string_view url, std::size_t n);
    void close_idle();
    /// As agent::close; waits until all in flight have finished.
    void close();
    void destroy();
    /// A snapshot over all threads. Waits for each I/O thread's answer, microseconds as a rule.
    [[nodiscard]] hearth::stats stats() const;

private:
    friend detail::access;
    std::shared_ptr<detail::client_core> core_;
};

}  // namespace hearth
