// `hearth origin`: an HTTP/1.1 server that misbehaves as asked, and counts what it did to whom.

#include "arguments.hpp"
#include "origin_options.hpp"
#include "origin_report.hpp"
#include "values/text.hpp"

#include <hearth/error.hpp>
#include <hearth/testing/faulty_origin.hpp>

#include <fmt/format.h>

#include <cerrno>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <thread>

namespace hearth::cli {
namespace {

using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr const char* before_faults =
    R"(Faults are of three families: of a connection, of its idleness (idle_*, late_tickets; they happen after
TIME without a request, by default that of --idle), of a request. Each time, one of a family is drawn
by weight; alone, it always happens. "none" stands for no fault in every family. The same seed does the
same to the n-th connection. A fault in_flight loses what the client sends in the --in-flight before it,
as on a path of that length.

)";

constexpr const char* after_faults = R"(
Paths: / /status/NNN /bytes/N /chunked/N /slow/MS /echo /headers /close

Examples:
  hearth origin                                        well-behaved, on a free port
  hearth origin --listen :8080 --idle 2s --hint 60s    closes after 2 s and promises 60
  hearth origin --fault idle_fin,in_flight --idle 1s   every idle close races with the next request
  hearth origin --fault none:97 --fault execute_then_rst:2 --fault dribble:1,time=50ms --seed 7
  hearth origin --tls --cert-out ca.pem --fault late_tickets,time=100ms
  hearth origin --restart-every 10s --downtime 500ms --drain -v

A request counts as executed twice by its x-request-id header.
Standard output: "listening on URL", with --json {"url": URL}; then, at the end, the report. As JSON:
  {"url":, "seed":, "seconds":, "interrupted":, "connections":, "executed":, "answered":,
   "executed_twice":, "repeated":, "malformed":, "idle_closes":, "restarts":, "caught_in_flight":,
   "faults": {KIND: {"happened":, "requests":}, ...},
   "victims": [{"seconds":, "connection":, "peer":, "fault":, "caught_in_flight":, "method":,
                "target":, "request_id":}, ...], "victims_left_out":}
executed_twice counts requests that must not be (POST without Idempotency-Key, say), repeated those that
may be. victims are the first 10,000 faults; without a request their last three texts are empty.
Exit status: 0 --duration is over, 1 it could not listen, 2 wrong usage, 130 Ctrl-C (with the report).)";

std::string origin_footer() {
    std::string text = before_faults;
    for (std::size_t i = 0; i < testing::fault_kinds; ++i) {
        const auto kind = static_cast<testing::fault_kind>(i);
        text += fmt::format("  {:<26}{}\n", to_string(kind), description(kind));
    }
    return text + after_faults;
}

std::unique_ptr<testing::faulty_origin> start(const testing::faulty_origin_options& options) {
    try {
        return std::make_unique<testing::faulty_origin>(options);
    } catch (const hearth::error& e) {
        std::string what = e.what();
        if (constexpr std::string_view prefix = "faulty_origin: "; what.starts_with(prefix)) what.erase(0, prefix.size());
        throw usage_error(what);
    }
}

void write_certificate(const std::string& path, const std::string& certificate) {
    if (path.empty()) return;
    std::ofstream out(path, std::ios::binary);
    out << certificate;
    out.close();
    if (!out) throw std::system_error(errno != 0 ? errno : EIO, std::generic_category(), path);
}

std::string progress(const testing::faulty_origin& origin) {
    const testing::faulty_origin_report r = origin.report();
    std::uint64_t faults = 0;
    for (const auto& [kind, tally] : r.faults) faults += tally.happened;
    return fmt::format("{} connections open, {} requests executed, {} faults, {} caught in flight",
                       with_commas(origin.open_connections()), with_commas(r.executed), with_commas(faults),
                       with_commas(r.caught_in_flight));
}

void show(origin_journal& journal) {
    for (const std::string& line : journal.take_lines()) fmt::print(stderr, "{}\n", line);
}

/// Waits until its time is over; false when Ctrl-C came first.
bool serve(const origin_options& o, const testing::faulty_origin& origin, origin_journal& journal,
           const interrupt_guard& guard) {
    progress_line line;
    const auto end = o.duration > 0ms ? clock::now() + o.duration : clock::time_point::max();
    while (!guard.interrupted()) {
        const auto left = end - clock::now();
        if (left <= 0ms) return true;
        std::this_thread::sleep_for(std::min<clock::duration>(left, 50ms));
        if (o.verbose) {
            show(journal);
        } else if (line.visible()) {
            line.show(progress(origin));
        }
    }
    return false;
}

int run_origin(origin_options o) {
    resolve(o);
    const interrupt_guard guard;
    origin_journal journal(o.verbose);
    o.origin.on_event = [&journal](const testing::origin_event& e) { journal.note(e); };
    const auto origin = start(o.origin);
    write_certificate(o.certificate_out, origin->certificate());
    const std::string where = origin->url() + (o.origin.socket_path.empty() ? "" : " on " + o.origin.socket_path);
    fmt::print("{}\n", o.json ? fmt::format(R"({{"url": "{}"}})", origin->url()) : "listening on " + where);
    std::fflush(stdout);

    const bool ended = serve(o, *origin, journal, guard);
    if (o.verbose) show(journal);
    const origin_outcome outcome{.url = origin->url(),
                                 .seed = o.origin.seed,
                                 .took = std::chrono::duration_cast<milliseconds>(clock::now() - journal.began()),
                                 .report = origin->report(),
                                 .interrupted = !ended};
    const painter paint{!o.json && wants_color(stdout)};
    fmt::print("{}", o.json ? as_json(outcome, journal) + "\n" : as_table(outcome, paint));
    return ended ? exit_done : exit_interrupted;
}

}  // namespace

void add_origin(CLI::App& app, action& chosen) {
    CLI::App* verb = app.add_subcommand("origin", "Serve HTTP/1.1 and misbehave exactly as asked");
    auto o = std::make_shared<origin_options>();
    verb->footer(origin_footer());
    declare(*verb, *o);
    verb->callback([o, &chosen] { chosen = [o] { return run_origin(*o); }; });
}

}  // namespace hearth::cli
