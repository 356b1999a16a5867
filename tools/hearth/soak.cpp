// hearth soak: the same traffic through a plain keep-alive client and through Hearth, side by side.

#include "arguments.hpp"
#include "log_flags.hpp"
#include "monitor_flag.hpp"
#include "soak_faults.hpp"
#include "soak_pass.hpp"
#include "soak_report.hpp"

#include <hearth/testing/faulty_origin.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace hearth::cli {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

constexpr const char* summary =
    "Pause around a server's idle timeout, as a plain client and as Hearth, and count what fails";

constexpr const char* soak_footer = R"(What it does:
  Callers send bursts of GETs and POSTs with idle gaps between them. Most gaps are short; some end
  while the server's close of the idle connection is on its way, which is when keep-alive clients
  fail. First a plain client takes the traffic: it reuses connections without looking at them and
  sends nothing twice. Then Hearth takes the same, with its defaults; nobody tells it the server's
  idle timeout, which is too short to be learnt (that begins at 1 s) unless --idle says otherwise.
  Without a URL the server is built in, on a free port of 127.0.0.1. It closes connections that were
  idle for --idle, says so in no header, and loses what arrives during the last eighth of that time,
  as if its close had crossed with the request on a long path. Every 5 s it closes all idle
  connections at once, as a restart does. It loses no request that it has read, and counts what it
  executed by the x-request-id that every request carries.
  With a URL all requests are GETs unless --posts says otherwise: a POST may change something there.

Examples:
  hearth soak                                   20,000 requests a pass, 20 seconds each
  hearth soak --requests 50000 --seed 7         longer, with other gaps
  hearth soak --idle 2s                         a timeout long enough to be learnt
  hearth soak --faults execute_then_rst=2       one request in 50 is executed, and its connection reset
  hearth soak http://localhost:3000/ --idle 5s  your own server, which closes after 5 s (Node's default)
  hearth soak --monitor :9464                   with a live page at http://127.0.0.1:9464/; on a terminal
                                                it stays there after the end, until Ctrl-C
  hearth soak --log info                        what Hearth caught, replayed and retried, a line each
  hearth soak --json | jq .hearth.failed

JSON (--json), one object; "hearth" is null when Ctrl-C came before its turn:
  {"plain": {...}, "hearth": {"requests": N, "failed": N, "errors": {"connection_reset": N, ...},
   "maybe_executed": N, "executed_twice": N, "repeated_safely": N, "caught_in_flight": N,
   "replays": N, "replays_by_evidence": {"closed_before": N, ...}, "retries": N,
   "stale_found_before_use": N, "connections": N,
   "latency_ms": {"p50": X, "p99": X, "max": X}, "interrupted": false}}
  executed_twice, repeated_safely and caught_in_flight are null with a URL: only a server knows them.

Faults (--faults), beyond those above: a list of KIND or KIND=PERCENT (default 1). Those of idle
connections happen, in flight, to so many of the connections that time out, those named close_after
to so many connections, after 10 responses, and the others to so many requests. A POST that they
kill when the server may have read it counts as maybe_executed, not as failed; a GET is sent again,
a few times, and fails when its response had begun:
)";

constexpr const char* soak_footer_end = R"(
Exit status: 0 Hearth failed no request and had no POST executed twice, 1 it did, 2 wrong usage,
130 interrupted (with what there was so far).)";

struct soak_options {
    std::string url;
    std::optional<std::uint64_t> requests;
    std::optional<std::uint64_t> concurrency;
    std::optional<std::uint64_t> posts;
    milliseconds idle{0};
    milliseconds duration{60'000};
    std::vector<wanted_fault> faults{};
    std::uint64_t seed = 1;
    bool json = false;
    log_options log{};
    std::string monitor{};  // where it listens; empty: nowhere

    [[nodiscard]] bool built_in() const noexcept { return url.empty(); }
};

// Callers have an agent each, and so many requests at a time.
constexpr std::uint64_t burst = 10;
// No request of the soak takes long unless it hangs.
constexpr auto deadline = 30s;
constexpr auto restart_every = 5s;
constexpr auto shortest_idle = 10ms;
// The part of the built-in server's idle timeout in which a request is too late.
constexpr int in_flight_divisor = 8;

pass_options common(const soak_options& o) {
    const std::uint64_t concurrency = o.concurrency.value_or(o.built_in() ? 200 : 50);
    pass_options pass;
    pass.url = o.url;
    pass.requests = o.requests.value_or(o.built_in() ? 20'000 : 1'000);
    pass.burst = std::min(burst, concurrency);
    pass.callers = std::max<std::uint64_t>(1, concurrency / pass.burst);
    pass.post_share = static_cast<double>(o.posts.value_or(o.built_in() ? 50 : 0)) / 100;
    pass.closing = {.idle = o.idle, .in_flight = o.built_in() ? o.idle / in_flight_divisor : 0ms};
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

testing::faulty_origin_options origin_options(const soak_options& o, const pass_options& pass) {
    testing::faulty_origin_options origin;
    origin.idle_timeout = o.idle;
    origin.in_flight = pass.closing.in_flight;
    origin.faults = weigh_faults(o.faults);
    origin.seed = o.seed;
    origin.work = 500us;
    origin.restart_every = restart_every;
    origin.restart_drains = true;
    return origin;
}

std::string progress(const char* name, const pass_result& so_far, std::uint64_t requests) {
    constexpr std::size_t width = 30;
    const std::size_t full = so_far.requests * width / requests;
    return fmt::format("{:<7}[{}{}] {} of {} requests, {} failed", name, std::string(full, '#'),
                       std::string(width - full, '.'), with_commas(so_far.requests), with_commas(requests),
                       with_commas(so_far.failed));
}

server_facts facts_of(const testing::faulty_origin& origin) {
    const testing::faulty_origin_report report = origin.report();
    return {.executed_twice = report.executed_twice,
            .repeated_safely = report.repeated,
            .caught_in_flight = report.caught_in_flight};
}

/// One pass, against a server of its own where that is built in, so that both find the same.
pass_result run_one(const soak_options& o, pass_options pass, const char* name, const interrupt_guard& guard) {
    std::unique_ptr<testing::faulty_origin> origin;
    if (o.built_in()) {
        origin = std::make_unique<testing::faulty_origin>(origin_options(o, pass));
        pass.url = origin->url() + "/";
    }
    // A server that goes on after this run must not meet the same ids in the next.
    pass.shown_as = name;
    pass.name = fmt::format("soak-{}-{:x}", name, std::chrono::system_clock::now().time_since_epoch().count());
    progress_line line;
    pass_result result = run_pass(pass, [&](const pass_result& so_far) {
        line.show(progress(name, so_far, pass.requests));
        return !guard.interrupted();
    });
    if (origin) result.facts = facts_of(*origin);
    return result;
}

std::string what_is_sent(const pass_options& pass) {
    const std::string count = with_commas(pass.requests);
    if (pass.post_share <= 0) return count + " GETs";
    if (pass.post_share >= 1) return count + " POSTs";
    return fmt::format("{} requests, {:.0f} % of them POSTs", count, pass.post_share * 100);
}

std::string what_the_server_does(const soak_options& o, const pass_options& pass) {
    if (!o.built_in()) return fmt::format("They go to {},\nwith pauses around {} ms.\n", o.url, o.idle.count());
    std::string text = fmt::format(
        "Their server closes connections that were idle for {} ms. What is sent in the\nlast {} ms of "
        "that is lost, as if it had crossed with the close on its way. It restarts every {} s.\n",
        o.idle.count(), pass.closing.in_flight.count(), restart_every.count());
    for (const wanted_fault& w : o.faults)
        text += fmt::format("Asked for besides: {} ({} %).\n", to_string(w.kind), w.percent);
    return text;
}

std::string introduction(const soak_options& o, const pass_options& pass) {
    return fmt::format("{}, up to {} at a time, first by a plain keep-alive client,\nthen by Hearth. {}\n",
                       what_is_sent(pass), pass.callers * pass.burst, what_the_server_does(o, pass));
}

/// Where to look: now, where a person might want to, or the next time.
void end_with_a_look(const soak_options& o, const monitor* shown, const interrupt_guard& guard) {
    if (o.json) return;
    if (shown == nullptr) {
        fmt::print("\nTo watch the pools meanwhile: hearth soak --monitor :9464, and open http://127.0.0.1:9464/\n");
        return;
    }
    fmt::print("\nThe pools were shown at {}", shown->url());
    if (!is_terminal(stdin) || !is_terminal(stdout) || guard.interrupted()) {
        fmt::print("\n");
        return;
    }
    fmt::print(" and still are: Ctrl-C ends this.\n");
    std::fflush(stdout);
    while (!guard.interrupted()) std::this_thread::sleep_for(50ms);
}

int soak(soak_options o) {
    if (o.idle == 0ms) o.idle = o.built_in() ? 400ms : 5s;
    if (o.built_in() && o.idle < shortest_idle)
        throw usage_error(fmt::format("--idle must be at least {} ms for the server built in", shortest_idle.count()));
    if (!o.built_in() && !o.faults.empty())
        throw usage_error("--faults are of the server built in; with a URL there is none");
    pass_options with_defaults = common(o);
    auto shown = open_monitor(o.monitor);
    with_defaults.watched_by = shown.get();
    pass_options plain = with_defaults;
    plain.agent = plain_agent(plain.agent);
    const interrupt_guard guard;
    if (!o.json) {
        fmt::print("{}", introduction(o, with_defaults));
        std::fflush(stdout);
    }
    soak_result result{.plain = run_one(o, plain, "plain", guard)};
    if (!result.plain.interrupted) {
        pass_options hearth = with_defaults;
        hearth.agent.log = o.log;
        // What the plain client lost is no part of what Hearth's pass shows.
        shown = open_again(std::move(shown));
        hearth.watched_by = shown.get();
        result.hearth = run_one(o, hearth, "Hearth", guard);
    }
    const painter paint{!o.json && wants_color(stdout)};
    fmt::print("{}", o.json ? as_json(result) + "\n" : as_table(result, paint));
    end_with_a_look(o, shown.get(), guard);
    if (!result.hearth || result.hearth->interrupted) return exit_interrupted;
    return kept_its_promise(*result.hearth) ? exit_done : exit_failed;
}

}  // namespace

void add_soak(CLI::App& app, action& chosen) {
    CLI::App* verb = app.add_subcommand("soak", summary);
    auto o = std::make_shared<soak_options>();
    verb->footer(soak_footer + fault_list() + soak_footer_end);
    verb->add_option("URL", o->url, "A server to use instead of the one built in")->check(is_url());
    verb->add_option("--requests", o->requests, "Requests a pass (default: 20,000; 1,000 with a URL)")
        ->check(CLI::Range(1, 1'000'000));
    verb->add_option("--concurrency", o->concurrency, "Requests at a time (default: 200; 50 with a URL)")
        ->check(CLI::Range(1, 10'000));
    verb->add_option("--posts", o->posts, "POSTs in a hundred requests (default: 50; 0 with a URL)")
        ->check(CLI::Range(0, 100));
    add_duration(*verb, "--idle", o->idle,
                 "The server's idle timeout, around which the gaps lie (default: 400ms; 5s with a URL)");
    add_duration(*verb, "--duration", o->duration, "No new request in a pass after so long (default: 60s)");
    verb->add_option_function<std::string>(
            "--faults", [o](const std::string& list) { o->faults = parse_faults(list); },
            "What else goes wrong with the server built in: KIND=PERCENT,... (see below)")
        ->type_name("LIST");
    verb->add_option("--seed", o->seed, "Draws gaps and faults; the same seed draws the same (default: 1)");
    declare_monitor(*verb, o->monitor);
    verb->add_flag("--json", o->json, "Print the result as JSON");
    declare_log(*verb, o->log);
    verb->callback([o, &chosen] { chosen = [o] { return soak(*o); }; });
}

}  // namespace hearth::cli
