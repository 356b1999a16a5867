// What one would want to know at three in the morning, a line each.
#pragma once

#include <hearth/error.hpp>
#include <hearth/stats.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace hearth {

enum class log_level : std::uint8_t { off, error, warning, info, debug };
enum class log_format : std::uint8_t {
    key_value,  ///< time=2026-01-31T03:00:00.123Z level=info event=replayed origin=https://api.example.com ...
    json,       ///< the same as an object, one a line
};

/// Something that is rare enough, or serious enough, to be told one by one. What an agent's monitor shows and its log
/// writes.
struct log_event {
    enum class kind : std::uint8_t {
        stale_caught,  ///< an idle connection was found closed before a request went to it. debug: watched; info: looked
        replayed,      ///< a request that was caught by a close was sent again at once. info
        retrying,      ///< a request waits to be tried again. info
        failed,        ///< a call failed. warning; error when a stale connection is what its caller got to see
        origin_down,   ///< a server that was there refuses connections, or breaks them; its requests wait. warning
        origin_back,   ///< it is back. info
        learnt,        ///< a server's idle timeout was learnt, or forgotten. info
        budget_spent,  ///< a retry was refused since too many run already. warning
    };
    enum kind kind = kind::failed;
    log_level level = log_level::info;
    std::uint64_t sequence = 0;                    ///< within its agent, from 1
    std::chrono::system_clock::time_point time{};  ///< when
    std::string origin{};                          ///< "https://host:port"
    std::string method{};                          ///< empty where it is not about a request
    std::uint64_t request = 0;                     ///< as in request_event, or 0
    std::uint64_t connection = 0;                  ///< as in connection_event, or 0
    std::string_view how{};                        ///< stale_caught: to_string(close_reason); static text
    hearth::evidence evidence = evidence::none;    ///< replayed, failed
    error_code code{};                             ///< retrying, failed, origin_down: an errc
    hearth::phase phase = phase::validate;         ///< failed
    std::chrono::nanoseconds idle{0};              ///< stale_caught, replayed, failed: how long the connection had idled
    std::chrono::nanoseconds delay{0};             ///< retrying: until the next try; origin_back: how long it was away
    unsigned attempt = 0;                          ///< replayed, retrying, failed: tries so far
    std::string detail{};                          ///< in words; may be empty. Never a credential, query or header
    std::uint64_t left_out = 0;  ///< so many of this kind were left out before this one, for there were too many
};
inline constexpr std::size_t log_event_kind_count = 8;

/// The enumerators' own names.
[[nodiscard]] std::string_view to_string(enum log_event::kind k) noexcept;
[[nodiscard]] std::string_view to_string(log_level l) noexcept;

/// One line without its end. Fields that say nothing are left out; values are escaped, so that a line stays one line.
[[nodiscard]] std::string format_log_event(const log_event& e, log_format format);

/// Logging. Off by default.
struct log_options {
    /// What is written: this level and those before it.
    log_level level = log_level::off;
    log_format format = log_format::key_value;
    /// Where lines go, without their ends. Called on the agent's executor, as hooks are (a client calls it from each of its
    /// threads, at the same time too): it must be quick and must not throw. Default: standard error.
    std::function<void(std::string_view line)> write{};
    /// Events of one kind and level a second; what is over is counted, and the next one says how many were left out. Holds
    /// for what a monitor shows too, with the log off. 1 to 10'000.
    /// Default 20.
    unsigned max_per_second = 20;
};

}  // namespace hearth
