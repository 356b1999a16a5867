#include "net/socket.hpp"

#include "net/tcp_info.hpp"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <utility>

namespace hearth::net {

namespace {

[[nodiscard]] error_code system_error(int e) noexcept { return {e, boost::system::system_category()}; }

[[nodiscard]] const sockaddr* generic(const endpoint& e) noexcept { return reinterpret_cast<const sockaddr*>(&e.address); }

// sockaddr_storage may only be looked into through a copy of the concrete type.
template <class Address>
[[nodiscard]] Address as(const endpoint& e) noexcept {
    Address concrete{};
    std::memcpy(&concrete, &e.address, std::min(sizeof concrete, static_cast<std::size_t>(e.size)));
    return concrete;
}

template <class Address>
[[nodiscard]] endpoint endpoint_of(const Address& concrete, std::size_t size = sizeof(Address)) noexcept {
    static_assert(sizeof(Address) <= sizeof(sockaddr_storage));
    endpoint e;
    std::memcpy(&e.address, &concrete, size);
    e.size = static_cast<socklen_t>(size);
    return e;
}

template <class Value>
bool set_option(int fd, int level, int name, const Value& value) noexcept {
    return ::setsockopt(fd, level, name, &value, sizeof value) == 0;
}

// Options that a kernel does not have change nothing that a connection needs; so their failure is no failure.
void set_tcp_options(int fd, std::chrono::milliseconds keep_alive_probe) noexcept {
    set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    if (keep_alive_probe.count() > 0) set_keep_alive(fd, keep_alive_probe);
}

[[nodiscard]] connect_failure failure_of(int e, const endpoint& to) {
    connect_failure f;
    f.cause = system_error(e);
    f.code = connect_errc(f.cause);
    if (e == ENOENT && to.address.ss_family == AF_UNIX) f.detail = "no such socket";
    return f;
}

[[nodiscard]] std::optional<connect_failure> bind_to(int fd, const endpoint& from) {
    // Without this the kernel would pick the port here, before it knows the peer, and run out of ports much sooner.
    set_option(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
    if (::bind(fd, generic(from), from.size) == 0) return {};
    connect_failure f{.code = errc::connect_failed, .cause = system_error(errno)};
    f.detail = "cannot bind to the local address " + from.text();
    return f;
}

// A port of the ephemeral range on the local machine may be given to the very socket that connects to it (TCP's simultaneous
// open with itself). Nobody listens there.
[[nodiscard]] bool connected_to_itself(int fd, const endpoint& far) noexcept {
    endpoint near;
    near.size = sizeof near.address;
    if (::getsockname(fd, reinterpret_cast<sockaddr*>(&near.address), &near.size) != 0) return false;
    if (near.address.ss_family == AF_INET) {
        const auto a = as<sockaddr_in>(near);
        const auto b = as<sockaddr_in>(far);
        return a.sin_port == b.sin_port && a.sin_addr.s_addr == b.sin_addr.s_addr;
    }
    if (near.address.ss_family == AF_INET6) {
        const auto a = as<sockaddr_in6>(near);
        const auto b = as<sockaddr_in6>(far);
        return a.sin6_port == b.sin6_port && std::memcmp(&a.sin6_addr, &b.sin6_addr, sizeof a.sin6_addr) == 0;
    }
    return false;
}

}  // namespace

std::string endpoint::text() const {
    std::array<char, INET6_ADDRSTRLEN> buffer{};
    switch (address.ss_family) {
        case AF_INET: {
            const auto v4 = as<sockaddr_in>(*this);
            ::inet_ntop(AF_INET, &v4.sin_addr, buffer.data(), buffer.size());
            return std::string(buffer.data()) + ':' + std::to_string(ntohs(v4.sin_port));
        }
        case AF_INET6: {
            const auto v6 = as<sockaddr_in6>(*this);
            ::inet_ntop(AF_INET6, &v6.sin6_addr, buffer.data(), buffer.size());
            return '[' + std::string(buffer.data()) + "]:" + std::to_string(ntohs(v6.sin6_port));
        }
        case AF_UNIX: return as<sockaddr_un>(*this).sun_path;
        default: return "unknown address";
    }
}

void endpoint::set_port(std::uint16_t port) noexcept {
    if (address.ss_family == AF_INET) {
        auto v4 = as<sockaddr_in>(*this);
        v4.sin_port = htons(port);
        *this = endpoint_of(v4);
    } else if (address.ss_family == AF_INET6) {
        auto v6 = as<sockaddr_in6>(*this);
        v6.sin6_port = htons(port);
        *this = endpoint_of(v6);
    }
}

bool endpoint::operator==(const endpoint& other) const noexcept {
    return size == other.size && std::memcmp(&address, &other.address, size) == 0;
}

errc connect_errc(const error_code& cause) noexcept {
    switch (cause.value()) {
        case EMFILE:
        case ENFILE:
        case ENOBUFS: return errc::out_of_descriptors;
        case EADDRNOTAVAIL: return errc::out_of_ports;
        case ECONNREFUSED: return errc::connection_refused;
        case ETIMEDOUT: return errc::connect_timeout;
        default: return errc::connect_failed;
    }
}

std::optional<endpoint> parse_address(std::string_view literal, std::uint16_t port) {
    const auto percent = literal.find('%');
    const std::string address(literal.substr(0, percent));
    if (address.find('\0') != std::string::npos) return {};
    sockaddr_in v4{};
    if (percent == std::string_view::npos && ::inet_pton(AF_INET, address.c_str(), &v4.sin_addr) == 1) {
        v4.sin_family = AF_INET;
        v4.sin_port = htons(port);
        return endpoint_of(v4);
    }
    sockaddr_in6 v6{};
    if (::inet_pton(AF_INET6, address.c_str(), &v6.sin6_addr) != 1) return {};
    if (percent != std::string_view::npos) {
        v6.sin6_scope_id = ::if_nametoindex(std::string(literal.substr(percent + 1)).c_str());
        if (v6.sin6_scope_id == 0) return {};
    }
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    return endpoint_of(v6);
}

std::optional<endpoint> unix_endpoint(std::string_view path) {
    sockaddr_un address{};
    if (path.empty() || path.size() >= sizeof address.sun_path || path.find('\0') != std::string_view::npos) return {};
    address.sun_family = AF_UNIX;
    std::ranges::copy(path, address.sun_path);
    return endpoint_of(address, offsetof(sockaddr_un, sun_path) + path.size() + 1);
}

connecting_socket begin_connect(const endpoint& to, const endpoint* from, std::chrono::milliseconds keep_alive_probe) {
    connecting_socket result;
    result.socket.reset(::socket(to.address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!result.socket) {
        result.failure = failure_of(errno, to);
        return result;
    }
    const int fd = result.socket.get();
    if (to.address.ss_family != AF_UNIX) set_tcp_options(fd, keep_alive_probe);
    if (from != nullptr) {
        if (auto failed = bind_to(fd, *from)) {
            result.failure = std::move(*failed);
            result.socket.reset();
            return result;
        }
    }
    if (::connect(fd, generic(to), to.size) != 0) {
        // An interrupted connect goes on in the background, as one that could not be done at once does.
        if (errno == EINPROGRESS || errno == EINTR) return result;
        result.failure = failure_of(errno, to);
        result.socket.reset();
        return result;
    }
    auto outcome = finish_connect(fd, to);
    result.connected = outcome.state == connect_state::connected;
    if (outcome.state == connect_state::failed) {
        result.failure = std::move(outcome.failure);
        result.socket.reset();
    }
    return result;
}

connect_outcome finish_connect(int fd, const endpoint& to) {
    int e = 0;
    socklen_t size = sizeof e;
    if (::getsockopt(fd, SOL_SOCKET, SO_ERROR, &e, &size) != 0) e = errno;
    if (e != 0) return {.state = connect_state::failed, .failure = failure_of(e, to)};
    endpoint peer;
    peer.size = sizeof peer.address;
    if (::getpeername(fd, reinterpret_cast<sockaddr*>(&peer.address), &peer.size) != 0) {
        if (errno == ENOTCONN) return {};
        return {.state = connect_state::failed, .failure = failure_of(errno, to)};
    }
    if (connected_to_itself(fd, peer)) return {.state = connect_state::failed, .failure = failure_of(ECONNREFUSED, to)};
    return {.state = connect_state::connected, .failure = {}};
}

std::chrono::nanoseconds path_rtt(int fd) noexcept {
    tcp_info info{};
    socklen_t size = sizeof info;
    if (::getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return {};
    if (size < offsetof(tcp_info, tcpi_rtt) + sizeof info.tcpi_rtt) return {};
    return std::chrono::microseconds(info.tcpi_rtt);
}

}  // namespace hearth::net
