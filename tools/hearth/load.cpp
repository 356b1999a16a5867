// `hearth load URL...`: how fast, and how evenly, a server answers.

#include "arguments.hpp"
#include "load_html.hpp"
#include "load_json.hpp"
#include "load_options.hpp"
#include "load_report.hpp"
#include "load_run.hpp"
#include "monitor_flag.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>
#include <system_error>

namespace hearth::cli {
namespace {

constexpr const char* load_footer = R"(Examples:
  hearth load http://localhost:8080/                     50 requests at a time, for 10 seconds
  hearth load -c 200 -n 100000 http://localhost:8080/    100,000 requests, 200 at a time
  hearth load -r 2000 -d 1m http://localhost:8080/       2,000 a second, on time, for a minute
  hearth load -b @order.json -H 'Content-Type: application/json' http://localhost:8080/orders
  hearth load -c 20 --idle-gap 5s -d 2m URL              idle connections around a 5 s timeout: are any stale?
  hearth load -d 30s --warm-up 5s --html report.html --json URL >result.json
  hearth load -d 10m --monitor :9464 URL                 with a live page at http://127.0.0.1:9464/
  hearth load --merge a.json b.json --html both.html     what two machines found, in one report

Latency is from a request's begin to the last byte of its answer's body. Without --rate the next request
of a place begins when the one before it is answered: when the server stalls, so does the load, and the
stall shows as one slow answer a place. With --rate requests are due at fixed times; latency counts from
then, so a stall shows in every request that was due meanwhile ("coordinated omission" is corrected).
Service time, from the actual begin, stands beside it.

Dead connections are found, and what provably did not happen is sent again, as always with Hearth: the
report counts it. What still fails is counted as failed; --retry lets the agent try longer.
At the end of -d, requests under way have 5 s to end. Ctrl-C ends at once, with a report so far.

--json prints one object. Its keys, and the layout of its histograms, are in docs/load.md; among them:
  requests (answered or failed), rate (answers a second), failed, unfinished, unsent, duration_s
  latency_ms, service_time_ms   min, mean, sd, p50, p75, p90, p95, p99, p99_9, max
  histogram                     unit "ns", precision_bits, count, sum, min, max, buckets [[lower, count], ...]
  statuses, errors, connections, generator, series

Exit status: 0 every request was answered with a status under 400, 1 some were not, 2 wrong usage,
130 interrupted.)";

void write_file(const std::string& path, const std::string& text) {
    std::FILE* file = std::fopen(path.c_str(), "wbe");
    const auto fail = [&] { throw std::system_error(errno, std::generic_category(), "cannot write " + path); };
    if (file == nullptr) fail();
    const bool written = std::fwrite(text.data(), 1, text.size(), file) == text.size();
    if (std::fclose(file) != 0 || !written) fail();
}

void tell(const load_result& r, const load_options& o) {
    const painter paint{!o.json && wants_color(stdout)};
    fmt::print("{}", o.json ? to_json(r) + "\n" : as_text(r, paint));
    std::fflush(stdout);
    if (!o.html.empty()) write_file(o.html, to_html(r));
}

load_result read_result(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    if (!in) throw std::system_error(errno, std::generic_category(), "cannot read " + path);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    try {
        return load_result_from_json(text);
    } catch (const std::runtime_error& e) {
        throw std::runtime_error(fmt::format("{}: {}", path, e.what()));
    }
}

int merge(const load_options& o) {
    const auto all = std::make_unique<load_result>(read_result(o.arguments.front()));
    for (std::size_t i = 1; i < o.arguments.size(); ++i) {
        const auto next = std::make_unique<load_result>(read_result(o.arguments[i]));
        if (next->target_rate.has_value() != all->target_rate.has_value())
            throw std::runtime_error(fmt::format("{} and {}: one is of a run with --rate, the other is not",
                                                 o.arguments.front(), o.arguments[i]));
        all->merge(*next);
    }
    tell(*all, o);
    return exit_done;
}

int load(const load_options& o) {
    check(o);
    if (o.merge) return merge(o);
    load_plan plan = make_plan(o);
    const auto shown = open_monitor(o.monitor);
    plan.watched_by = shown.get();
    const interrupt_guard guard;
    progress_line line;
    if (line.visible() && !o.no_progress) fmt::print(stderr, "{}\n", introduction(plan));
    const auto result = std::make_unique<load_result>(run_load(plan, [&](const load_progress& p) {
        if (line.visible() && !o.no_progress) line.show(progress_text(p, plan));
        return !guard.interrupted();
    }));
    line.clear();
    tell(*result, o);
    if (result->interrupted) return exit_interrupted;
    return all_went_well(*result) ? exit_done : exit_failed;
}

}  // namespace

void add_load(CLI::App& app, action& chosen) {
    CLI::App* verb = app.add_subcommand("load", "Send many requests at a time, and tell how they were answered");
    verb->footer(load_footer);
    auto options = std::make_shared<load_options>();
    declare(*verb, *options);
    verb->callback([options, &chosen] { chosen = [options] { return load(*options); }; });
}

}  // namespace hearth::cli
