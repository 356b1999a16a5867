#include "load_report.hpp"

#include "get_report.hpp"
#include "values/text.hpp"

#include <hearth/url.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace hearth::cli {
namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;

constexpr int label_width = 16;
constexpr std::size_t bar_width = 40;
constexpr std::size_t rows_max = 16;

std::string per_second(double n) {
    return n >= 100 || n == 0 ? with_commas(static_cast<std::uint64_t>(std::llround(n))) : fmt::format("{:.1f}", n);
}

std::string percent(double part, double whole) {
    if (part <= 0 || whole <= 0) return "0 %";
    if (part >= whole) return "100 %";
    const double share = 100 * part / whole;
    if (share < 0.01) return "< 0.01 %";
    // Nearly all is not all.
    if (share > 99.99 && part < whole) return "> 99.99 %";
    return fmt::format("{:.{}f} %", share, share < 1 || (share > 99 && share < 100) ? 2 : 1);
}

std::string ns_text(double ns) {
    return ns < 999.5e3 ? fmt::format("{:.{}f} us", ns / 1e3,
                                      ns < 9.995e3   ? 2
                                      : ns < 99.95e3 ? 1
                                                     : 0)
                        : short_duration(nanoseconds(static_cast<std::int64_t>(ns)));
}
std::string ns_text(std::uint64_t ns) { return ns_text(static_cast<double>(ns)); }

/// Lines that begin with a label.
class report {
public:
    explicit report(const painter& paint) : paint_(paint) {}

    void title(std::string_view text) { text_ += "\n" + paint_.bold(text) + "\n"; }
    void line(std::string_view label, const std::string& rest) {
        text_ += fmt::format("  {:{}}{}\n", label, label_width, rest);
    }
    void note(std::string_view text) { text_ += fmt::format("{}\n", text); }
    [[nodiscard]] const painter& paint() const { return paint_; }
    [[nodiscard]] std::string text() && { return std::move(text_); }

private:
    const painter& paint_;
    std::string text_;
};

void outcome(report& out, const load_result& r) {
    out.line("answered", fmt::format("{}, {} a second", with_commas(r.answered), per_second(r.rate())));
    if (r.target_rate) out.line("rate asked for", fmt::format("{} a second", per_second(*r.target_rate)));
    const std::string failed = with_commas(r.failed);
    out.line("failed", r.failed == 0
                           ? out.paint().green(failed)
                           : out.paint().red(failed) + fmt::format(" ({})", percent(static_cast<double>(r.failed),
                                                                                    static_cast<double>(r.requests()))));
    if (r.unfinished > 0) out.line("unfinished", with_commas(r.unfinished) + " under way at the end, given up, not counted");
    if (r.unsent > 0) out.line("not begun", with_commas(r.unsent) + " were due before the end and found no free place");
    out.line("bodies", fmt::format("{} received, {} sent", short_size(r.bytes_received), short_size(r.bytes_sent)));
}

void statuses(report& out, const load_result& r) {
    out.title("Statuses");
    for (std::size_t s = 0; s < r.statuses.size(); ++s) {
        if (r.statuses[s] == 0) continue;
        const std::string code = fmt::format("{:<{}}", s, label_width);
        out.note(fmt::format("  {}{} ({})", s >= 400 ? out.paint().red(code) : code, with_commas(r.statuses[s]),
                             percent(static_cast<double>(r.statuses[s]), static_cast<double>(r.answered))));
    }
}

void errors(report& out, const load_result& r) {
    if (r.errors.empty()) return;
    out.title("Failures");
    for (const auto& [kind, e] : r.errors) {
        const std::string evidence = kind.evidence == "none" ? "" : fmt::format(", evidence: {}", kind.evidence);
        out.note(fmt::format("  {} {} while in phase {}{}", out.paint().red(fmt::format("{:>10}", with_commas(e.count))),
                             kind.code, kind.phase, evidence));
        out.note(fmt::format("             {}", out.paint().dim(values::printable(e.message))));
    }
}

void latencies(report& out, const load_result& r) {
    out.title(r.service_time ? "Latency             from when due      service time" : "Latency");
    const auto row = [&](const char* label, auto value_of) {
        std::string text = fmt::format("{:>14}", ns_text(value_of(r.latency)));
        if (r.service_time) text += fmt::format("    {:>14}", ns_text(value_of(*r.service_time)));
        out.line(label, text);
    };
    for (const load_percentile& p : load_percentiles)
        row(p.label, [&](const latency_histogram& h) { return h.percentile(p.share); });
    row("max", [](const latency_histogram& h) { return h.max(); });
    row("min", [](const latency_histogram& h) { return h.min(); });
    row("mean", [](const latency_histogram& h) { return h.mean(); });
    row("sd", [](const latency_histogram& h) { return h.deviation(); });
}

void distribution(report& out, const load_result& r) {
    const latency_histogram& h = r.latency;
    const std::vector<std::uint64_t> limits = histogram_rows(h.min(), h.max());
    std::vector<std::uint64_t> counts(limits.size() - 1);
    h.each([&](std::uint64_t lower, std::uint64_t width, std::uint64_t n) {
        // A bucket that a limit cuts goes where its middle is.
        const std::uint64_t middle = std::clamp(lower + width / 2, h.min(), h.max());
        counts[static_cast<std::size_t>(std::ranges::upper_bound(limits, middle) - limits.begin()) - 1] += n;
    });
    const auto most = static_cast<double>(*std::ranges::max_element(counts));
    out.title("Distribution of latency");
    for (std::size_t i = 0; i < counts.size(); ++i) {
        const auto n = static_cast<double>(counts[i]);
        const auto full = static_cast<std::size_t>(std::ceil(n / most * static_cast<double>(bar_width)));
        out.note(fmt::format("  {:>8} to {:>8}  {:{}} {}", ns_text(limits[i]), ns_text(limits[i + 1]),
                             std::string(full, '#'), bar_width, percent(n, static_cast<double>(h.count()))));
    }
}

std::string list_of(const std::map<std::string, std::uint64_t>& counts) {
    std::string text;
    for (const auto& [name, n] : counts) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", name, with_commas(n));
    return text;
}

void connections(report& out, const load_result& r) {
    out.title("Connections");
    out.line("opened", with_commas(r.opened));
    out.line("reused", fmt::format("for {} requests", with_commas(r.reused)));
    if (!r.closed.empty()) out.line("closed", list_of(r.closed));
    const auto part = [&](const char* label, std::uint64_t n, const char* what) {
        if (n > 0) out.line(label, fmt::format("{} {}", with_commas(n), what));
    };
    part("left in time", r.left_in_time(), "retired before the server would close them");
    part("stale, idle", r.stale_while_idle(), "seen to end while they were idle");
    part("stale, at use", r.closed_for(close_reason::stale_at_use), "found by the look before use");
    part("stale, in use", r.closed_for(close_reason::stale_in_use), "whose end crossed with a request");
    if (r.replays > 0) out.line("replays", fmt::format("{} ({})", with_commas(r.replays), list_of(r.replays_by_evidence)));
    if (r.retries > 0) out.line("retries", with_commas(r.retries));
}

void generator(report& out, const load_result& r) {
    out.title("This generator");
    const auto n = static_cast<double>(std::max<std::uint64_t>(r.requests(), 1));
    out.line("CPU", fmt::format("{:.1f} us a request ({:.1f} user, {:.1f} system), {:.0f} % of a core",
                                static_cast<double>(r.cpu_per_request().count()) / 1e3,
                                static_cast<double>(r.cpu_user.count()) / 1e3 / n,
                                static_cast<double>(r.cpu_system.count()) / 1e3 / n, r.cpu_share * 100));
    if (r.generator_bound()) {
        out.note(
            "  It was busy all the time: the rate may be its limit rather than the server's. Run one on each of\n"
            "  several cores or machines at the same time, and hearth load --merge what they write with --json.");
    }
}

std::string seconds(nanoseconds d) {
    const double s = std::chrono::duration<double>(d).count();
    return fmt::format("{:.{}f} s", s, s < 10 ? 2 : 1);
}

/// Answers and latencies of the last second, or of the last slot where it is longer.
struct recently {
    double rate = 0;
    slot_histogram latency{};
};

recently recent(const load_series& series, nanoseconds elapsed) {
    recently now;
    const auto& slots = series.slots();
    if (slots.empty()) return now;
    // The last slot is not over yet.
    const nanoseconds width = series.width();
    const auto wanted = static_cast<std::size_t>(std::max<std::int64_t>(nanoseconds(1s) / width, 1));
    const std::size_t end = slots.size() > 1 ? slots.size() - 1 : slots.size();
    const std::size_t begin = end - std::min(wanted, end);
    for (std::size_t i = begin; i < end; ++i) now.latency.merge(slots[i].latency);
    const nanoseconds span = slots.size() > 1 ? nanoseconds(width * (end - begin)) : std::max<nanoseconds>(elapsed, 1ms);
    now.rate = static_cast<double>(now.latency.count()) / std::chrono::duration<double>(span).count();
    return now;
}

}  // namespace

std::string progress_text(const load_progress& p, const load_plan& plan) {
    if (p.elapsed < 0ns) return fmt::format("warming up, {} more, {} in flight", seconds(-p.elapsed), p.in_flight);
    const load_result& r = p.so_far;
    const recently now = recent(r.series, p.elapsed);
    const std::string of = plan.duration ? fmt::format(" of {}", seconds(*plan.duration)) : "";
    const std::string of_count = plan.has_count() ? fmt::format(" of {}", with_commas(plan.count)) : "";
    return fmt::format("{}{}  {}/s  {}{} answered, {} failed  p50 {}  p99 {}  {} in flight", seconds(p.elapsed), of,
                       per_second(now.rate), with_commas(r.answered), of_count, with_commas(r.failed),
                       ns_text(now.latency.percentile(0.5)), ns_text(now.latency.percentile(0.99)), p.in_flight);
}

std::string introduction(const load_plan& plan) {
    std::string what = fmt::format("{} {}", plan.requests.front().method, url::parse(plan.requests.front().url).redacted());
    if (plan.requests.size() > 1) what += fmt::format(" and {} more", plan.requests.size() - 1);
    std::string how;
    if (plan.rate) how += fmt::format(", {} a second", per_second(*plan.rate));
    how += fmt::format(", {}{} at a time", plan.rate ? "up to " : "", with_commas(plan.concurrency));
    if (plan.has_count()) how += fmt::format(", {} requests", with_commas(plan.count));
    if (plan.duration) how += fmt::format(", {} {}", plan.has_count() ? "at most" : "for", seconds(*plan.duration));
    return what + how;
}

std::vector<std::uint64_t> histogram_rows(std::uint64_t min, std::uint64_t max) {
    // Each coarser than the one before it, in steps of a decade.
    static constexpr std::array<std::uint64_t, 18> fine{10, 11, 12, 13, 14, 16, 18, 20, 22,
                                                        25, 28, 32, 36, 40, 50, 63, 71, 80};
    static constexpr std::array<std::uint64_t, 9> steps{10, 13, 16, 20, 25, 32, 40, 50, 70};
    static constexpr std::array<std::uint64_t, 6> middle{10, 15, 20, 30, 50, 70};
    static constexpr std::array<std::uint64_t, 3> coarse{10, 20, 50};
    static constexpr std::array<std::uint64_t, 1> coarsest{10};
    std::vector<std::uint64_t> limits;
    for (const std::span<const std::uint64_t> in :
         {std::span<const std::uint64_t>(fine), std::span<const std::uint64_t>(steps),
          std::span<const std::uint64_t>(middle), std::span<const std::uint64_t>(coarse),
          std::span<const std::uint64_t>(coarsest)}) {
        limits.assign(1, 0);
        for (std::uint64_t decade = 1; limits.back() <= max; decade *= 10) {
            for (const std::uint64_t step : in) {
                const std::uint64_t limit = decade * step;
                if (limits.back() > max) break;
                if (limit <= min) limits.clear();
                limits.push_back(limit);
            }
        }
        if (limits.size() <= rows_max + 1) break;
    }
    return limits;
}

bool all_went_well(const load_result& r) noexcept { return r.failed == 0 && r.bad_statuses() == 0; }

std::string as_text(const load_result& r, const painter& paint) {
    report out(paint);
    std::string urls = r.urls.empty() ? "" : r.urls.front();
    if (r.urls.size() > 1) urls += fmt::format(" and {} more", r.urls.size() - 1);
    const std::string machines = r.machines > 1 ? fmt::format(" on {} machines", r.machines) : "";
    out.note(paint.bold(fmt::format("{} {}", r.method, urls)) +
             fmt::format(", {} at a time{}, for {}{}", with_commas(r.concurrency), machines, seconds(r.duration),
                         r.interrupted ? ", interrupted" : ""));
    outcome(out, r);
    errors(out, r);
    if (r.answered > 0) {
        statuses(out, r);
        latencies(out, r);
        distribution(out, r);
    }
    connections(out, r);
    generator(out, r);
    return std::move(out).text();
}

}  // namespace hearth::cli
