#include "top_frame.hpp"

#include "values/text.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

namespace hearth::cli {

namespace json = boost::json;

void event_reader::push(std::string_view bytes, const std::function<void(std::string_view data)>& on_data) {
    while (!bytes.empty()) {
        const std::size_t end = bytes.find('\n');
        line_ += bytes.substr(0, end);
        if (line_.size() + data_.size() > event_max) throw std::runtime_error("an event without end");
        if (end == std::string_view::npos) return;
        bytes.remove_prefix(end + 1);
        if (line_.ends_with('\r')) line_.pop_back();
        take_line(on_data);
        line_.clear();
    }
}

void event_reader::take_line(const std::function<void(std::string_view data)>& on_data) {
    constexpr std::string_view field = "data:";
    if (line_.empty()) {
        if (has_data_) on_data(data_);
        data_.clear();
        has_data_ = false;
    } else if (line_.starts_with(field)) {
        if (has_data_) data_ += '\n';
        data_ += std::string_view(line_).substr(field.size() +
                                                (line_.size() > field.size() && line_[field.size()] == ' ' ? 1 : 0));
        has_data_ = true;
    }
}

std::string terminal_text(std::string_view text) {
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || byte == 0x7f) {
            out += "\\x" + values::to_hex(c);
        } else if (byte < 0x80) {
            out += c;
        } else if (byte >= 0xc0) {
            out += '?';  // a character's first byte stands for all of it
        }
    }
    return out;
}

namespace {

std::uint64_t count(const json::object& o, std::string_view key) { return o.at(key).to_number<std::uint64_t>(); }
double seconds(const json::object& o, std::string_view key) { return o.at(key).to_number<double>(); }
std::string text(const json::object& o, std::string_view key) {
    const json::value* v = o.if_contains(key);
    return v != nullptr && v->is_string() ? terminal_text(v->get_string()) : std::string();
}
std::chrono::system_clock::time_point moment(const json::object& o, std::string_view key) {
    constexpr std::int64_t last = 4'102'444'800'000;  // the year 2100; some later ones do not fit into a time_point
    const auto ms = std::clamp<std::int64_t>(o.at(key).to_number<std::int64_t>(), 0, last);
    return std::chrono::system_clock::time_point(std::chrono::milliseconds(ms));
}

top_tile parse_tile(const json::array& a) {
    top_tile t;
    t.number = a.at(0).to_number<std::uint64_t>();
    const std::string_view state = a.at(1).as_string();
    using enum tile_state;
    t.state = state == "connecting" ? connecting : state == "in_use" ? in_use : state == "canary" ? canary : idle;
    const auto limit = a.at(3).to_number<double>();
    if (limit > 0) t.spent = std::clamp(a.at(2).to_number<double>() / limit, 0.0, 1.0);
    return t;
}

// What an origin and the totals have in common.
top_origin parse_numbers(const json::object& o) {
    top_origin r;
    r.pending = count(o, "pending");
    r.in_use = count(o, "in_use");
    r.free = count(o, "free");
    r.connecting = count(o, "connecting");
    const json::object& counters = o.at("count").as_object();
    r.requests = count(counters, "requests");
    r.failed = count(counters, "failed");
    r.caught = count(o.at("caught").as_object(), "total");
    return r;
}

top_origin parse_origin(const json::object& o) {
    top_origin r = parse_numbers(o);
    r.name = text(o, "name");
    for (const json::value& c : o.at("connections").as_array()) r.tiles.push_back(parse_tile(c.as_array()));
    // So that a tile stays where it is while its connection lives.
    std::ranges::sort(r.tiles, {}, &top_tile::number);
    r.tiles_left_out = count(o, "connections_left_out");
    return r;
}

void append_word(std::string& says, const json::object& o, std::string_view key, const char* before = "") {
    const std::string value = text(o, key);
    if (!value.empty()) says += fmt::format("{}{}{}", says.empty() ? "" : " ", before, value);
}

top_event parse_event(const json::object& o) {
    top_event e;
    e.agent = text(o, "agent");
    e.sequence = count(o, "sequence");
    e.time = moment(o, "time_ms");
    e.level = text(o, "level");
    e.event = text(o, "event");
    e.origin = text(o, "origin");
    for (const char* key : {"method", "how", "evidence", "code"}) append_word(e.says, o, key);
    append_word(e.says, o, "phase", "in ");
    if (o.contains("idle_s")) e.says += fmt::format(" after {:.1f} s idle", seconds(o, "idle_s"));
    if (o.contains("delay_s"))
        e.says += fmt::format(" {} {:.1f} s", e.event == "origin_back" ? "after" : "in", seconds(o, "delay_s"));
    append_word(e.says, o, "detail");
    return e;
}

std::string name_agents(const json::array& agents) {
    if (agents.size() == 1) return text(agents.front().as_object(), "name");
    return fmt::format("{} agents", agents.size());
}

top_frame parse(const json::object& o) {
    top_frame f;
    f.version = text(o, "version");
    f.agents = name_agents(o.at("agents").as_array());
    f.time = moment(o, "time_ms");
    f.started = moment(o, "started_ms");
    f.interval = std::chrono::duration<double>(std::clamp(seconds(o, "interval_s"), 0.0, 3600.0));
    const json::object& totals = o.at("totals").as_object();
    f.totals = parse_numbers(totals);
    f.stale_seen = count(totals.at("count").as_object(), "stale_seen");
    f.budget_taken = count(totals, "budget_taken");
    f.budget_size = count(totals, "budget_size");
    const json::object& caught = totals.at("caught").as_object();
    for (const char* name : {"left", "watched", "looked", "matched", "replayed", "silent"})
        f.lines.push_back({name, count(caught, name)});
    for (const json::value& v : o.at("origins").as_array()) f.origins.push_back(parse_origin(v.as_object()));
    f.origins_left_out = count(o.at("origins_left_out").as_object(), "origins");
    for (const json::value& v : o.at("events").as_array()) f.events.push_back(parse_event(v.as_object()));
    return f;
}

}  // namespace

top_frame parse_frame(std::string_view text) {
    try {
        return parse(json::parse(text).as_object());
    } catch (const std::exception& e) {
        throw std::runtime_error(fmt::format("not what a Hearth monitor says ({})", e.what()));
    }
}

}  // namespace hearth::cli
