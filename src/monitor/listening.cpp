#include "monitor/listening.hpp"

#include <hearth/error.hpp>

#include "values/text.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace hearth::detail {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

constexpr int backlog = 256;

asio::generic::stream_protocol::endpoint endpoint_of(const listen_address& a) {
    if (a.is_unix()) return asio::local::stream_protocol::endpoint(a.path);
    return asio::ip::tcp::endpoint(asio::ip::make_address(a.ip), a.port);
}

std::uint16_t port_of(const asio::generic::stream_protocol::endpoint& from) {
    asio::ip::tcp::endpoint to;
    to.resize(from.size());
    std::memcpy(to.data(), from.data(), from.size());
    return to.port();
}

/// Does not wait for one who listens and has no time.
bool is_refused(const std::string& path) {
    const asio::local::stream_protocol::endpoint where(path);
    const int probe = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (probe < 0) return false;
    const bool refused =
        ::connect(probe, where.data(), static_cast<::socklen_t>(where.size())) != 0 && errno == ECONNREFUSED;
    ::close(probe);
    return refused;
}

/// Takes away a socket that nobody listens on.
void remove_leftover(const std::string& path) {
    struct stat found {};
    if (::lstat(path.c_str(), &found) != 0 || !S_ISSOCK(found.st_mode)) return;
    if (is_refused(path)) ::unlink(path.c_str());
}

}  // namespace

void keep_from_children(int descriptor) noexcept { ::fcntl(descriptor, F_SETFD, FD_CLOEXEC); }

listening_socket::listening_socket(asio::io_context& context, listen_address address)
    : address_(std::move(address)), acceptor_(context) {
    const auto where = endpoint_of(address_);
    if (address_.is_unix()) remove_leftover(address_.path);
    error_code error;
    acceptor_.open(where.protocol(), error);
    if (!error) keep_from_children(acceptor_.native_handle());
    if (!error && !address_.is_unix()) acceptor_.set_option(acceptor_type::reuse_address(true), error);
    if (!error) acceptor_.bind(where, error);
    if (!error) acceptor_.listen(backlog, error);
    if (!error && !address_.is_unix()) address_.port = port_of(acceptor_.local_endpoint(error));
    if (error) {
        throw hearth::error(errc::connect_failed,
                            values::concat("cannot listen on ", values::in_quotes(address_.url()), ": ", error.message()));
    }
    struct stat made {};
    if (address_.is_unix() && ::lstat(address_.path.c_str(), &made) == 0) {
        device_ = made.st_dev;
        file_ = made.st_ino;
    }
}

listening_socket::~listening_socket() {
    struct stat now {};
    if (!address_.is_unix() || ::lstat(address_.path.c_str(), &now) != 0) return;
    if (now.st_dev == device_ && now.st_ino == file_) ::unlink(address_.path.c_str());
}

void listening_socket::close() noexcept {
    error_code ignored;
    acceptor_.close(ignored);
}

}  // namespace hearth::detail
