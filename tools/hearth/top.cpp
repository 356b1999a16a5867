// `hearth top [ADDR]`: a monitor's pool, in a terminal.

#include "arguments.hpp"
#include "top_run.hpp"

#include <memory>
#include <string>

namespace hearth::cli {
namespace {

constexpr const char* top_footer =
    R"(ADDR is where a hearth::monitor listens: HOST:PORT, :PORT (on this machine), http://HOST:PORT,
or unix:/PATH. A monitor that asks for a token gets the one in HEARTH_MONITOR_TOKEN.

Examples:
  hearth soak --monitor :9464        in one terminal,
  hearth top                         and in another
  hearth top unix:/run/service/hearth.sock
  hearth top --once :9464            what is there now, as plain text; so when stdout is no terminal
  hearth top --once --json :9464 | jq .totals.caught
  hearth top --json :9464 >pool.jsonl   an object a line, every interval, until Ctrl-C

Each origin has a line: requests that wait for a connection, connections in use, idle and being dialled,
requests a second, stale connections that were caught, requests that failed; and its connections, of
which those that idle fill up as they near their limit. docs/monitor.md has the shape of --json.

Keys: q leaves, s sorts by the next thing, / filters by name, arrows scroll, p pauses, ? shows all.
NO_COLOR turns colours off. When the monitor goes away, top says since when, and goes on trying.

Exit status: 0 done, 1 with --once there was nothing to show, 2 wrong usage, 130 interrupted.)";

}  // namespace

void add_top(CLI::App& app, action& chosen) {
    CLI::App* verb = app.add_subcommand("top", "Watch a program's pool, through its monitor");
    verb->footer(top_footer);
    auto o = std::make_shared<top_options>();
    verb->add_option("ADDR", o->address, "Where its monitor listens (default: 127.0.0.1:9464)");
    verb->add_flag("--once", o->once, "Show it once, and end");
    verb->add_flag("--json", o->json, "Pass on what the monitor says, an object a line");
    verb->callback([o, &chosen] { chosen = [o] { return run_top(*o); }; });
}

}  // namespace hearth::cli
