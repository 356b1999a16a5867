#include "origin_options.hpp"

#include "arguments.hpp"
#include "values/text.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <charconv>
#include <fstream>
#include <iterator>
#include <optional>
#include <system_error>

namespace hearth::cli {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

constexpr const char* fault_form = "KIND[:WEIGHT][,time=TIME][,count=N][,in_flight]";

template <class Number>
std::optional<Number> parse_number(std::string_view text) {
    Number n = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return n;
}

milliseconds duration_of(std::string_view option, std::string_view text) {
    const auto d = parse_duration(text);
    if (!d) {
        throw usage_error(
            fmt::format("{} {}: write 500ms, 10s, 2m or 1h, from 1 ms to 24 hours", option, values::in_quotes(text)));
    }
    return *d;
}

/// Cuts the part before the next comma off `text`.
std::string_view next_part(std::string_view& text) {
    const std::size_t comma = text.find(',');
    const std::string_view part = text.substr(0, comma);
    text = comma == text.npos ? std::string_view() : text.substr(comma + 1);
    return part;
}

[[noreturn]] void refuse_fault(std::string_view text, const std::string& why) {
    throw usage_error(fmt::format("--fault {}: {}", values::in_quotes(text), why));
}

void parse_parameter(testing::fault& f, std::string_view parameter, std::string_view text) {
    if (parameter == "in_flight") {
        f.in_flight = true;
    } else if (parameter.starts_with("time=")) {
        f.time = duration_of("--fault time=", parameter.substr(5));
    } else if (parameter.starts_with("count=")) {
        const auto count = parse_number<std::uint64_t>(parameter.substr(6));
        if (!count || *count == 0) refuse_fault(text, "count= takes a whole number from 1 on");
        f.count = *count;
    } else {
        refuse_fault(text, fmt::format("write {}", fault_form));
    }
}

/// "PORT", ":PORT", "ADDRESS:PORT", "[ADDRESS]:PORT".
void parse_listen(const std::string& text, testing::faulty_origin_options& to) {
    const std::size_t colon = text.rfind(':');
    std::string_view address = colon == text.npos ? std::string_view() : std::string_view(text).substr(0, colon);
    const std::string_view port = colon == text.npos ? text : std::string_view(text).substr(colon + 1);
    const auto number = parse_number<std::uint16_t>(port);
    if (!number) throw usage_error(fmt::format("--listen {}: write ADDRESS:PORT, [::1]:8080 say", values::in_quotes(text)));
    if (address.starts_with('[') && address.ends_with(']')) address = address.substr(1, address.size() - 2);
    if (!address.empty()) to.address = address;
    to.port = *number;
}

std::string content_of(const std::string& path) {
    errno = 0;
    std::ifstream in(path, std::ios::binary);
    std::string text{std::istreambuf_iterator<char>(in), {}};
    if (!in.good() && text.empty()) throw std::system_error(errno != 0 ? errno : EIO, std::generic_category(), path);
    return text;
}

}  // namespace

testing::fault parse_fault(std::string_view text) {
    std::string_view rest = text;
    const std::string_view first = next_part(rest);
    const std::size_t colon = first.find(':');
    const std::string_view name = first.substr(0, colon);
    const auto kind = testing::fault_named(name);
    if (!kind) refuse_fault(text, fmt::format("there is no fault {}", values::in_quotes(name)));
    testing::fault f{.kind = *kind};
    if (colon != first.npos) {
        const auto weight = parse_number<std::uint32_t>(first.substr(colon + 1));
        if (!weight) refuse_fault(text, "a weight is a whole number from 1 to 1000000");
        f.weight = *weight;
    }
    while (!rest.empty()) parse_parameter(f, next_part(rest), text);
    return f;
}

void declare(CLI::App& verb, origin_options& o) {
    testing::faulty_origin_options& origin = o.origin;
    verb.add_option("--listen", o.listen, "Where to listen; port 0: a free one (default 127.0.0.1:0)")
        ->type_name("ADDR:PORT");
    verb.add_option("--unix", origin.socket_path, "Listen on this unix socket instead")->type_name("PATH");
    verb.add_flag("--tls", origin.tls, "Speak TLS, with a certificate made for the occasion");
    verb.add_option("--cert", o.certificate_file, "Speak TLS with this certificate chain, PEM")->type_name("FILE");
    verb.add_option("--key", o.key_file, "Its key, PEM (default: in the --cert file)")->type_name("FILE");
    verb.add_option("--cert-out", o.certificate_out, "Write the certificate to this file, for clients to trust")
        ->type_name("FILE");
    verb.add_option("--idle", o.idle, "Close connections idle for so long; 'never' (default 5s)")->type_name("TIME");
    verb.add_option("--hint", o.hint, "Tell the idle timeout in Keep-Alive headers: 'true', or a time that is not")
        ->type_name("TIME");
    verb.add_option("--fault", o.faults, "What goes wrong (below); may be given again")
        ->type_name(fault_form)
        ->allow_extra_args(false);
    verb.add_option("--seed", origin.seed, "Draws the faults (default 1)")->type_name("N");
    add_duration(verb, "--in-flight", origin.in_flight,
                 "How long before a fault in_flight what clients send is lost (default 20ms)");
    verb.add_option("--close-after", o.close_after, "The same as --fault close_after,count=N")
        ->type_name("N")
        ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1'000'000'000}));
    add_duration(verb, "--restart-every", origin.restart_every, "Close everything and start again this often");
    add_duration(verb, "--downtime", origin.restart_downtime, "How long a restart takes (default: no time)");
    verb.add_flag("--drain", origin.restart_drains, "Restarts answer what has been asked first (default: abrupt)");
    add_duration(verb, "--work", o.work, "Time to make a response (default: none)");
    verb.add_option("--body", origin.body, "The body for the path /")->type_name("TEXT");
    add_duration(verb, "--duration", o.duration, "End after so long (default: with Ctrl-C)");
    verb.add_flag("-v,--verbose", o.verbose, "A line on standard error for everything that happens");
    verb.add_flag("--json", o.json, "Print the report as JSON");
}

void resolve(origin_options& o) {
    testing::faulty_origin_options& origin = o.origin;
    if (origin.socket_path.empty()) parse_listen(o.listen, origin);
    origin.idle_timeout = o.idle == "never" ? 0ms : duration_of("--idle", o.idle);
    if (o.hint == "true") {
        origin.hint = true;
    } else if (!o.hint.empty()) {
        origin.told_timeout = std::chrono::floor<std::chrono::seconds>(duration_of("--hint", o.hint));
    }
    for (const std::string& f : o.faults) origin.faults.push_back(parse_fault(f));
    if (o.close_after > 0) origin.faults.push_back({.kind = testing::fault_kind::close_after, .count = o.close_after});
    origin.work = o.work;
    if (!o.key_file.empty() && o.certificate_file.empty()) throw usage_error("--key goes with --cert");
    if (!o.certificate_file.empty()) {
        origin.certificate = content_of(o.certificate_file);
        origin.key = o.key_file.empty() ? origin.certificate : content_of(o.key_file);
    }
    if (!o.certificate_out.empty() && !origin.tls && origin.certificate.empty())
        throw usage_error("--cert-out goes with --tls or --cert");
}

}  // namespace hearth::cli
