#include "load_options.hpp"

#include "arguments.hpp"
#include "log_flags.hpp"
#include "monitor_flag.hpp"

#include <hearth/error.hpp>
#include <hearth/url.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <system_error>
#include <utility>

namespace hearth::cli {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t concurrency_max = 100'000;
constexpr std::uint64_t requests_max = 1'000'000'000'000;
constexpr double rate_min = 0.001;
constexpr double rate_max = 10'000'000;
constexpr auto default_duration = 10s;
// The body is kept in memory, and copied for each request.
constexpr std::size_t body_max = 64 * 1024 * 1024;

struct file_closer {
    void operator()(std::FILE* f) const noexcept {
        if (f != stdin) (void)std::fclose(f);
    }
};

[[noreturn]] void fail(const std::string& what) { throw std::system_error(errno, std::generic_category(), what); }

// "-" is standard input.
std::string content_of(const std::string& path) {
    const std::unique_ptr<std::FILE, file_closer> file(path == "-" ? stdin : std::fopen(path.c_str(), "rbe"));
    if (!file) fail("cannot read " + path);
    std::string bytes;
    std::array<char, 64 * 1024> piece;
    while (const std::size_t n = std::fread(piece.data(), 1, piece.size(), file.get())) {
        if (bytes.size() + n > body_max) throw usage_error("-b takes at most 64 MiB");
        bytes.append(piece.data(), n);
    }
    if (std::ferror(file.get()) != 0) fail("cannot read " + path);
    return bytes;
}

void declare_request(CLI::App& verb, load_options& o) {
    verb.add_option("URL", o.arguments, "Where to send requests, to each in turn; with --merge, the files to merge");
    verb.add_option("-X,--method", o.method, "Method (default: GET, POST with -b)")->type_name("METHOD");
    verb.add_option("-b,--data", o.data, "Send this body, or the content of @FILE ('@-': standard input), as it is")
        ->type_name("DATA");
    declare_header(verb, o);
}

void declare_load(CLI::App& verb, load_options& o) {
    verb.add_option("-c,--concurrency", o.concurrency, "Requests at a time, at most (default 50)")
        ->type_name("N")
        ->check(CLI::Range(std::size_t{1}, concurrency_max));
    verb.add_option("-n,--requests", o.requests, "End after so many requests")
        ->type_name("N")
        ->check(CLI::Range(std::uint64_t{1}, requests_max));
    add_duration(verb, "-d,--duration", o.duration,
                 "End after so long (default 10s, without -n); with -n, whichever comes first");
    verb.add_option("-r,--rate", o.rate,
                    "Requests a second, begun on time whatever the server does; latency counts from when each was due")
        ->type_name("N")
        ->check(CLI::Range(rate_min, rate_max));
    add_duration(verb, "--warm-up", o.warm_up, "Send requests for so long first, and leave them out of the results");
    add_duration(verb, "--idle-gap", o.idle_gap,
                 "Pause so long after each response: connections idle meanwhile, and may become stale");
    declare_pool(verb, o, ": one for each request at a time", ", or 429, 502, 503, 504 (default 0: a failure is counted)");
    declare_timeouts(verb, o);
}

void declare_output(CLI::App& verb, load_options& o) {
    verb.add_flag("--json", o.json, "Print the result as one JSON object: docs/load.md says what is in it");
    verb.add_option("--html", o.html, "Write a report with charts to this file")->type_name("FILE");
    declare_monitor(verb, o.monitor);
    verb.add_flag("--no-progress", o.no_progress, "Show no progress (it is shown on a terminal only)");
    declare_log(verb, o.log);
    verb.add_flag("--merge", o.merge,
                  "Merge files that --json wrote, on machines that ran at the same time, into one report");
}

}  // namespace

void declare(CLI::App& verb, load_options& o) {
    declare_request(verb, o);
    declare_load(verb, o);
    declare_output(verb, o);
    declare_security(verb, o);
}

void check(const load_options& o) {
    if (o.merge && o.arguments.empty()) throw usage_error("say what to merge: files that hearth load --json wrote");
    if (o.merge) return;
    if (o.arguments.empty()) throw usage_error("say where to send requests: a URL");
    if (o.rate && o.idle_gap > 0ms) throw usage_error("--rate and --idle-gap each say when requests begin: use one");
    check(static_cast<const send_flags&>(o));
    try {
        for (const std::string& text : o.arguments) (void)url::parse(text);
        validate(make_agent_options(o, o.concurrency));
    } catch (const error& e) {
        throw usage_error(e.what());
    }
}

load_plan make_plan(const load_options& o) {
    load_plan plan;
    request what = make_request(o, o.data ? "POST" : "GET");
    if (o.data) what.body = o.data->starts_with('@') ? content_of(o.data->substr(1)) : *o.data;
    for (const std::string& url : o.arguments) {
        what.url = url;
        plan.requests.push_back(what);
    }
    plan.agent = make_agent_options(o, o.concurrency);
    plan.agent.max_pending = std::max(plan.agent.max_pending, o.concurrency);
    // Retries would hide in the latencies what the server did.
    if (!o.retry) plan.agent.retry.max_retries = 0;
    plan.concurrency = o.concurrency;
    if (o.requests) plan.count = *o.requests;
    if (o.duration || !o.requests) plan.duration = o.duration.value_or(default_duration);
    plan.rate = o.rate;
    plan.warm_up = o.warm_up;
    plan.idle_gap = o.idle_gap;
    return plan;
}

}  // namespace hearth::cli
