// `hearth get URL...`: fetches through one agent.

#include "arguments.hpp"
#include "get_options.hpp"
#include "get_run.hpp"

#include <memory>

namespace hearth::cli {
namespace {

constexpr const char* examples = R"(Examples:
  hearth get https://example.com/                        the body, on standard output
  hearth get -v -o page.html https://example.com/        heads, connection and timings on standard error
  hearth get -d '{"a":1}' -H 'Content-Type: application/json' https://api.example.com/items
  hearth get --input urls.txt --parallel 8 --output-dir pages
  hearth get --json https://example.com/ | jq .timings_ms.total
  hearth get --input urls.txt -P 8 -O --monitor :9464    the pool meanwhile, at http://127.0.0.1:9464/
  hearth get --unix-socket /var/run/docker.sock http://localhost/version

--json prints, for each URL, in the order given, an object with these keys, always all of them, null where there is nothing to tell:
  url         as given
  status, reason, version   404, "Not Found", "1.1"
  headers     {"content-type": ["text/html"], ...}: names in lower case, each with all its values
  body_size   bytes of body received
  body        the body, where it is UTF-8 without NUL, at most 1 MiB and not written to a file
  file        the file that it was written to
  reused      whether the connection had been used or idle before
  attempts    how often the request was sent or tried, 1 when all went well
  connection, remote        the connection's number in this run, its peer's address
  timings_ms  pending, lookup, connect, tls, first_byte, total
  error       code, phase, reused, evidence, attempts, message; null when all went well

Bodies on standard output come whole and in the order of the URLs, however many are under way.
A status of 400 or more is a failure only with --fail.
Exit status: 0 done, 1 a URL failed, 2 wrong usage, 130 interrupted. A reader that leaves (| head) ends the run quietly.)";

}  // namespace

void add_get(CLI::App& app, action& chosen) {
    CLI::App* verb = app.add_subcommand("get", "Fetch URLs through one pool of connections");
    verb->footer(examples);
    auto options = std::make_shared<get_options>();
    declare(*verb, *options);
    verb->callback([options, &chosen] {
        chosen = [options] {
            check(*options);
            return get_run(*options).run();
        };
    });
}

}  // namespace hearth::cli
