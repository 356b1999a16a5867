#include <hearth/error.hpp>
#include <hearth/url.hpp>

#include "values/text.hpp"
#include "values/url_cut.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstdint>

namespace hearth {
namespace {

using values::is_digit;
using values::is_hex_digit;
using values::is_letter;
using values::to_lower;

constexpr std::size_t max_url_size = 64 * 1024;
constexpr auto npos = std::string_view::npos;

// Which characters may stand where (RFC 3986, 3.2.1, 3.3 and 3.4; the brackets are Hearth's leniency).
enum place : std::uint8_t { in_userinfo = 1, in_path = 2, in_query = 4 };
constexpr auto places = [] {
    std::array<std::uint8_t, 256> table{};
    const auto set = [&table](std::string_view chars, int where) {
        for (const char c : chars) table[static_cast<unsigned char>(c)] |= static_cast<std::uint8_t>(where);
    };
    for (int i = 0; i < 128; ++i) {
        const char c = static_cast<char>(i);
        if (is_letter(c) || is_digit(c)) set({&c, 1}, in_userinfo | in_path | in_query);
    }
    set("-._~!$&'()*+,;=:%", in_userinfo | in_path | in_query);
    set("/@", in_path | in_query);
    set("?[]", in_query);
    return table;
}();

bool may_stand(char c, place where) noexcept { return (places[static_cast<unsigned char>(c)] & where) != 0; }

bool starts_with_lowered(std::string_view text, std::string_view prefix) noexcept {
    return text.size() >= prefix.size() &&
           std::equal(prefix.begin(), prefix.end(), text.begin(), [](char p, char c) { return p == to_lower(c); });
}

std::string_view scheme_of(std::string_view text) noexcept {
    const std::size_t colon = text.find("://");
    if (colon == npos || colon == 0 || colon > 32 || !is_letter(text[0])) return {};
    const std::string_view scheme = text.substr(0, colon);
    const bool valid =
        std::ranges::all_of(scheme, [](char c) { return is_letter(c) || is_digit(c) || c == '+' || c == '-' || c == '.'; });
    return valid ? scheme : std::string_view{};
}

// What may be shown of a URL that does not parse: nothing up to an '@', since a password with a '/' in it would stand there,
// and no query.
std::string shown(std::string_view text) {
    const std::string_view scheme = scheme_of(text);
    const std::size_t begin = scheme.empty() ? 0 : scheme.size() + 3;
    const std::string start(text.substr(0, begin));
    const std::size_t end = std::min(text.find_first_of("/?#\\", begin), text.size());
    const std::size_t at = text.rfind('@');
    if (at != npos && at >= begin) {
        if (at > end) return values::in_quotes(start + "***");
        const std::size_t cut = std::min(text.find_first_of("?#", at), text.size());
        return values::in_quotes(start + "***" + std::string(text.substr(at, cut - at)) + (cut < text.size() ? "?..." : ""));
    }
    const std::size_t cut = text.find_first_of("?#");
    if (cut == npos) return values::in_quotes(text);
    return values::in_quotes(std::string(text.substr(0, cut)) + text[cut] + "...");
}

[[noreturn]] void refuse(std::string_view text, std::string_view problem, errc e = errc::invalid_url) {
    throw error(e, shown(text) + ": " + std::string(problem));
}

std::string name_of(char c) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte == ' ') return "a space";
    if (byte < 0x20 || byte == 0x7f) return "control character 0x" + values::to_hex(c);
    if (byte > 0x7f) return "non-ASCII byte 0x" + values::to_hex(c);
    return {'\'', c, '\''};
}

[[noreturn]] void refuse_character(std::string_view text, std::size_t offset) {
    const std::size_t at = text.rfind('@');
    const char c = text[offset];
    if (at != npos && offset < at) {
        refuse(text, values::concat("the character at offset ", offset, " must be percent-encoded"));
    }
    const std::string where = values::concat(name_of(c), " at offset ", offset);
    if (c == '%') refuse(text, where + " is not followed by two hexadecimal digits; a '%' itself is written %25");
    refuse(text, where + " must be percent-encoded, as %" + values::to_hex(c));
}

[[noreturn]] void refuse_scheme(std::string_view text) {
    const std::string_view scheme = scheme_of(text);
    if (text.empty()) refuse(text, "the URL is empty");
    if (scheme.empty()) refuse(text, "the URL does not begin with http:// or https://");
    refuse(text, values::concat("scheme \"", scheme, "\" is not supported; use http or https"), errc::unsupported_scheme);
}

std::uint16_t parse_port(std::string_view text, std::string_view digits, bool tls) {
    if (digits.empty()) return tls ? 443 : 80;
    std::uint32_t port = 0;
    for (const char c : digits) {
        if (!is_digit(c)) refuse(text, "the port is not a number from 1 to 65535");
        port = std::min(port * 10 + static_cast<std::uint32_t>(c - '0'), 100'000U);
    }
    if (port == 0 || port > 65535) refuse(text, "the port is out of range; allowed: 1 to 65535");
    return static_cast<std::uint16_t>(port);
}

// RFC 5952's form, so that one address is one host.
std::string parse_ipv6(std::string_view text, std::string_view literal) {
    if (literal.find('%') != npos) refuse(text, "IPv6 zone ids are not supported");
    std::array<char, INET6_ADDRSTRLEN> buffer{};
    in6_addr address{};
    // A NUL would end it for inet_pton.
    if (literal.size() < buffer.size() && literal.find('\0') == npos) {
        std::ranges::copy(literal, buffer.begin());
        if (::inet_pton(AF_INET6, buffer.data(), &address) == 1) {
            return ::inet_ntop(AF_INET6, &address, buffer.data(), buffer.size());
        }
    }
    refuse(text, "what is in brackets is not an IPv6 address");
}

bool is_escape(std::string_view text) noexcept { return text.size() >= 3 && is_hex_digit(text[1]) && is_hex_digit(text[2]); }

// "user:password", decoded. `offset` is where it begins in `text`.
std::string parse_userinfo(std::string_view text, std::size_t offset, std::string_view encoded) {
    std::string decoded;
    std::size_t colon = npos;
    for (std::size_t i = 0; i < encoded.size(); ++i) {
        char c = encoded[i];
        if (!may_stand(c, in_userinfo) || (c == '%' && !is_escape(encoded.substr(i)))) refuse_character(text, offset + i);
        if (c == ':' && colon == npos) colon = decoded.size();
        if (c == '%') {
            c = static_cast<char>(std::stoi(std::string(encoded.substr(i + 1, 2)), nullptr, 16));
            i += 2;
        }
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f || (c == ':' && colon == npos)) {
            refuse(text, "a user name holds no colon, and neither it nor the password control characters (RFC 7617, 2)");
        }
        decoded += c;
    }
    if (colon == npos && !decoded.empty()) decoded += ':';
    return decoded == ":" ? std::string() : decoded;
}

void parse_name(url& into, std::string_view text, std::size_t offset, std::string_view host) {
    if (const std::string_view problem = values::host_problem(host); !problem.empty()) {
        const auto bad = std::ranges::find_if_not(host, values::is_host_character) - host.begin();
        const std::size_t at = static_cast<std::size_t>(bad);
        if (at == host.size()) refuse(text, problem);
        refuse(text, values::concat(name_of(host[at]), " at offset ", offset + at, ": ", problem));
    }
    into.host.resize(host.size());
    std::ranges::transform(host, into.host.begin(), to_lower);
}

void parse_authority(url& into, std::string_view text, std::size_t begin, std::size_t end) {
    std::string_view rest = text.substr(begin, end - begin);
    if (const std::size_t at = rest.rfind('@'); at != npos) {
        into.userinfo = parse_userinfo(text, begin, rest.substr(0, at));
        rest.remove_prefix(at + 1);
    }
    if (rest.starts_with('[')) {
        const std::size_t bracket = rest.find(']');
        if (bracket == npos) refuse(text, "a bracket is not closed");
        into.host = parse_ipv6(text, rest.substr(1, bracket - 1));
        rest.remove_prefix(bracket + 1);
        if (!rest.empty() && rest[0] != ':') refuse(text, "after the IPv6 address comes neither a port nor a path");
    } else {
        const std::size_t colon = std::min(rest.find(':'), rest.size());
        if (rest.find(':', colon + 1) != npos) refuse(text, "an IPv6 address must be in brackets: http://[::1]/");
        parse_name(into, text, end - rest.size(), rest.substr(0, colon));
        rest.remove_prefix(colon);
    }
    into.port = parse_port(text, rest.substr(rest.empty() ? 0 : 1), into.tls);
}

bool is_default_port(const url& u) noexcept { return u.port == (u.tls ? 443 : 80); }

}  // namespace

values::url_cut values::cut_url(std::string_view text) {
    if (text.size() > max_url_size) refuse(text, values::concat("the URL is ", text.size(), " bytes long; allowed: 65536"));
    url_cut cut;
    if (text.starts_with("https://") || starts_with_lowered(text, "https://")) {
        cut.tls = true;
        cut.authority = 8;
    } else if (text.starts_with("http://") || starts_with_lowered(text, "http://")) {
        cut.authority = 7;
    } else {
        refuse_scheme(text);
    }
    const std::string_view rest = text.substr(cut.authority);
    const std::string_view before_path = rest.substr(0, rest.find('/'));
    cut.end = cut.authority + std::min({before_path.find('?'), before_path.find('#'), before_path.size()});
    return cut;
}

// The fragment's characters are checked too.
std::string_view values::checked_target(std::string_view text, std::size_t from) {
    place where = in_path;
    std::size_t end = text.size();
    for (std::size_t i = from; i < text.size(); ++i) {
        const char c = text[i];
        if (!may_stand(c, where)) {
            if (c == '?') {
                where = in_query;
            } else if (c == '#' && end == text.size()) {
                end = i;
                where = in_query;
            } else {
                refuse_character(text, i);
            }
        } else if (c == '%' && !is_escape(text.substr(i))) {
            refuse_character(text, i);
        }
    }
    return text.substr(from, end - from);
}

// Not Boost.URL, whose 1.81 takes several times as long, a large part of what a request may cost, and reads
// http://127.0.0.1x.y/ as the host 127.0.0.1 with the path x.y/. The tests compare the two.
url url::parse(std::string_view text) {
    const values::url_cut cut = values::cut_url(text);
    url result;
    result.tls = cut.tls;
    parse_authority(result, text, cut.authority, cut.end);
    const std::string_view target = values::checked_target(text, cut.end);
    if (target.starts_with('/')) {
        result.target = target;
    } else {
        result.target.reserve(target.size() + 1);
        result.target.append(1, '/').append(target);
    }
    return result;
}

std::string url::origin() const { return (tls ? "https://" : "http://") + authority(); }

std::string url::authority() const {
    std::string text = host.find(':') == npos ? host : '[' + host + ']';
    if (!is_default_port(*this)) text += ':' + std::to_string(port);
    return text;
}

std::string url::redacted() const { return origin() + target.substr(0, target.find('?')); }

}  // namespace hearth
