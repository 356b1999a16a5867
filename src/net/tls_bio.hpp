// What OpenSSL reads from and writes to: the socket, never raising SIGPIPE, with our own books of what went through.
#pragma once

#include "net/fd.hpp"
#include "net/tls_openssl.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace hearth::net {

/// Follows the framing of incoming TLS records (RFC 8446, 5.1): a type, a version, a length, so many bytes.
class record_framing {
public:
    void consume(std::span<const char> bytes) noexcept;
    /// Whether the bytes seen end within a record.
    [[nodiscard]] bool within() const noexcept { return header_bytes_ != 0 || body_left_ != 0; }

private:
    std::uint32_t body_left_ = 0;
    std::uint8_t header_bytes_ = 0;
    std::uint8_t length_high_ = 0;
};

/// A socket and what is known of it. Must outlive the BIO made on it.
struct tls_socket {
    /// What one call may read at most, so that a peer cannot keep it busy with records that carry no data.
    static constexpr std::size_t read_limit = std::size_t{256} * 1024;

    unique_fd fd;
    std::uint64_t accepted = 0;          ///< bytes the kernel took from us
    std::size_t read_left = read_limit;  ///< renewed before each call
    record_framing incoming;
    int error = 0;         ///< errno of the first failed system call
    bool eof = false;      ///< the peer closed its side
    bool flooded = false;  ///< read_limit was reached
};

/// A BIO over `socket`, non-blocking.
[[nodiscard]] bio_ptr make_socket_bio(tls_socket& socket);

}  // namespace hearth::net
