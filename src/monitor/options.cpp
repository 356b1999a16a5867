#include <hearth/monitor.hpp>

#include "monitor/address.hpp"
#include "values/option_checks.hpp"
#include "values/text.hpp"

#include <algorithm>

namespace hearth {
namespace {

using namespace std::chrono_literals;

using values::check_count;
using values::refuse;

}  // namespace

void validate(const monitor_options& o) {
    const detail::listen_address address = detail::parse_listen_address(o.address);
    // Its value is a secret: not shown.
    if (!o.token.empty()) {
        if (o.token.size() < 8 || o.token.size() > 256) {
            refuse("token has ", o.token.size(), " characters; allowed: 0 (none), or 8 to 256");
        }
        if (!std::ranges::all_of(o.token, [](char c) { return c > ' ' && c <= '~'; })) {
            refuse("token holds a character that is not visible ASCII");
        }
    }
    if (address.is_public() && o.token.empty() && !o.allow_public) {
        refuse("address is ", values::in_quotes(o.address),
               ", which others can reach; allowed: a loopback address or a unix socket, else with a token or allow_public");
    }
    if (o.interval < 100ms || o.interval > 1min) {
        refuse("interval is ", values::to_words(o.interval), "; allowed: 100 ms to 1 min");
    }
    check_count("max_metric_origins", o.max_metric_origins, 1, 10'000);
    check_count("max_origins", o.max_origins, 1, 50'000);
    check_count("max_viewers", o.max_viewers, 1, 1'000);
    if (o.max_connections < o.max_viewers || o.max_connections > 10'000) {
        refuse("max_connections is ", o.max_connections, "; allowed: max_viewers, which is ", o.max_viewers, ", to 10000");
    }
}

}  // namespace hearth
