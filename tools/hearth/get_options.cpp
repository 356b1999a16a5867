#include "get_options.hpp"

#include "arguments.hpp"
#include "log_flags.hpp"
#include "monitor_flag.hpp"

#include <hearth/error.hpp>
#include <hearth/url.hpp>

#include <algorithm>
#include <string>

namespace hearth::cli {
namespace {

constexpr std::size_t parallel_max = 10'000;

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
    declare_header(verb, o);
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
    declare_monitor(verb, o.monitor);
    verb.add_flag("-v,--verbose", o.verbose, "Show heads, connections, attempts and timings on standard error");
    verb.add_flag("--no-progress", o.no_progress, "Show no progress (it is shown on a terminal only)");
    declare_log(verb, o.log);
}

void declare_transfer(CLI::App& verb, get_options& o) {
    verb.add_option("-P,--parallel", o.parallel, "So many URLs at a time (default 1)")
        ->type_name("N")
        ->check(CLI::Range(std::size_t{1}, parallel_max));
    declare_pool(verb, o, " 50, or --parallel if more", " (default 2); given, after 429, 502, 503, 504 too");
    verb.add_flag("-f,--fail", o.fail, "A status of 400 or more is a failure: exit 1, no body");
    declare_timeouts(verb, o);
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
    check(static_cast<const send_flags&>(o));
    if (o.files.size() > o.urls.size()) throw usage_error("there are more -o than URLs: the n-th -o is for the n-th URL");
    if (!o.output_dir.empty() && o.files.empty()) o.remote_name = true;
    try {
        for (const std::string& text : o.urls) (void)url::parse(text);
        validate(make_agent_options(o));
    } catch (const error& e) {
        throw usage_error(e.what());
    }
}

agent_options make_agent_options(const get_options& o) {
    return make_agent_options(static_cast<const send_flags&>(o), o.parallel);
}

request make_request(const get_options& o) {
    request r = make_request(static_cast<const send_flags&>(o), default_method(o));
    if (o.data) {
        const bool file = o.data->starts_with('@');
        if (file && *o.data != "@-") r.body = body::file(o.data->substr(1));
        if (!file) r.body = *o.data;
    } else if (!o.upload.empty() && !o.streams_upload()) {
        r.body = body::file(o.upload);
    }
    return r;
}

}  // namespace hearth::cli
