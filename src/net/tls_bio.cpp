#include "net/tls_bio.hpp"

#include "net/plain_transport.hpp"

#include <algorithm>
#include <new>

namespace hearth::net {
namespace {

constexpr std::uint8_t record_header_size = 5;

tls_socket& socket_of(BIO* bio) noexcept { return *static_cast<tls_socket*>(BIO_get_data(bio)); }

void remember(tls_socket& socket, const error_code& error) noexcept {
    if (socket.error == 0) socket.error = error.value();
}

int bio_read(BIO* bio, char* into, int size) {
    BIO_clear_retry_flags(bio);
    if (into == nullptr || size <= 0) return 0;
    tls_socket& socket = socket_of(bio);
    if (socket.read_left == 0) {
        socket.flooded = true;
        return -1;
    }
    const auto room = std::min(static_cast<std::size_t>(size), socket.read_left);
    const auto [state, bytes, error] = socket_read(socket.fd.get(), {into, room});
    switch (state) {
        case io::done:
            socket.read_left -= bytes;
            socket.incoming.consume({into, bytes});
            return static_cast<int>(bytes);
        case io::closed: socket.eof = true; return 0;
        case io::failed: remember(socket, error); return -1;
        case io::want_read:
        case io::want_write: break;
    }
    BIO_set_retry_read(bio);
    return -1;
}

int bio_write(BIO* bio, const char* from, int size) {
    BIO_clear_retry_flags(bio);
    if (from == nullptr || size <= 0) return 0;
    tls_socket& socket = socket_of(bio);
    const auto [state, bytes, error] = socket_write(socket.fd.get(), {from, static_cast<std::size_t>(size)}, {});
    if (state == io::done) {
        socket.accepted += bytes;
        return static_cast<int>(bytes);
    }
    if (state == io::failed)
        remember(socket, error);
    else
        BIO_set_retry_write(bio);
    return -1;
}

// Whatever is not named here does not apply, kernel TLS among it.
long bio_control(BIO* bio, int command, long /*number*/, void* /*pointer*/) {
    switch (command) {
        case BIO_CTRL_FLUSH: return 1;
        case BIO_CTRL_EOF: return socket_of(bio).eof ? 1 : 0;
        default: return 0;
    }
}

int bio_create(BIO* bio) {
    BIO_set_init(bio, 1);
    return 1;
}

BIO_METHOD* make_method() {
    const int index = BIO_get_new_index();
    BIO_METHOD* method = index < 0 ? nullptr : BIO_meth_new(index | BIO_TYPE_SOURCE_SINK, "hearth socket");
    if (method == nullptr || BIO_meth_set_read(method, bio_read) != 1 || BIO_meth_set_write(method, bio_write) != 1 ||
        BIO_meth_set_ctrl(method, bio_control) != 1 || BIO_meth_set_create(method, bio_create) != 1)
        throw std::bad_alloc();
    return method;
}

}  // namespace

void record_framing::consume(std::span<const char> bytes) noexcept {
    while (!bytes.empty()) {
        if (body_left_ > 0) {
            const auto taken = std::min<std::size_t>(bytes.size(), body_left_);
            body_left_ -= static_cast<std::uint32_t>(taken);
            bytes = bytes.subspan(taken);
            continue;
        }
        const auto byte = static_cast<unsigned char>(bytes.front());
        bytes = bytes.subspan(1);
        ++header_bytes_;
        if (header_bytes_ == record_header_size - 1) length_high_ = byte;
        if (header_bytes_ == record_header_size) {
            header_bytes_ = 0;
            body_left_ = (std::uint32_t{length_high_} << 8U) | byte;
        }
    }
}

bio_ptr make_socket_bio(tls_socket& socket) {
    // Lives as long as the process: BIOs may be freed by static destructors.
    static BIO_METHOD* const method = make_method();
    bio_ptr bio(BIO_new(method));
    if (!bio) throw std::bad_alloc();
    BIO_set_data(bio.get(), &socket);
    return bio;
}

}  // namespace hearth::net
