#include <hearth/testing/fault.hpp>
#include <hearth/testing/origin_event.hpp>

#include "testing/fault_traits.hpp"

#include <array>

namespace hearth::testing {
namespace {

using namespace std::chrono_literals;

constexpr fault_traits of_connection(std::string_view name, std::string_view description) {
    return {.name = name, .when = moment::connected, .description = description};
}

constexpr fault_traits of_idle(std::string_view name, std::string_view description, bool in_flight = true) {
    return {.name = name, .when = moment::idle, .description = description, .in_flight = in_flight, .has_time = true};
}

constexpr fault_traits of_request(std::string_view name, std::string_view description) {
    return {.name = name, .when = moment::requested, .description = description};
}

constexpr fault_traits with_tls(fault_traits t) {
    t.needs_tls = true;
    return t;
}

constexpr fault_traits with_tcp(fault_traits t) {
    t.needs_tcp = true;
    return t;
}

constexpr fault_traits with_time(fault_traits t, std::chrono::milliseconds time) {
    t.has_time = true;
    t.time = time;
    return t;
}

constexpr fault_traits with_count(fault_traits t, std::uint64_t count) {
    t.has_count = true;
    t.count = count;
    return t;
}

// In the order of fault_kind.
constexpr std::array<fault_traits, fault_kinds> all{
    of_connection("none", "nothing goes wrong"),
    with_time(with_tls(of_connection("slow_handshake", "TLS: the handshake is left waiting for TIME (1s)")), 1s),
    with_count(of_connection("close_after", "closes after COUNT responses (100) and announces it"), 100),
    with_count(of_connection("close_after_silently", "closes after COUNT responses (100) without a word"), 100),
    of_idle("idle_fin", "closes by FIN, without close_notify"),
    with_tls(of_idle("idle_close_notify", "TLS: closes by close_notify, then FIN")),
    of_idle("idle_rst", "closes by RST"),
    of_idle("idle_408", "sends a 408 that nobody asked for, then FIN"),
    of_idle("idle_junk", "sends what is no HTTP, and stays"),
    of_idle("idle_half_close", "FIN, but reads on and executes"),
    with_tcp(of_idle("idle_silence", "loses whatever comes, and says nothing", false)),
    with_tls(of_idle("late_tickets", "TLS 1.3: sends the session ticket only now", false)),
    of_request("early_answer", "answers before the request's body has come"),
    with_time(of_request("execute_then_rst", "executes, then RST, TIME later (at once)"), 0ms),
    with_time(of_request("execute_then_fin", "executes, then FIN without an answer, TIME later (at once)"), 0ms),
    with_count(of_request("cut_short", "FIN after COUNT bytes of the response (half)"), 0),
    with_time(of_request("dribble", "answers byte by byte, TIME apart (10ms)"), 10ms),
    of_request("framing_two_lengths", "two Content-Lengths that differ"),
    of_request("framing_length_and_chunks", "Content-Length and chunks"),
    of_request("framing_bad_chunk", "a chunk's size that is no number"),
    of_request("framing_extra_bytes", "another response that nobody asked for"),
    of_request("framing_unasked_body", "a body to HEAD, else a 204 with a body"),
};

constexpr std::array<std::string_view, 6> events{"connected", "executed", "deaf", "fault", "closed", "restarted"};

}  // namespace

const fault_traits& traits_of(fault_kind kind) noexcept { return all.at(static_cast<std::size_t>(kind)); }

std::string_view to_string(fault_kind kind) noexcept {
    return static_cast<std::size_t>(kind) < all.size() ? traits_of(kind).name : "unknown";
}

std::string_view description(fault_kind kind) noexcept {
    return static_cast<std::size_t>(kind) < all.size() ? traits_of(kind).description : "";
}

std::optional<fault_kind> fault_named(std::string_view name) noexcept {
    for (std::size_t i = 0; i < all.size(); ++i) {
        if (all.at(i).name == name) return static_cast<fault_kind>(i);
    }
    return std::nullopt;
}

std::string_view to_string(origin_event_kind kind) noexcept {
    const auto at = static_cast<std::size_t>(kind);
    return at < events.size() ? events.at(at) : "unknown";
}

}  // namespace hearth::testing
