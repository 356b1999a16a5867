// What a log event has to say, field by field: the same for every format.
#pragma once

#include <hearth/log.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace hearth::values {

/// Calls `text(name, std::string_view)`, `count(name, std::uint64_t)` and `seconds(name, std::chrono::nanoseconds)` for each
/// field that says something, "level" and "event" first. Neither its time nor its sequence number.
template <class Text, class Count, class Seconds>
void visit_fields(const log_event& e, Text text, Count count, Seconds seconds) {
    const auto text_if = [&](std::string_view name, std::string_view value) {
        if (!value.empty()) text(name, value);
    };
    const auto count_if = [&](std::string_view name, std::uint64_t value) {
        if (value != 0) count(name, value);
    };
    const auto seconds_if = [&](std::string_view name, std::chrono::nanoseconds value) {
        if (value.count() != 0) seconds(name, value);
    };
    text("level", to_string(e.level));
    text("event", to_string(e.kind));
    text_if("origin", e.origin);
    text_if("method", e.method);
    count_if("request", e.request);
    count_if("connection", e.connection);
    text_if("how", e.how);
    if (e.evidence != evidence::none) text("evidence", to_string(e.evidence));
    if (e.code.failed()) {
        // Another library's codes are known by their words only.
        if (e.code.category() == category()) {
            text("code", to_string(static_cast<errc>(e.code.value())));
        } else {
            text("code", e.code.message());
        }
    }
    if (e.kind == log_event::kind::failed) text("phase", to_string(e.phase));
    count_if("attempt", e.attempt);
    seconds_if("idle_s", e.idle);
    seconds_if("delay_s", e.delay);
    text_if("detail", e.detail);
    count_if("left_out", e.left_out);
}

/// Appends `text` as a JSON string, quotes included. Bytes that are not UTF-8 become U+FFFD; what could drive a terminal is
/// escaped.
void append_json_string(std::string& out, std::string_view text);

/// "2026-01-31T03:00:00.123Z". Years from 0 to 9999.
[[nodiscard]] std::string utc_text(std::chrono::system_clock::time_point t);

}  // namespace hearth::values
