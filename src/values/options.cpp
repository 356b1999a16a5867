#include <hearth/error.hpp>
#include <hearth/options.hpp>
#include <hearth/request.hpp>

#include "values/option_checks.hpp"
#include "values/text.hpp"

#include <arpa/inet.h>
#include <sys/un.h>

#include <initializer_list>
#include <string_view>

namespace hearth {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;
using values::check_count;
using values::in_quotes;
using values::refuse;
using values::to_words;

constexpr std::size_t max_socket_path = sizeof(sockaddr_un::sun_path) - 1;

void check_bytes(std::string_view name, std::uint64_t value, std::uint64_t least, std::uint64_t most) {
    if (value < least || value > most) {
        refuse(name, " is ", values::bytes_to_words(value), "; allowed: ", values::bytes_to_words(least), " to ",
               values::bytes_to_words(most));
    }
}

void check_duration(std::string_view name, milliseconds value, milliseconds least, milliseconds most,
                    std::string_view or_zero = {}) {
    if (value < least || value > most) {
        refuse(name, " is ", to_words(value), "; allowed: ", or_zero, to_words(least), " to ", to_words(most));
    }
}

/// A duration of which 0 means that there is no such limit.
void check_limit(std::string_view name, milliseconds value, milliseconds least, milliseconds most) {
    if (value != 0ms) check_duration(name, value, least, most, "0 (off) or ");
}

void check_timeout(std::string_view name, milliseconds value) { check_limit(name, value, 1ms, 24h); }

void check(const retry_options& retry) {
    check_count("retry.max_retries", retry.max_retries, 0, 100);
    check_duration("retry.base_delay", retry.base_delay, 1ms, 1h);
    if (retry.max_delay < retry.base_delay || retry.max_delay > 1h) {
        refuse("retry.max_delay is ", to_words(retry.max_delay), "; allowed: retry.base_delay, which is ",
               to_words(retry.base_delay), ", to 1 h");
    }
    check_timeout("retry.max_downtime", retry.max_downtime);
    check_count("retry.budget_percent", retry.budget_percent, 0, 100);
    check_count("retry.min_budget", retry.min_budget, 0, 1000);
}

void check(const replay_options& replay) { check_count("replay.max_replays", replay.max_replays, 0, 10); }

void check_one_of(std::string_view text_name, const std::string& text, std::string_view file_name, const std::string& file) {
    if (!text.empty() && !file.empty()) refuse(text_name, " and ", file_name, " are both set; set one");
    if (file.find('\0') != std::string::npos) refuse(file_name, " is ", in_quotes(file), "; a path holds no NUL");
}

bool is_ip_address(const std::string& text) {
    in6_addr buffer{};
    // inet_pton would stop at a NUL and take what comes before it.
    return text.find('\0') == std::string::npos &&
           (::inet_pton(AF_INET, text.c_str(), &buffer) == 1 || ::inet_pton(AF_INET6, text.c_str(), &buffer) == 1);
}

void check(const tls_options& tls) {
    check_one_of("tls.ca", tls.ca, "tls.ca_file", tls.ca_file);
    check_one_of("tls.cert", tls.cert, "tls.cert_file", tls.cert_file);
    check_one_of("tls.key", tls.key, "tls.key_file", tls.key_file);
    const bool has_cert = !tls.cert.empty() || !tls.cert_file.empty();
    const bool has_key = !tls.key.empty() || !tls.key_file.empty();
    if (has_cert && !has_key) refuse("tls.cert is set without tls.key; set both or neither");
    if (has_key && !has_cert) refuse("tls.key is set without tls.cert; set both or neither");
    if (!tls.servername.empty() && !is_ip_address(tls.servername)) {
        if (const std::string_view problem = values::host_problem(tls.servername); !problem.empty()) {
            refuse("tls.servername is ", in_quotes(tls.servername), "; ", problem);
        }
    }
    std::size_t total = 0;
    for (std::size_t i = 0; i < tls.alpn.size(); ++i) {
        check_bytes(values::concat("tls.alpn[", i, "]"), tls.alpn[i].size(), 1, 255);
        total += 1 + tls.alpn[i].size();
    }
    if (total > 65535) refuse("tls.alpn takes ", total, " bytes in all; allowed: 0 to 65535 bytes");
    check_count("tls.session_cache", tls.session_cache, 0, 100'000);
}

void check(const dns_options& dns) {
    check_duration("dns.cache_ttl", dns.cache_ttl, 0ms, 1h);
    check_count("dns.cache_size", dns.cache_size, 0, 100'000);
    check_duration("dns.attempt_delay", dns.attempt_delay, 10ms, 2s);
}

void check(const log_options& log) {
    if (log.level > log_level::debug) {
        refuse("log.level is ", static_cast<unsigned>(log.level), "; allowed: off (0) to debug (4)");
    }
    if (log.format != log_format::key_value && log.format != log_format::json) {
        refuse("log.format is ", static_cast<unsigned>(log.format), "; allowed: key_value (0) or json (1)");
    }
    check_count("log.max_per_second", log.max_per_second, 1, 10'000);
}

void check_limits(const agent_options& o) {
    check_count("max_sockets", o.max_sockets, 1, 1'000'000);
    const std::size_t max_free = o.max_free_sockets.value_or(o.max_sockets);
    check_count("max_free_sockets", max_free, 0, 1'000'000);
    check_count("max_total_sockets", o.max_total_sockets, 1, 1'000'000);
    check_count("max_connecting", o.max_connecting, 1, 1'000'000);
    check_count("max_pending", o.max_pending, 0, 10'000'000);
    if (o.min_free_sockets > max_free) {
        refuse("min_free_sockets is ", o.min_free_sockets, "; allowed: 0 to max_free_sockets, which is ", max_free);
    }
    if (o.min_free_sockets > o.max_sockets) {
        refuse("min_free_sockets is ", o.min_free_sockets, "; allowed: 0 to max_sockets, which is ", o.max_sockets);
    }
    if (o.min_free_sockets > 0 && !o.keep_alive) {
        refuse("min_free_sockets is ", o.min_free_sockets, "; allowed: 0, since keep_alive is off");
    }
    if (o.scheduling != scheduling::lifo && o.scheduling != scheduling::fifo) {
        refuse("scheduling is ", static_cast<unsigned>(o.scheduling), "; allowed: lifo (0) or fifo (1)");
    }
    check_bytes("max_header_size", o.max_header_size, 1024, 16 * 1024 * 1024);
    check_count("max_header_count", o.max_header_count, 1, 100'000);
    check_bytes("max_collected_size", o.max_collected_size, 1, 16ULL * 1024 * 1024 * 1024);
}

void check_durations(const agent_options& o) {
    check_limit("keep_alive_msecs", o.keep_alive_msecs, 1s, 2h);
    check_timeout("timeout", o.timeout);
    check_timeout("connect_timeout", o.connect_timeout);
    check_timeout("headers_timeout", o.headers_timeout);
    check_timeout("body_timeout", o.body_timeout);
    check_timeout("pending_timeout", o.pending_timeout);
    check_timeout("unacknowledged_timeout", o.unacknowledged_timeout);
    check_timeout("expect_timeout", o.expect_timeout);
    check_timeout("deadline", o.deadline);
    check_duration("keep_alive_timeout", o.keep_alive_timeout, 1ms, 24h);
    check_duration("keep_alive_max_timeout", o.keep_alive_max_timeout, 1ms, 24h);
    check_duration("keep_alive_timeout_threshold", o.keep_alive_timeout_threshold, 0ms, 60s);
    check_duration("safe_age", o.safe_age, 0ms, 24h);
    check_limit("max_connection_age", o.max_connection_age, 1ms, 24h * 30);
}

void check_addresses(const agent_options& o) {
    if (!o.local_address.empty() && !is_ip_address(o.local_address)) {
        refuse("local_address is ", in_quotes(o.local_address), "; allowed: an IPv4 or IPv6 address");
    }
    if (!o.local_address.empty() && !o.socket_path.empty()) {
        refuse("local_address and socket_path are both set; a unix socket has no local address");
    }
    if (o.socket_path.size() > max_socket_path) {
        refuse("socket_path is ", o.socket_path.size(), " bytes long; allowed: 1 to ", max_socket_path);
    }
    // A NUL at the beginning names an abstract socket (unix(7)).
    if (o.socket_path.find('\0', 1) != std::string::npos) {
        refuse("socket_path is ", in_quotes(o.socket_path), "; it may hold a NUL only as its first byte");
    }
}

void check(const headers& defaults) {
    for (const auto [name, value] : defaults) {
        if (!values::is_token(name)) {
            refuse("headers: ", in_quotes(name), " is not a field name; allowed: letters, digits and !#$%&'*+-.^_`|~");
        }
        // The value may be a secret: not shown.
        if (!values::is_field_value(value)) refuse("headers: the value of ", name, " holds a CR, LF or NUL");
        for (const std::string_view framing : {"Content-Length", "Transfer-Encoding"}) {
            if (iequals(name, framing)) refuse("headers: ", framing, " depends on each request's body and has no default");
        }
    }
}

}  // namespace

void validate(const agent_options& options) {
    check_limits(options);
    check_durations(options);
    check(options.retry);
    check(options.replay);
    check(options.tls);
    check(options.dns);
    check_addresses(options);
    check(options.headers);
    check(options.log);
}

void validate(const client_options& options) {
    validate(options.agent);
    check_count("threads", options.threads, 1, 256);
    if (options.spread_origins && options.agent.max_sockets < options.threads) {
        refuse("max_sockets is ", options.agent.max_sockets, "; allowed: threads, which is ", options.threads,
               ", to 1000000, since spread_origins is on");
    }
}

void validate(const request_options& options) {
    const auto check_set = [](std::string_view name, const std::optional<milliseconds>& value) {
        if (value) check_timeout(name, *value);
    };
    check_set("timeout", options.timeout);
    check_set("connect_timeout", options.connect_timeout);
    check_set("headers_timeout", options.headers_timeout);
    check_set("body_timeout", options.body_timeout);
    check_set("pending_timeout", options.pending_timeout);
    check_set("unacknowledged_timeout", options.unacknowledged_timeout);
    check_set("deadline", options.deadline);
    if (options.retry) check(*options.retry);
    if (options.replay) check(*options.replay);
}

}  // namespace hearth
