// hearth soak: the same traffic through a plain keep-alive client and through Hearth, side by side.

#include "cli_common.hpp"
#include "soak_pass.hpp"
#include "soak_report.hpp"

#include <hearth/testing/faulty_origin.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>

namespace hearth::cli {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

constexpr const char* summary =
    "Pause around a server's idle timeout, as a plain client and as Hearth, and count what fails";

constexpr const char* footer = R"(What it does:
  Callers send bursts of GETs with idle gaps between them. Most gaps are short; some end just when
  the server closes the idle connection, which is when keep-alive clients fail. First a plain
  client takes the traffic: it reuses connections without looking at them and sends nothing twice.
  Then Hearth takes the same, with its defaults; nobody tells it the server's idle timeout.
  Without a URL the server is built in, on a free port of 127.0.0.1: it closes connections that
  were idle for --idle, says so in no header, and restarts now and then.

Examples:
  hearth soak                                   10 seconds, against the server built in
  hearth soak --requests 50000 --seed 7         longer, with other gaps
  hearth soak http://localhost:3000/ --idle 5s  your own server, which closes after 5 s (Node's default)
  hearth soak --json | jq .hearth.failed

JSON (--json), one object; "hearth" is null when Ctrl-C came before its turn:
  {"plain": {...}, "hearth": {"requests": N, "failed": N, "errors": {"connection_reset": N, ...},
   "replays": N, "retries": N, "connections": N, "latency_ms": {"p50": X, "p99": X, "max": X},
   "interrupted": false}}

Exit status: 0 Hearth failed no request, 1 it failed one, 2 wrong usage, 130 interrupted (with
what there was so far).)";

struct soak_options {
    std::string url;
    std::optional<std::uint64_t> requests;
    std::optional<std::uint64_t> concurrency;
    milliseconds idle{0};
    milliseconds duration{60'000};
    std::uint64_t seed = 1;
    bool json = false;

    [[nodiscard]] bool built_in() const noexcept { return url.empty(); }
};

// Callers have an agent each, and so many requests at a time.
constexpr std::uint64_t burst = 10;
// No request of the soak takes long unless it hangs.
constexpr auto deadline = 30s;

pass_options common(const soak_options& o) {
    const std::uint64_t concurrency = o.concurrency.value_or(o.built_in() ? 200 : 50);
    pass_options pass;
    pass.url = o.url;
    pass.requests = o.requests.value_or(o.built_in() ? 8'000 : 1'000);
    pass.burst = std::min(burst, concurrency);
    pass.callers = std::max<std::uint64_t>(1, concurrency / pass.burst);
    pass.idle = o.idle;
    pass.seed = o.seed;
    pass.duration = o.duration;
    pass.agent.deadline = deadline;
    return pass;
}

/// A keep-alive client as they are everywhere: no look at idle connections, nothing sent twice.
agent_options plain_agent(agent_options o) {
    o.watch_idle = false;
    o.check_before_use = false;
    o.learn_idle_timeout = false;
    o.replay.enabled = false;
    o.retry.max_retries = 0;
    // No defence by leaving early either.
    o.keep_alive_timeout = 24h;
    o.keep_alive_timeout_threshold = 0ms;
    return o;
}

testing::faulty_origin_options origin_options(const soak_options& o) {
    testing::faulty_origin_options origin;
    origin.idle_timeout = o.idle;
    origin.work = 500us;
    origin.restart_every = 2s;
    origin.restart_drains = true;
    return origin;
}

std::string progress(const char* name, const pass_result& so_far, std::uint64_t requests) {
    constexpr std::size_t width = 24;
    const std::size_t full = so_far.requests * width / requests;
    return fmt::format("{:<7}[{}{}] {} of {} requests, {} failed", name, std::string(full, '#'),
                       std::string(width - full, '.'), with_commas(so_far.requests), with_commas(requests),
                       with_commas(so_far.failed));
}

/// One pass, against a server of its own where that is built in, so that both find the same.
pass_result run_one(const soak_options& o, pass_options pass, const char* name, const interrupt_guard& guard) {
    std::unique_ptr<testing::faulty_origin> origin;
    if (o.built_in()) {
        origin = std::make_unique<testing::faulty_origin>(origin_options(o));
        pass.url = origin->url() + "/";
    }
    progress_line line;
    return run_pass(pass, [&](const pass_result& so_far) {
        line.show(progress(name, so_far, pass.requests));
        return !guard.interrupted();
    });
}

std::string introduction(const soak_options& o, const pass_options& pass) {
    const std::string server =
        o.built_in() ? fmt::format("a server that closes connections idle for {} ms, and restarts every 2 s", o.idle.count())
                     : fmt::format("{}, with pauses around {} ms", o.url, o.idle.count());
    return fmt::format("{} GETs, up to {} at a time, to {}:\nfirst by a plain keep-alive client, then by Hearth.\n\n",
                       with_commas(pass.requests), pass.callers * pass.burst, server);
}

int soak(soak_options o) {
    if (o.idle == 0ms) o.idle = o.built_in() ? 250ms : 5s;
    const pass_options with_defaults = common(o);
    pass_options plain = with_defaults;
    plain.agent = plain_agent(plain.agent);
    const interrupt_guard guard;
    if (!o.json) {
        fmt::print("{}", introduction(o, with_defaults));
        std::fflush(stdout);
    }
    soak_result result{.plain = run_one(o, plain, "plain", guard)};
    if (!result.plain.interrupted) result.hearth = run_one(o, with_defaults, "Hearth", guard);
    const painter paint{!o.json && wants_color(stdout)};
    fmt::print("{}", o.json ? as_json(result) + "\n" : as_table(result, paint));
    if (!result.hearth || result.hearth->interrupted) return exit_interrupted;
    return result.hearth->failed == 0 ? exit_done : exit_failed;
}

}  // namespace

void add_soak(CLI::App& app, action& chosen) {
    CLI::App* verb = app.add_subcommand("soak", summary);
    auto o = std::make_shared<soak_options>();
    verb->footer(footer);
    verb->add_option("URL", o->url, "A server to use instead of the one built in")->check(is_url());
    verb->add_option("--requests", o->requests, "Requests a pass (default: 8,000; 1,000 with a URL)")
        ->check(CLI::Range(1, 1'000'000));
    verb->add_option("--concurrency", o->concurrency, "Requests at a time (default: 200; 50 with a URL)")
        ->check(CLI::Range(1, 10'000));
    add_duration(*verb, "--idle", o->idle,
                 "The server's idle timeout, around which the gaps lie (default: 250ms; 5s with a URL)");
    add_duration(*verb, "--duration", o->duration, "No new request in a pass after so long (default: 60s)");
    verb->add_option("--seed", o->seed, "Draws the gaps; the same seed gives the same gaps (default: 1)");
    verb->add_flag("--json", o->json, "Print the result as JSON");
    verb->callback([o, &chosen] { chosen = [o] { return soak(*o); }; });
}

}  // namespace hearth::cli
