#include "load_json.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace hearth::cli {
namespace {

namespace json = boost::json;

constexpr std::int64_t layout = 1;
constexpr double seconds_max = 1e9;
constexpr double slot_ms_max = 1e9;

[[noreturn]] void refuse(std::string_view key, std::string_view what) {
    throw std::runtime_error(fmt::format("\"{}\" {}", key, what));
}

const json::value& member(const json::object& o, std::string_view key) {
    const json::value* v = o.if_contains(key);
    if (v == nullptr) refuse(key, "is missing");
    return *v;
}

const json::object& object_in(const json::object& o, std::string_view key) {
    const json::object* found = member(o, key).if_object();
    if (found == nullptr) refuse(key, "is no object");
    return *found;
}

const json::array& array_in(const json::object& o, std::string_view key) {
    const json::array* found = member(o, key).if_array();
    if (found == nullptr) refuse(key, "is no list");
    return *found;
}

std::uint64_t to_count(const json::value& v, std::string_view key) {
    if (v.is_uint64()) return v.get_uint64();
    if (v.is_int64() && v.get_int64() >= 0) return static_cast<std::uint64_t>(v.get_int64());
    refuse(key, "is no whole number");
}

std::uint64_t count_in(const json::object& o, std::string_view key) { return to_count(member(o, key), key); }

double number_in(const json::object& o, std::string_view key, double most) {
    const json::value& v = member(o, key);
    if (!v.is_number()) refuse(key, "is no number");
    const double d = v.to_number<double>();
    if (!(d >= 0 && d <= most)) refuse(key, "is out of range");
    return d;
}

std::string text_in(const json::object& o, std::string_view key) {
    const json::string* found = member(o, key).if_string();
    if (found == nullptr) refuse(key, "is no text");
    return std::string(*found);
}

std::map<std::string, std::uint64_t> counts_in(const json::object& o, std::string_view key) {
    std::map<std::string, std::uint64_t> counts;
    for (const auto& [name, n] : object_in(o, key)) counts.emplace(name, to_count(n, name));
    return counts;
}

std::chrono::nanoseconds seconds_in(const json::object& o, std::string_view key) {
    return std::chrono::nanoseconds(static_cast<std::int64_t>(number_in(o, key, seconds_max) * 1e9));
}

/// Buckets, sum, min and max.
template <class Histogram>
void read_counts(const json::object& o, Histogram& into) {
    for (const json::value& bucket : array_in(o, "buckets")) {
        const json::array* pair = bucket.if_array();
        if (pair == nullptr || pair->size() != 2) refuse("buckets", "holds other than pairs");
        const std::uint64_t n = to_count((*pair)[1], "buckets");
        into.add(to_count((*pair)[0], "buckets"), static_cast<typename Histogram::count_type>(n));
    }
    if (into.count() == 0) return;
    const std::uint64_t min = count_in(o, "min");
    const std::uint64_t max = std::min(count_in(o, "max"), Histogram::value_max);
    if (min > max) refuse("min", "is over \"max\"");
    into.widen(number_in(o, "sum", HUGE_VAL), min, max);
}

void check_precision(const json::object& o, unsigned bits) {
    if (count_in(o, "precision_bits") != bits) refuse("precision_bits", fmt::format("is not {}", bits));
}

void read_histogram(const json::object& o, latency_histogram& into) {
    if (text_in(o, "unit") != "ns") refuse("unit", "is not ns");
    check_precision(o, latency_histogram::precision_bits);
    read_counts(o, into);
    if (into.count() != count_in(o, "count")) refuse("count", "is not the sum of the buckets");
}

void read_series(const json::object& o, load_series& into) {
    check_precision(o, slot_histogram::precision_bits);
    const std::chrono::milliseconds width(static_cast<std::int64_t>(number_in(o, "slot_ms", slot_ms_max)));
    const json::array& slots = array_in(o, "slots");
    if (slots.size() > load_series::slots_max) refuse("slots", "are too many");
    if (!load_series::is_width(width)) refuse("slot_ms", "is not 100 times a power of two");
    into.widen_to(width);
    for (std::size_t i = 0; i < slots.size(); ++i) {
        const json::object* s = slots[i].if_object();
        if (s == nullptr) refuse("slots", "holds other than objects");
        load_slot& slot = into.at(width * i);
        read_counts(*s, slot.latency);
        slot.failed = count_in(*s, "failed");
        slot.statuses = count_in(*s, "bad_statuses");
        slot.connections = static_cast<std::uint32_t>(count_in(*s, "connections"));
        slot.in_flight = static_cast<std::uint32_t>(count_in(*s, "in_flight"));
        slot.opened = count_in(*s, "opened");
        slot.sent_again = count_in(*s, "sent_again");
    }
}

void read_statuses(const json::object& o, load_result& r) {
    for (const auto& [code, n] : counts_in(o, "statuses")) {
        if (code.size() > 3 || code.find_first_not_of("0123456789") != std::string::npos || code.empty())
            refuse("statuses", "holds other than statuses");
        r.statuses[std::stoul(code)] = n;
    }
}

void read_errors(const json::object& o, load_result& r) {
    for (const json::value& v : array_in(o, "errors")) {
        const json::object* e = v.if_object();
        if (e == nullptr) refuse("errors", "holds other than objects");
        load_error& into = r.errors[{text_in(*e, "code"), text_in(*e, "phase"), text_in(*e, "evidence")}];
        into.count = count_in(*e, "count");
        into.message = text_in(*e, "message");
    }
}

void read_connections(const json::object& o, load_result& r) {
    r.opened = count_in(o, "opened");
    r.reused = count_in(o, "reused");
    r.replays = count_in(o, "replays");
    r.retries = count_in(o, "retries");
    r.closed = counts_in(o, "closed");
    r.replays_by_evidence = counts_in(o, "replays_by_evidence");
}

void read_run(const json::object& o, load_result& r) {
    for (const json::value& url : array_in(o, "urls")) {
        if (!url.is_string()) refuse("urls", "holds other than text");
        r.urls.emplace_back(url.get_string());
    }
    r.method = text_in(o, "method");
    r.started_ms = static_cast<std::int64_t>(number_in(o, "started_ms", 1e15));
    r.machines = count_in(o, "machines");
    r.concurrency = count_in(o, "concurrency");
    if (!member(o, "target_rate").is_null()) r.target_rate = number_in(o, "target_rate", 1e12);
    r.duration = seconds_in(o, "duration_s");
    r.interrupted = member(o, "interrupted") == json::value(true);
}

}  // namespace

load_result load_result_from_json(std::string_view text) {
    boost::system::error_code error;
    const json::value parsed = json::parse({text.data(), text.size()}, error);
    if (error) throw std::runtime_error("it is not JSON: " + error.message());
    const json::object* o = parsed.if_object();
    if (o == nullptr || !o->contains("hearth_load")) throw std::runtime_error("hearth load --json did not write it");
    if (member(*o, "hearth_load") != json::value(layout)) refuse("hearth_load", "is not 1: another version wrote it");

    load_result r;
    read_run(*o, r);
    r.failed = count_in(*o, "failed");
    const std::uint64_t requests = count_in(*o, "requests");
    if (requests < r.failed) refuse("requests", "is less than \"failed\"");
    r.answered = requests - r.failed;
    r.unfinished = count_in(*o, "unfinished");
    r.unsent = count_in(*o, "unsent");
    read_statuses(*o, r);
    read_errors(*o, r);
    r.bytes_received = count_in(*o, "bytes_received");
    r.bytes_sent = count_in(*o, "bytes_sent");
    read_histogram(object_in(*o, "histogram"), r.latency);
    if (!member(*o, "service_time_histogram").is_null())
        read_histogram(object_in(*o, "service_time_histogram"), r.service_time.emplace());
    read_connections(object_in(*o, "connections"), r);
    const json::object& generator = object_in(*o, "generator");
    r.cpu_user = seconds_in(generator, "cpu_user_s");
    r.cpu_system = seconds_in(generator, "cpu_system_s");
    r.cpu_share = number_in(generator, "cpu_share", 1e6);
    read_series(object_in(*o, "series"), r.series);
    return r;
}

}  // namespace hearth::cli
