#include "monitor/address.hpp"

#include "values/option_checks.hpp"
#include "values/text.hpp"

#include <arpa/inet.h>
#include <sys/un.h>

#include <charconv>

namespace hearth::detail {
namespace {

constexpr std::size_t max_path = sizeof(sockaddr_un::sun_path) - 1;

[[noreturn]] void refuse(std::string_view address, std::string_view what) {
    values::refuse("address is ", values::in_quotes(address), "; ", what);
}

constexpr std::string_view forms = "allowed: IP:PORT, [IPv6]:PORT, :PORT (loopback) or unix:/PATH";

std::uint16_t parse_port(std::string_view address, std::string_view text) {
    std::uint16_t port = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (problem != std::errc{} || end != text.data() + text.size()) refuse(address, "a port is a number from 0 to 65535");
    return port;
}

listen_address parse_path(std::string_view address, std::string_view path) {
    if (path.empty() || path.front() != '/')
        refuse(address, "a unix socket is given by its whole path, as in unix:/run/hearth.sock");
    if (path.size() > max_path || path.find('\0') != std::string_view::npos) {
        refuse(address, values::concat("a unix socket's path has at most ", max_path, " bytes, none of them NUL"));
    }
    return {.path = std::string(path)};
}

}  // namespace

std::string listen_address::url() const {
    if (is_unix()) return "unix:" + path;
    return values::concat("http://", v6 ? "[" : "", ip, v6 ? "]" : "", ":", port, "/");
}

listen_address parse_listen_address(std::string_view text) {
    if (text.starts_with("unix:")) return parse_path(text, text.substr(5));
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos) refuse(text, forms);
    std::string_view host = text.substr(0, colon);
    listen_address a;
    a.port = parse_port(text, text.substr(colon + 1));
    if (host.empty() || host == "localhost") host = "127.0.0.1";
    a.v6 = host.size() >= 2 && host.front() == '[' && host.back() == ']';
    a.ip = a.v6 ? host.substr(1, host.size() - 2) : host;
    // inet_pton would stop at a NUL and take what comes before it.
    if (a.ip.find('\0') != std::string::npos) refuse(text, forms);
    in_addr v4{};
    in6_addr v6{};
    if (a.v6) {
        if (::inet_pton(AF_INET6, a.ip.c_str(), &v6) != 1) refuse(text, forms);
        a.loopback = IN6_IS_ADDR_LOOPBACK(&v6);
    } else {
        if (::inet_pton(AF_INET, a.ip.c_str(), &v4) != 1) refuse(text, forms);
        a.loopback = (ntohl(v4.s_addr) >> 24) == 127;
    }
    return a;
}

}  // namespace hearth::detail
