#include "net/fd.hpp"
#include "net/resolver.hpp"

#include <netdb.h>
#include <sys/eventfd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <string_view>
#include <system_error>

namespace hearth::net {

namespace {

constexpr std::size_t max_name_size = 255;  // RFC 1035, 2.3.4

// The name of this very machine (RFC 6761, 6.3), whose addresses are there whatever the network is like.
[[nodiscard]] bool is_localhost(std::string_view host) noexcept {
    if (host.ends_with('.')) host.remove_suffix(1);
    return host == "localhost" || host.ends_with(".localhost");
}

// Without a descriptor for /etc/hosts or a socket, getaddrinfo may say anything, even that there is no such name.
[[nodiscard]] bool out_of_descriptors() noexcept {
    const unique_fd probe(::eventfd(0, EFD_CLOEXEC));
    return !probe && (errno == EMFILE || errno == ENFILE);
}

[[nodiscard]] lookup_result failed(int why, int system_errno) {
    lookup_result result;
    if (out_of_descriptors()) return {.code = errc::out_of_descriptors, .detail = "no name can be looked up"};
    const bool no_such_name = why == EAI_NONAME || why == EAI_NODATA || why == EAI_ADDRFAMILY;
    result.code = no_such_name ? errc::name_not_found : errc::lookup_failed;
    result.detail = why == EAI_SYSTEM ? std::generic_category().message(system_errno) : ::gai_strerror(why);
    return result;
}

}  // namespace

lookup_result system_lookup(const std::string& host) {
    if (host.empty() || host.size() > max_name_size || host.find('\0') != std::string::npos)
        return {.code = errc::name_not_found, .detail = "not a host name"};
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    // Asks for AAAA only where there is IPv6. It does not count ::1, so it must not be set for names of this machine.
    hints.ai_flags = is_localhost(host) ? 0 : AI_ADDRCONFIG;
    addrinfo* found = nullptr;
    const int why = ::getaddrinfo(host.c_str(), nullptr, &hints, &found);
    if (why != 0) return failed(why, errno);
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> all(found, &::freeaddrinfo);
    lookup_result result;
    for (const addrinfo* a = all.get(); a != nullptr; a = a->ai_next) {
        if (a->ai_addrlen > sizeof(sockaddr_storage)) continue;
        endpoint e;
        std::memcpy(&e.address, a->ai_addr, a->ai_addrlen);
        e.size = a->ai_addrlen;
        result.addresses.push_back(e);
    }
    return result;
}

}  // namespace hearth::net
