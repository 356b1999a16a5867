#include "send_flags.hpp"

#include "arguments.hpp"
#include "values/text.hpp"

#include <algorithm>
#include <string_view>

namespace hearth::cli {
namespace {

// "Name: value", "Name:" for an empty value.
header_field parse_header(std::string_view text) {
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos || !values::is_token(text.substr(0, colon))) {
        throw usage_error("-H " + values::in_quotes(text) + ": a header is written 'Name: value'");
    }
    std::string_view value = text.substr(colon + 1);
    while (!value.empty() && (value.front() == ' ' || value.front() == '\t')) value.remove_prefix(1);
    while (!value.empty() && (value.back() == ' ' || value.back() == '\t')) value.remove_suffix(1);
    if (!values::is_field_value(value))
        throw usage_error("-H " + values::in_quotes(text) + ": a header's value holds no CR, LF or NUL");
    return {text.substr(0, colon), value};
}

}  // namespace

void declare_header(CLI::App& verb, send_flags& f) {
    verb.add_option("-H,--header", f.headers, "Send this header; may be given again")
        ->type_name("'NAME: VALUE'")
        ->allow_extra_args(false);
}

void declare_pool(CLI::App& verb, send_flags& f, const std::string& sockets_default, const std::string& retry_help) {
    verb.add_option("--max-sockets", f.max_sockets, "Connections to one origin (default" + sockets_default + ")")
        ->type_name("N")
        ->check(CLI::Range(std::size_t{1}, std::size_t{1'000'000}));
    verb.add_option("--retry", f.retry, "Retries after a failure that may pass" + retry_help)
        ->type_name("N")
        ->check(CLI::Range(0U, 100U));
}

void declare_timeouts(CLI::App& verb, send_flags& f) {
    add_duration(verb, "--timeout", f.timeout, "Give up when nothing is sent or received for so long");
    add_duration(verb, "--connect-timeout", f.connect_timeout, "Limit for looking up, connecting and TLS (default 10s)");
    add_duration(verb, "-m,--deadline", f.deadline, "Limit for a whole call, retries included");
}

void declare_security(CLI::App& verb, send_flags& f) {
    verb.add_flag("-k,--insecure", f.insecure, "Accept any certificate");
    verb.add_option("--cacert", f.cacert, "Trust the authorities in this file instead of the system's")->type_name("FILE");
    verb.add_option("-E,--cert", f.cert, "Client certificate chain, PEM")->type_name("FILE");
    verb.add_option("--key", f.key, "Its key, PEM (default: in the --cert file)")->type_name("FILE");
    verb.add_option("--unix-socket", f.unix_socket, "Connect to this socket instead of the URL's host")->type_name("PATH");
}

void check(const send_flags& f) {
    if (!f.key.empty() && f.cert.empty()) throw usage_error("--key belongs to a --cert: give both");
    if (!f.method.empty() && !values::is_token(f.method))
        throw usage_error("-X " + values::in_quotes(f.method) + ": a method is a word like GET");
}

agent_options make_agent_options(const send_flags& f, std::size_t parallel) {
    agent_options a;
    a.max_sockets = f.max_sockets.value_or(std::max(a.max_sockets, parallel));
    a.max_total_sockets = std::max(a.max_total_sockets, a.max_sockets);
    if (f.retry) {
        a.retry.max_retries = *f.retry;
        a.retry.on_status = true;
        // What was asked for on the command line is not rationed: the calls are few and have one owner.
        a.retry.min_budget = 1000;
    }
    a.timeout = f.timeout;
    if (f.connect_timeout) a.connect_timeout = *f.connect_timeout;
    a.deadline = f.deadline;
    a.tls.reject_unauthorized = !f.insecure;
    a.tls.ca_file = f.cacert;
    a.tls.cert_file = f.cert;
    a.tls.key_file = f.key.empty() ? f.cert : f.key;
    a.socket_path = f.unix_socket;
    a.log = f.log;
    return a;
}

request make_request(const send_flags& f, const std::string& otherwise) {
    request r;
    r.method = f.method.empty() ? otherwise : f.method;
    for (const std::string& text : f.headers) {
        const header_field field = parse_header(text);
        r.headers.add(field.name, field.value);
    }
    if (f.data && !r.headers.contains("Content-Type")) r.headers.add("Content-Type", "application/x-www-form-urlencoded");
    return r;
}

}  // namespace hearth::cli
