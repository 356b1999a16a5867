// The origin's ear: a listening socket, TCP or unix, that can go away and come back in the same place.
#pragma once

#include <hearth/testing/faulty_origin.hpp>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/system/error_code.hpp>

#include <cstdint>
#include <string>

namespace hearth::testing {

/// The generic endpoint as a TCP one. REQUIRES: it is one.
[[nodiscard]] boost::asio::ip::tcp::endpoint as_tcp(const boost::asio::generic::stream_protocol::endpoint& from);

class listener {
public:
    using protocol = boost::asio::generic::stream_protocol;
    using acceptor = boost::asio::basic_socket_acceptor<protocol>;

    /// Listens. Throws std::system_error.
    listener(boost::asio::io_context& context, const faulty_origin_options& options);
    /// Removes the unix socket's file.
    ~listener();
    listener(const listener&) = delete;
    listener& operator=(const listener&) = delete;

    [[nodiscard]] acceptor& socket() noexcept { return acceptor_; }
    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
    /// Where clients reach it: "127.0.0.1:8080", "[::1]:8080", "localhost" on a unix socket.
    [[nodiscard]] std::string authority() const;
    [[nodiscard]] bool tcp() const noexcept { return path_.empty(); }

    /// Refuses connections from now on; what waited to be accepted is reset. The port stays taken where the system allows.
    void stop() noexcept;
    /// Listens again, in the same place. To be tried again when it fails: someone else may have taken the port meanwhile.
    [[nodiscard]] boost::system::error_code start() noexcept;
    void close() noexcept;

private:
    [[nodiscard]] boost::system::error_code bind() noexcept;

    acceptor acceptor_;
    protocol::endpoint endpoint_;
    std::string path_;
    std::uint16_t port_ = 0;
    bool bound_ = false;
};

}  // namespace hearth::testing
