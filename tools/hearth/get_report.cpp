#include "get_report.hpp"

#include "cli_common.hpp"
#include "error_name.hpp"
#include "utf8.hpp"
#include "values/text.hpp"

#include <hearth/url.hpp>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace hearth::cli {
namespace {

namespace json = boost::json;

json::object headers_json(const headers& fields) {
    json::object out;
    for (const auto [name, value] : fields) {
        std::string key(name);
        std::ranges::transform(key, key.begin(), values::to_lower);
        auto& list = out[key];
        if (!list.is_array()) list.emplace_array();
        list.get_array().emplace_back(to_utf8(value));
    }
    return out;
}

// Boost.JSON writes 1.3 as 1.3E0, which is hard on readers. Thousandths of a millisecond are the most that a clock read
// twice can tell.
std::string timings_json(const response_timings& t) {
    const auto ms = [](std::chrono::nanoseconds d) { return static_cast<double>(d.count()) / 1e6; };
    return fmt::format(
        R"({{"pending":{:.3f},"lookup":{:.3f},"connect":{:.3f},"tls":{:.3f},"first_byte":{:.3f},"total":{:.3f}}})",
        ms(t.pending), ms(t.lookup), ms(t.connect), ms(t.tls), ms(t.first_byte), ms(t.total));
}

json::object error_json(const failure& f) {
    return {{"code", error_name(f.code)},        {"phase", to_string(f.phase)}, {"reused", f.reused},
            {"evidence", to_string(f.evidence)}, {"attempts", f.attempts},      {"message", to_utf8(f.message())}};
}

std::string field_lines(std::string_view mark, const headers& fields) {
    std::string out;
    for (const auto [name, value] : fields)
        out += fmt::format("{}{}: {}\n", mark, values::printable(name), values::printable(value));
    return out;
}

const char* version_of(int version) { return version == 10 ? "1.0" : "1.1"; }

}  // namespace

void get_result::take_head(const response& r) {
    status = r.status();
    version = r.version();
    reason = r.reason();
    headers = r.headers();
    reused = r.reused();
    attempts = r.attempts();
    connection = r.connection();
    remote = r.remote();
    timings = r.timings();
}

std::string to_json_line(const get_result& r) {
    const bool answered = r.status != 0;
    json::object o;
    o["url"] = to_utf8(r.url);
    o["status"] = answered ? json::value(r.status) : json::value();
    o["reason"] = answered ? json::value(to_utf8(r.reason)) : json::value();
    o["version"] = answered ? json::value(version_of(r.version)) : json::value();
    o["headers"] = answered ? json::value(headers_json(r.headers)) : json::value();
    o["body_size"] = r.body_size;
    o["body"] = r.body && is_text(*r.body) ? json::value(*r.body) : json::value();
    o["file"] = r.file.empty() ? json::value() : json::value(to_utf8(r.file));
    o["reused"] = r.reused;
    o["attempts"] = r.attempts;
    o["connection"] = r.connection;
    o["remote"] = answered ? json::value(to_utf8(r.remote)) : json::value();
    std::string line = json::serialize(o);
    line.pop_back();  // the brace, since the object goes on
    const std::string error = r.failure ? json::serialize(error_json(*r.failure)) : "null";
    return line + fmt::format(",\"timings_ms\":{},\"error\":{}}}\n", answered ? timings_json(r.timings) : "null", error);
}

std::string head_text(const get_result& r) {
    std::string out =
        fmt::format("HTTP/{} {}{}{}\r\n", version_of(r.version), r.status, r.reason.empty() ? "" : " ", r.reason);
    for (const auto [name, value] : r.headers) out += fmt::format("{}: {}\r\n", name, value);
    return out + "\r\n";
}

std::string describe_request(const request& r, const agent_options& defaults) {
    const url u = url::parse(r.url);
    std::string out = fmt::format("> {} {} HTTP/1.1\n", r.method, values::printable(u.target));
    if (!r.headers.contains("Host")) out += fmt::format("> Host: {}\n", u.authority());
    out += field_lines("> ", r.headers);
    for (const auto [name, value] : defaults.headers) {
        if (!r.headers.contains(name)) out += fmt::format("> {}: {}\n", values::printable(name), values::printable(value));
    }
    return out;
}

std::string describe_response(const get_result& r) {
    return fmt::format("< HTTP/{} {} {}\n", version_of(r.version), r.status, values::printable(r.reason)) +
           field_lines("< ", r.headers);
}

std::string describe_exchange(const get_result& r) {
    const response_timings& t = r.timings;
    return fmt::format(
        "* {} on connection {} to {}, {}, {} bytes of body\n"
        "* waited {} (lookup {}, connect {}, tls {}), first byte {}, total {}\n",
        r.reused ? "reused" : "fresh", r.connection, r.remote.empty() ? "nowhere" : r.remote,
        r.attempts == 1 ? "1 attempt" : fmt::format("{} attempts", r.attempts), r.body_size, short_duration(t.pending),
        short_duration(t.lookup), short_duration(t.connect), short_duration(t.tls), short_duration(t.first_byte),
        short_duration(t.total));
}

std::string describe(const connection_event& e) {
    using kind = enum connection_event::kind;
    const std::string who = fmt::format("* connection {} to {}: ", e.connection, e.origin);
    switch (e.kind) {
        case kind::connecting: return who + "connecting\n";
        case kind::opened: return who + "open\n";
        case kind::reused: return who + fmt::format("reused after {} idle\n", short_duration(e.idle));
        case kind::closed: return who + fmt::format("closed ({})\n", to_string(e.reason));
        case kind::idle: break;
    }
    return {};
}

std::string describe(const request_event& e) {
    using kind = enum request_event::kind;
    if (e.kind == kind::replayed)
        return fmt::format("* {} {}: sent again at once ({})\n", e.method, e.origin, to_string(e.evidence));
    if (e.kind != kind::retrying) return {};
    const std::string why = e.why != nullptr ? e.why->message() : "the answer may pass";
    return fmt::format("* {} {}: trying again in {}: {}\n", e.method, e.origin, short_duration(e.delay), why);
}

std::string describe(const stats& s) {
    const counters& c = s.count;
    return fmt::format(
        "* {} requests, {} responses, {} connections opened, {} requests on a reused one, {} replays, {} retries\n",
        c.requests, c.responses, c.opened, c.reused, c.replays, c.retries);
}

std::string short_size(std::uint64_t bytes) {
    constexpr std::array units{"B", "KiB", "MiB", "GiB", "TiB"};
    auto value = static_cast<double>(bytes);
    std::size_t unit = 0;
    for (; value >= 1000 && unit + 1 < units.size(); ++unit) value /= 1024;
    return fmt::format("{:.{}f} {}", value, unit == 0 || value >= 99.95 ? 0 : 1, units[unit]);
}

}  // namespace hearth::cli
