#include "get_options.hpp"

#include "cli_common.hpp"
#include "values/text.hpp"

#include <hearth/error.hpp>
#include <hearth/url.hpp>

#include <algorithm>
#include <charconv>
#include <string_view>
#include <utility>

namespace hearth::cli {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t parallel_max = 10'000;

// "500ms", "10s", "2m", "1h"; a number alone is seconds, fractions are fine.
std::optional<milliseconds> parse_duration(std::string_view text) {
    double value = 0;
    const auto [rest, ec] = std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
    if (ec != std::errc()) return std::nullopt;
    const std::string_view unit = text.substr(static_cast<std::size_t>(rest - text.data()));
    const double factor = unit == "ms" ? 1 : unit.empty() || unit == "s" ? 1e3 : unit == "m" ? 6e4 : unit == "h" ? 36e5 : 0;
    const double ms = value * factor;
    if (!(ms >= 1 && ms <= 24 * 36e5)) return std::nullopt;
    return milliseconds(static_cast<milliseconds::rep>(ms));
}

template <class Target>
void add_duration(CLI::App& verb, const char* names, Target& target, const char* help) {
    verb.add_option_function<std::string>(
            names,
            [&target, names](const std::string& text) {
                const auto d = parse_duration(text);
                if (!d)
                    throw usage_error(std::string(names) + " " + values::in_quotes(text) +
                                      ": write 500ms, 10s, 2m or 1h, at most 24h");
                target = *d;
            },
            help)
        ->type_name("TIME");
}

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

std::string default_method(const get_options& o) {
    if (o.head) return "HEAD";
    if (!o.upload.empty()) return "PUT";
    return o.data ? "POST" : "GET";
}

void declare_request(CLI::App& verb, get_options& o) {
    verb.add_option("URL", o.urls, "What to fetch: http or https, fetched through one pool of connections");
    verb.add_option("--input", o.input, "Fetch the URLs in this file too, one a line ('-': standard input)")
        ->type_name("FILE");
    verb.add_option("-X,--request", o.method, "Method (default: GET, POST with -d, PUT with -T, HEAD with -I)")
        ->type_name("METHOD");
    verb.add_option("-H,--header", o.headers, "Send this header; may be given again")
        ->type_name("'NAME: VALUE'")
        ->allow_extra_args(false);
    verb.add_option("-d,--data", o.data, "Send this, or the content of @FILE ('@-': standard input), as it is")
        ->type_name("DATA");
    verb.add_option("-T,--upload-file", o.upload,
                    "Send this file; its name is added to a URL that ends in '/' ('-': standard input, sent as it comes)")
        ->type_name("FILE");
    verb.add_flag("-I,--head", o.head, "Ask for the head alone and print it");
}

void declare_output(CLI::App& verb, get_options& o) {
    verb.add_option("-o,--output", o.files,
                    "Write the body to this file; given again, for the next URL ('-': standard output)")
        ->type_name("FILE")
        ->allow_extra_args(false);
    verb.add_flag("-O,--remote-name", o.remote_name, "Write each body to a file named like the URL's last path segment");
    verb.add_option("--output-dir", o.output_dir, "Folder for these files, made if missing; without -o it means -O")
        ->type_name("DIR");
    verb.add_flag("-i,--include", o.include, "Print the response's head before its body");
    verb.add_flag("--json", o.json, "Print one JSON object a URL, on a line of its own, in the order of the URLs");
    verb.add_flag("-v,--verbose", o.verbose, "Show heads, connections, attempts and timings on standard error");
    verb.add_flag("--no-progress", o.no_progress, "Show no progress (it is shown on a terminal only)");
}

void declare_transfer(CLI::App& verb, get_options& o) {
    verb.add_option("-P,--parallel", o.parallel, "So many URLs at a time (default 1)")
        ->type_name("N")
        ->check(CLI::Range(std::size_t{1}, parallel_max));
    verb.add_option("--max-sockets", o.max_sockets, "Connections to one origin (default 50, or --parallel if more)")
        ->type_name("N")
        ->check(CLI::Range(std::size_t{1}, std::size_t{1'000'000}));
    verb.add_option("--retry", o.retry,
                    "Retries after a failure that may pass (default 2); given, after 429, 502, 503, 504 too")
        ->type_name("N")
        ->check(CLI::Range(0U, 100U));
    verb.add_flag("-f,--fail", o.fail, "A status of 400 or more is a failure: exit 1, no body");
    add_duration(verb, "--timeout", o.timeout, "Give up when nothing is sent or received for so long");
    add_duration(verb, "--connect-timeout", o.connect_timeout, "Limit for looking up, connecting and TLS (default 10s)");
    add_duration(verb, "-m,--deadline", o.deadline, "Limit for a whole call, retries included");
}

void declare_security(CLI::App& verb, get_options& o) {
    verb.add_flag("-k,--insecure", o.insecure, "Accept any certificate");
    verb.add_option("--cacert", o.cacert, "Trust the authorities in this file instead of the system's")->type_name("FILE");
    verb.add_option("-E,--cert", o.cert, "Client certificate chain, PEM")->type_name("FILE");
    verb.add_option("--key", o.key, "Its key, PEM (default: in the --cert file)")->type_name("FILE");
    verb.add_option("--unix-socket", o.unix_socket, "Connect to this socket instead of the URL's host")->type_name("PATH");
}

void refuse_pairs(const get_options& o) {
    const auto both = [](bool a, bool b, const char* sentence) {
        if (a && b) throw usage_error(sentence);
    };
    both(o.data.has_value(), !o.upload.empty(), "-d and -T each give the body: use one");
    both(o.head, o.data || !o.upload.empty(), "-I asks for a head alone and sends no body: drop -d or -T");
    both(o.head, !o.method.empty() && o.method != "HEAD", "-I means the method HEAD: drop -X");
    both(!o.files.empty(), o.remote_name, "-o and -O each name the file: use one");
    both(!o.files.empty(), !o.input.empty(),
         "-o names the files of URLs on the command line; with --input use -O or --output-dir");
    both(o.include, o.json, "-i is for plain output; --json has the head in it already");
    both(!o.key.empty(), o.cert.empty(), "--key belongs to a --cert: give both");
    both(o.input == "-", o.data == "@-" || o.upload == "-", "standard input cannot be both --input and a body");
    both(o.streams_upload(), o.urls.size() > 1 || !o.input.empty(),
         "-T - can be sent to one URL only; use -d @- or -T FILE for several");
}

}  // namespace

bool get_options::writes_to_stdout() const noexcept {
    if (json) return true;
    if (remote_name) return false;
    return !input.empty() || files.size() < urls.size() || std::ranges::find(files, "-") != files.end();
}

void declare(CLI::App& verb, get_options& o) {
    declare_request(verb, o);
    declare_output(verb, o);
    declare_transfer(verb, o);
    declare_security(verb, o);
}

void check(get_options& o) {
    if (o.urls.empty() && o.input.empty()) throw usage_error("say what to get: a URL, or --input FILE");
    refuse_pairs(o);
    if (o.files.size() > o.urls.size()) throw usage_error("there are more -o than URLs: the n-th -o is for the n-th URL");
    if (!o.output_dir.empty() && o.files.empty()) o.remote_name = true;
    try {
        for (const std::string& text : o.urls) (void)url::parse(text);
        validate(make_agent_options(o));
    } catch (const error& e) {
        throw usage_error(e.what());
    }
    if (!o.method.empty() && !values::is_token(o.method)) {
        throw usage_error("-X " + values::in_quotes(o.method) + ": a method is a word like GET");
    }
}

agent_options make_agent_options(const get_options& o) {
    agent_options a;
    a.max_sockets = o.max_sockets.value_or(std::max(a.max_sockets, o.parallel));
    a.max_total_sockets = std::max(a.max_total_sockets, a.max_sockets);
    if (o.retry) {
        a.retry.max_retries = *o.retry;
        a.retry.on_status = true;
        // What was asked for on the command line is not rationed: the calls are few and have one owner.
        a.retry.min_budget = 1000;
    }
    a.timeout = o.timeout;
    if (o.connect_timeout) a.connect_timeout = *o.connect_timeout;
    a.deadline = o.deadline;
    a.tls.reject_unauthorized = !o.insecure;
    a.tls.ca_file = o.cacert;
    a.tls.cert_file = o.cert;
    a.tls.key_file = o.key.empty() ? o.cert : o.key;
    a.socket_path = o.unix_socket;
    return a;
}

request make_request(const get_options& o) {
    request r;
    r.method = o.method.empty() ? default_method(o) : o.method;
    for (const std::string& text : o.headers) {
        const header_field f = parse_header(text);
        r.headers.add(f.name, f.value);
    }
    if (o.data) {
        const bool file = o.data->starts_with('@');
        if (file && *o.data != "@-") r.body = body::file(o.data->substr(1));
        if (!file) r.body = *o.data;
        if (!r.headers.contains("Content-Type")) r.headers.add("Content-Type", "application/x-www-form-urlencoded");
    } else if (!o.upload.empty() && !o.streams_upload()) {
        r.body = body::file(o.upload);
    }
    return r;
}

}  // namespace hearth::cli
