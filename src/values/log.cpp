#include <hearth/log.hpp>

#include "values/log_fields.hpp"
#include "values/text.hpp"
#include "values/utf8.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <iterator>

namespace hearth {

std::string_view to_string(enum log_event::kind k) noexcept {
    switch (k) {
        case log_event::kind::stale_caught: return "stale_caught";
        case log_event::kind::replayed: return "replayed";
        case log_event::kind::retrying: return "retrying";
        case log_event::kind::failed: return "failed";
        case log_event::kind::origin_down: return "origin_down";
        case log_event::kind::origin_back: return "origin_back";
        case log_event::kind::learnt: return "learnt";
        case log_event::kind::budget_spent: return "budget_spent";
    }
    return "unknown";
}

std::string_view to_string(log_level l) noexcept {
    switch (l) {
        case log_level::off: return "off";
        case log_level::error: return "error";
        case log_level::warning: return "warning";
        case log_level::info: return "info";
        case log_level::debug: return "debug";
    }
    return "unknown";
}

namespace values {
namespace {

// The names that JSON has for some characters; 0 for none.
char short_escape(char c) noexcept {
    switch (c) {
        case '"':
        case '\\': return c;
        case '\n': return 'n';
        case '\r': return 'r';
        case '\t': return 't';
        default: return 0;
    }
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
    out += '"';
    while (!text.empty()) {
        const auto byte = static_cast<unsigned char>(text.front());
        std::size_t taken = 1;
        if (const char name = short_escape(text.front()); name != 0) {
            out += {'\\', name};
        } else if (byte < 0x20 || byte == 0x7f) {
            fmt::format_to(std::back_inserter(out), "\\u{:04x}", byte);
        } else if (byte < 0x80) {
            out += text.front();
        } else if (const std::size_t size = utf8_size(text); size == 0) {
            out += "\\ufffd";
        } else if (byte == 0xC2 && static_cast<unsigned char>(text[1]) < 0xA0) {
            taken = size;  // C1: controls again
            fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned char>(text[1]));
        } else {
            taken = size;
            out += text.substr(0, size);
        }
        text.remove_prefix(taken);
    }
    out += '"';
}

std::string utc_text(std::chrono::system_clock::time_point t) {
    namespace chrono = std::chrono;
    const auto moment = chrono::floor<chrono::milliseconds>(t);
    const auto day = chrono::floor<chrono::days>(moment);
    const chrono::year_month_day date(day);
    const chrono::hh_mm_ss time(moment - day);
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), time.hours().count(),
                       time.minutes().count(), time.seconds().count(), time.subseconds().count());
}

}  // namespace values

namespace {

double in_seconds(std::chrono::nanoseconds d) { return std::chrono::duration<double>(d).count(); }

bool needs_quotes(std::string_view value) {
    return value.empty() ||
           !std::ranges::all_of(value, [](char c) { return c > ' ' && c < '\x7f' && c != '"' && c != '=' && c != '\\'; });
}

void append_value(std::string& out, std::string_view value) {
    if (!needs_quotes(value)) {
        out += value;
        return;
    }
    out += '"';
    for (const char c : value) {
        if (const char name = values::short_escape(c); name != 0) {
            out += {'\\', name};
        } else if (c >= ' ' && c < '\x7f') {
            out += c;
        } else {
            out += "\\x" + values::to_hex(c);
        }
    }
    out += '"';
}

std::string as_key_value(const log_event& e) {
    std::string out = "time=" + values::utc_text(e.time);
    const auto begin = [&](std::string_view name) { out.append(" ").append(name).append("="); };
    values::visit_fields(
        e,
        [&](std::string_view name, std::string_view value) {
            begin(name);
            append_value(out, value);
        },
        [&](std::string_view name, std::uint64_t value) {
            begin(name);
            out += std::to_string(value);
        },
        [&](std::string_view name, std::chrono::nanoseconds value) {
            begin(name);
            fmt::format_to(std::back_inserter(out), "{:.3f}", in_seconds(value));
        });
    return out;
}

std::string as_json(const log_event& e) {
    std::string out = "{\"time\":\"" + values::utc_text(e.time) + '"';
    const auto begin = [&](std::string_view name) { out.append(",\"").append(name).append("\":"); };
    values::visit_fields(
        e,
        [&](std::string_view name, std::string_view value) {
            begin(name);
            values::append_json_string(out, value);
        },
        [&](std::string_view name, std::uint64_t value) {
            begin(name);
            out += std::to_string(value);
        },
        [&](std::string_view name, std::chrono::nanoseconds value) {
            begin(name);
            fmt::format_to(std::back_inserter(out), "{:.6f}", in_seconds(value));
        });
    return out += '}';
}

}  // namespace

std::string format_log_event(const log_event& e, log_format format) {
    return format == log_format::json ? as_json(e) : as_key_value(e);
}

}  // namespace hearth
