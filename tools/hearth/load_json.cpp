#include "load_json.hpp"

#include "utf8.hpp"

#include <hearth/version.hpp>

#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>
#include <fmt/format.h>

#include <ctime>

namespace hearth::cli {
namespace {

namespace json = boost::json;

// Numbers are written by fmt: Boost.JSON writes 1.3 as 1.3E0, which is hard on readers.
std::string json_text(std::string_view text) { return json::serialize(json::string(to_utf8(text))); }

double to_ms(std::uint64_t ns) { return static_cast<double>(ns) / 1e6; }
double to_seconds(std::chrono::nanoseconds d) { return std::chrono::duration<double>(d).count(); }

/// "a, b, c" of what `each` says of the items.
template <class Items, class Each>
std::string list_of(const Items& items, Each each) {
    std::string text;
    for (const auto& item : items) {
        if (!text.empty()) text += ", ";
        text += each(item);
    }
    return text;
}

std::string object_of(const std::map<std::string, std::uint64_t>& counts) {
    return "{" + list_of(counts, [](const auto& c) { return fmt::format("{}: {}", json_text(c.first), c.second); }) + "}";
}

std::string iso_time(std::int64_t ms) {
    const std::time_t seconds = ms / 1000;
    std::tm t{};
    ::gmtime_r(&seconds, &t);
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", t.tm_year + 1900, t.tm_mon + 1, t.tm_mday, t.tm_hour,
                       t.tm_min, t.tm_sec, ms % 1000);
}

std::string percentiles(const latency_histogram& h) {
    std::string text = fmt::format("{{\"min\": {:.4f}, \"mean\": {:.4f}, \"sd\": {:.4f}", to_ms(h.min()), h.mean() / 1e6,
                                   h.deviation() / 1e6);
    for (const load_percentile& p : load_percentiles)
        text += fmt::format(", \"{}\": {:.4f}", p.name, to_ms(h.percentile(p.share)));
    return text + fmt::format(", \"max\": {:.4f}}}", to_ms(h.max()));
}

template <class Histogram>
std::string buckets(const Histogram& h) {
    std::string text;
    h.each([&](std::uint64_t lower, std::uint64_t, std::uint64_t n) {
        text += fmt::format("{}[{}, {}]", text.empty() ? "" : ", ", lower, n);
    });
    return "[" + text + "]";
}

template <class Histogram>
std::string histogram(const Histogram& h) {
    return fmt::format(
        R"({{"unit": "ns", "precision_bits": {}, "count": {}, "sum": {:.0f}, "min": {}, "max": {}, "buckets": {}}})",
        Histogram::precision_bits, h.count(), h.sum(), h.min(), h.max(), buckets(h));
}

std::string statuses(const load_result& r) {
    std::string text;
    for (std::size_t s = 0; s < r.statuses.size(); ++s) {
        if (r.statuses[s] > 0) text += fmt::format("{}\"{}\": {}", text.empty() ? "" : ", ", s, r.statuses[s]);
    }
    return "{" + text + "}";
}

std::string classes(const load_result& r) {
    std::string text;
    for (int c = 1; c < 10; ++c) {
        if (const std::uint64_t n = r.statuses_from_to(c * 100, c * 100 + 99); n > 0)
            text += fmt::format("{}\"{}xx\": {}", text.empty() ? "" : ", ", c, n);
    }
    return "{" + text + "}";
}

std::string errors(const load_result& r) {
    return list_of(r.errors, [](const auto& e) {
        return fmt::format(R"({{"code": {}, "phase": {}, "evidence": {}, "count": {}, "message": {}}})",
                           json_text(e.first.code), json_text(e.first.phase), json_text(e.first.evidence), e.second.count,
                           json_text(e.second.message));
    });
}

std::string connections(const load_result& r) {
    return fmt::format(
        R"({{"opened": {}, "reused": {}, "closed": {}, "left_in_time": {}, "stale_while_idle": {}, "stale_at_use": {}, )"
        R"("stale_in_use": {}, "replays": {}, "replays_by_evidence": {}, "retries": {}}})",
        r.opened, r.reused, object_of(r.closed), r.left_in_time(), r.stale_while_idle(),
        r.closed_for(close_reason::stale_at_use), r.closed_for(close_reason::stale_in_use), r.replays,
        object_of(r.replays_by_evidence), r.retries);
}

std::string generator(const load_result& r) {
    return fmt::format(
        R"({{"cpu_user_s": {:.3f}, "cpu_system_s": {:.3f}, "cpu_us_per_request": {:.3f}, "cpu_share": {:.3f}, )"
        R"("bottleneck": {}}})",
        to_seconds(r.cpu_user), to_seconds(r.cpu_system), static_cast<double>(r.cpu_per_request().count()) / 1e3,
        r.cpu_share, r.generator_bound());
}

std::string series(const load_series& s) {
    return fmt::format(
        R"({{"slot_ms": {}, "precision_bits": {}, "slots": [{}]}})", s.width().count(), slot_histogram::precision_bits,
        list_of(s.slots(), [](const load_slot& slot) {
            const slot_histogram& h = slot.latency;
            return fmt::format(
                R"({{"answered": {}, "failed": {}, "bad_statuses": {}, "p50_ms": {:.3f}, "p90_ms": {:.3f}, "p99_ms": {:.3f}, )"
                R"("max_ms": {:.3f}, "connections": {}, "in_flight": {}, "opened": {}, "sent_again": {}, "sum": {:.0f}, )"
                R"("min": {}, "max": {}, "buckets": {}}})",
                h.count(), slot.failed, slot.statuses, to_ms(h.percentile(0.5)), to_ms(h.percentile(0.9)),
                to_ms(h.percentile(0.99)), to_ms(h.max()), slot.connections, slot.in_flight, slot.opened, slot.sent_again,
                h.sum(), h.min(), h.max(), buckets(h));
        }));
}

}  // namespace

std::string to_json(const load_result& r) {
    std::string text =
        fmt::format(R"({{"hearth_load": 1, "version": {}, "urls": [{}], "method": {}, "started": "{}", "started_ms": {}, )"
                    R"("machines": {}, "concurrency": {}, "target_rate": {}, "duration_s": {:.6f}, "interrupted": {}, )",
                    json_text(version()), list_of(r.urls, [](const std::string& u) { return json_text(u); }),
                    json_text(r.method), iso_time(r.started_ms), r.started_ms, r.machines, r.concurrency,
                    r.target_rate ? fmt::format("{}", *r.target_rate) : "null", to_seconds(r.duration), r.interrupted);
    text += fmt::format(R"("requests": {}, "rate": {:.3f}, "failed": {}, "unfinished": {}, "unsent": {}, "statuses": {}, )"
                        R"("statuses_by_class": {}, "errors": [{}], "bytes_received": {}, "bytes_sent": {}, )",
                        r.requests(), r.rate(), r.failed, r.unfinished, r.unsent, statuses(r), classes(r), errors(r),
                        r.bytes_received, r.bytes_sent);
    text += fmt::format(R"("latency_ms": {}, "service_time_ms": {}, "histogram": {}, "service_time_histogram": {}, )",
                        percentiles(r.latency), r.service_time ? percentiles(*r.service_time) : "null", histogram(r.latency),
                        r.service_time ? histogram(*r.service_time) : "null");
    return text + fmt::format(R"("connections": {}, "generator": {}, "series": {}}})", connections(r), generator(r),
                              series(r.series));
}

}  // namespace hearth::cli
