#include "testing/listener.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <fmt/format.h>

#include <unistd.h>

#include <cstring>
#include <system_error>

namespace hearth::testing {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

constexpr int backlog = 4'096;

[[noreturn]] void fail(const error_code& error, const std::string& what) {
    throw std::system_error(std::error_code(error), what);
}

listener::protocol::endpoint endpoint_of(const faulty_origin_options& options) {
    if (!options.socket_path.empty()) {
        if (options.socket_path.size() >= sizeof(::sockaddr_un::sun_path)) {
            fail(asio::error::name_too_long, "faulty_origin: socket_path " + options.socket_path);
        }
        return asio::local::stream_protocol::endpoint(options.socket_path);
    }
    error_code error;
    const auto address = asio::ip::make_address(options.address, error);
    if (error) fail(error, "faulty_origin: address " + options.address);
    return asio::ip::tcp::endpoint(address, options.port);
}

}  // namespace

asio::ip::tcp::endpoint as_tcp(const asio::generic::stream_protocol::endpoint& from) {
    asio::ip::tcp::endpoint to;
    to.resize(from.size());
    std::memcpy(to.data(), from.data(), from.size());
    return to;
}

listener::listener(asio::io_context& context, const faulty_origin_options& options)
    : acceptor_(context), endpoint_(endpoint_of(options)), path_(options.socket_path) {
    if (const error_code error = start()) {
        fail(error, fmt::format("faulty_origin: listening on {}",
                                tcp() ? fmt::format("{}:{}", options.address, options.port) : path_));
    }
    if (tcp()) port_ = as_tcp(endpoint_).port();
}

listener::~listener() {
    if (!path_.empty()) ::unlink(path_.c_str());
}

std::string listener::authority() const {
    if (!tcp()) return "localhost";
    asio::ip::address address = as_tcp(endpoint_).address();
    if (address.is_unspecified()) {
        address = address.is_v6() ? asio::ip::address(asio::ip::address_v6::loopback()) : asio::ip::address_v4::loopback();
    }
    return fmt::format("{0}{1}{2}:{3}", address.is_v6() ? "[" : "", address.to_string(), address.is_v6() ? "]" : "", port_);
}

error_code listener::bind() noexcept {
    error_code error;
    if (!path_.empty()) ::unlink(path_.c_str());
    acceptor_.open(endpoint_.protocol(), error);
    if (!error && tcp()) acceptor_.set_option(acceptor::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint_, error);
    // A port of the system's choice is kept from now on.
    if (!error && tcp()) endpoint_ = acceptor_.local_endpoint(error);
    bound_ = !error;
    if (error) close();
    return error;
}

void listener::stop() noexcept {
    close();
    if (tcp()) (void)bind();
}

error_code listener::start() noexcept {
    error_code error;
    if (!bound_) error = bind();
    if (!error) acceptor_.listen(backlog, error);
    if (error) close();
    return error;
}

void listener::close() noexcept {
    error_code ignored;
    acceptor_.close(ignored);
    bound_ = false;
}

}  // namespace hearth::testing
