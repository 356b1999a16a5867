#include "origin_report.hpp"

#include "values/text.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include <iterator>
#include <string_view>

namespace hearth::cli {
namespace {

namespace json = boost::json;
using std::chrono::milliseconds;
using testing::fault_kind;
using testing::origin_event;
using testing::origin_event_kind;

constexpr std::size_t longest_text = 128;

/// What a client sent, fit for a terminal and for JSON.
std::string ascii(std::string_view text) {
    std::string out;
    for (const char c : text.substr(0, longest_text)) {
        if (c >= ' ' && c <= '~') {
            out += c;
        } else {
            out += "\\x" + values::to_hex(c);
        }
    }
    return out + (text.size() > longest_text ? "..." : "");
}

double seconds(std::chrono::nanoseconds d) { return std::chrono::duration<double>(d).count(); }

std::string line_of(const origin_event& e, std::chrono::nanoseconds since) {
    std::string line = fmt::format("{:10.3f}  ", seconds(since));
    if (e.connection > 0) line += fmt::format("#{:<5} ", e.connection);
    line += e.what == fault_kind::none ? to_string(e.kind) : to_string(e.what);
    if (e.kind == origin_event_kind::deaf) line += " in flight";
    if (e.caught) line += ", caught a request";
    if (!e.method.empty()) line += fmt::format(" {} {}", ascii(e.method), ascii(e.target));
    if (!e.request_id.empty()) line += fmt::format(" ({})", ascii(e.request_id));
    if (e.kind == origin_event_kind::connected && !e.peer.empty()) line += fmt::format(" from {}", e.peer);
    return line;
}

json::object to_json(const origin_journal::victim& v, std::chrono::steady_clock::time_point began) {
    return {{"seconds", seconds(std::chrono::duration_cast<milliseconds>(v.at - began))},
            {"connection", v.connection},
            {"peer", v.peer},
            {"fault", to_string(v.what)},
            {"caught_in_flight", v.caught},
            {"method", v.method},
            {"target", v.target},
            {"request_id", v.request_id}};
}

}  // namespace

void origin_journal::note(const origin_event& e) {
    const std::lock_guard lock(mutex_);
    if (keeps_lines_ && lines_.size() < max_lines) {
        lines_.push_back(line_of(e, e.at - began_));
    } else if (keeps_lines_) {
        ++lines_left_out_;
    }
    if (e.kind != origin_event_kind::fault) return;
    if (victims_.size() >= max_victims) {
        ++victims_left_out_;
        return;
    }
    victims_.push_back({.at = e.at,
                        .connection = e.connection,
                        .peer = std::string(e.peer),
                        .what = e.what,
                        .caught = e.caught,
                        .method = ascii(e.method),
                        .target = ascii(e.target),
                        .request_id = ascii(e.request_id)});
}

std::vector<std::string> origin_journal::take_lines() {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> taken(std::move_iterator(lines_.begin()), std::move_iterator(lines_.end()));
    lines_.clear();
    if (lines_left_out_ > 0) taken.push_back(fmt::format("({} more that nobody could read)", with_commas(lines_left_out_)));
    lines_left_out_ = 0;
    return taken;
}

std::vector<origin_journal::victim> origin_journal::victims() const {
    const std::lock_guard lock(mutex_);
    return victims_;
}

std::uint64_t origin_journal::victims_left_out() const {
    const std::lock_guard lock(mutex_);
    return victims_left_out_;
}

std::string as_table(const origin_outcome& o, const painter& paint) {
    const testing::faulty_origin_report& r = o.report;
    std::string text;
    const auto line = [&](std::string_view what, std::uint64_t count) {
        text += fmt::format("{:<44}{:>12}\n", what, with_commas(count));
    };
    text += paint.bold(fmt::format("{} for {}", o.url, short_duration(o.took))) + "\n";
    line("connections", r.connections);
    line("requests executed", r.executed);
    line("  answered whole", r.requests);
    line("  executed before, though they must not be", r.executed_twice);
    line("  executed before, as they may be", r.repeated);
    if (r.malformed > 0) line("refused because they were no HTTP", r.malformed);
    line("connections closed because they were idle", r.idle_closes);
    if (r.restarts > 0) line("restarts", r.restarts);
    if (r.faults.empty()) return text;
    text += "\n" + paint.bold(fmt::format("{:<32}{:>12}{:>12}", "fault", "happened", "requests")) + "\n";
    for (const auto& [kind, tally] : r.faults)
        text +=
            fmt::format("{:<32}{:>12}{:>12}\n", to_string(kind), with_commas(tally.happened), with_commas(tally.requests));
    line("requests caught in flight", r.caught_in_flight);
    return text;
}

std::string as_json(const origin_outcome& o, const origin_journal& journal) {
    const testing::faulty_origin_report& r = o.report;
    json::object faults;
    for (const auto& [kind, tally] : r.faults)
        faults[to_string(kind)] = json::object{{"happened", tally.happened}, {"requests", tally.requests}};
    json::array victims;
    for (const origin_journal::victim& v : journal.victims()) victims.push_back(to_json(v, journal.began()));
    const json::object all{{"url", o.url},
                           {"seed", o.seed},
                           {"seconds", static_cast<double>(o.took.count()) / 1e3},
                           {"interrupted", o.interrupted},
                           {"connections", r.connections},
                           {"executed", r.executed},
                           {"answered", r.requests},
                           {"executed_twice", r.executed_twice},
                           {"repeated", r.repeated},
                           {"malformed", r.malformed},
                           {"idle_closes", r.idle_closes},
                           {"restarts", r.restarts},
                           {"caught_in_flight", r.caught_in_flight},
                           {"faults", std::move(faults)},
                           {"victims", std::move(victims)},
                           {"victims_left_out", journal.victims_left_out()}};
    return json::serialize(all);
}

}  // namespace hearth::cli
