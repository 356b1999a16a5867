// The monitor's listening socket, TCP or unix.
#pragma once

#include "monitor/address.hpp"

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>

#include <sys/types.h>

namespace hearth::detail {

/// A program that the service starts must not inherit it: the port would stay taken for as long as that runs.
void keep_from_children(int descriptor) noexcept;

class listening_socket {
public:
    using acceptor_type = boost::asio::basic_socket_acceptor<boost::asio::generic::stream_protocol>;

    /// Throws hearth::error (errc::connect_failed) with what the system said. A unix socket that a program left behind when
    /// it ended is replaced; one that somebody listens on is not.
    listening_socket(boost::asio::io_context& context, listen_address address);
    /// Removes the unix socket, if it is still the same.
    ~listening_socket();
    listening_socket(const listening_socket&) = delete;
    listening_socket& operator=(const listening_socket&) = delete;

    [[nodiscard]] acceptor_type& acceptor() noexcept { return acceptor_; }
    /// With the port that it got.
    [[nodiscard]] const listen_address& address() const noexcept { return address_; }
    void close() noexcept;

private:
    listen_address address_;
    acceptor_type acceptor_;
    ::dev_t device_ = 0;
    ::ino_t file_ = 0;
};

}  // namespace hearth::detail
