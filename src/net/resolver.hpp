// Names to addresses: getaddrinfo on a few threads of the process, answers remembered for a while.
#pragma once

#include <hearth/error.hpp>
#include <hearth/options.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <sys/socket.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace hearth::net {

/// One address, port included, ready for connect().
struct endpoint {
    sockaddr_storage address{};
    socklen_t size = 0;
    /// "192.0.2.1:80", "[2001:db8::1]:80".
    [[nodiscard]] std::string text() const;
    /// For IPv4 and IPv6; others have no port.
    void set_port(std::uint16_t port) noexcept;
    [[nodiscard]] bool operator==(const endpoint& other) const noexcept;
};

/// `code` is errc::name_not_found, errc::lookup_failed or errc::out_of_descriptors when `addresses` is empty.
struct lookup_result {
    errc code{};
    std::string detail{};               ///< what getaddrinfo said
    std::vector<endpoint> addresses{};  ///< in the order to try, families interleaved (RFC 8305, 4)
};

/// Asks the system (getaddrinfo). Blocks.
[[nodiscard]] lookup_result system_lookup(const std::string& host);
/// Alternates the families, beginning with the first address's, each family in its own order (RFC 8305, 4).
void interleave_families(std::vector<endpoint>& addresses);

/// One agent's view of the names. Belongs to one serial executor. While a lookup is under way that somebody waits for, the
/// executor's context does not run out of work.
class resolver {
public:
    using handler = std::function<void(const lookup_result&)>;
    /// Ends the interest in a lookup when destroyed.
    using ticket = std::shared_ptr<void>;
    /// Blocks until the answer is there; called from any thread, several at a time. Ports are not its business.
    using lookup_function = std::function<lookup_result(const std::string& host)>;

    resolver(boost::asio::any_io_executor executor, const dns_options& options);
    /// Asks `ask` instead of the system.
    resolver(boost::asio::any_io_executor executor, const dns_options& options, lookup_function ask);
    ~resolver();
    resolver(const resolver&) = delete;
    resolver& operator=(const resolver&) = delete;

    /// Looks `host` up, an address literal too. `done` is called once, on the executor, never from within, unless the ticket
    /// is destroyed first. Lookups of one name that are under way are shared.
    [[nodiscard]] ticket lookup(const std::string& host, std::uint16_t port, std::chrono::nanoseconds mono_now,
                                handler done);
    /// Forgets a name's answer: none of its addresses could be connected to.
    void forget(const std::string& host);
    /// Names remembered now.
    [[nodiscard]] std::size_t size() const noexcept;

private:
    struct state;
    std::shared_ptr<state> state_;
};

}  // namespace hearth::net
