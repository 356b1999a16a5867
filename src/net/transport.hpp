// One connected byte stream, plain or TLS, non-blocking, with what the pool must know about it.
#pragma once

#include <hearth/error.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

namespace hearth::net {

/// How far an operation got.
enum class io : std::uint8_t {
    done,        ///< `bytes` were moved (for a read at least one)
    want_read,   ///< wait until the socket is readable
    want_write,  ///< wait until the socket is writable
    closed,      ///< read: the orderly end (FIN; under TLS close_notify)
    failed,      ///< `error` says why; the connection is of no more use
};

struct io_result {
    io state = io::done;
    std::size_t bytes = 0;
    error_code error{};
};

/// What a look at an idle connection found.
enum class idle_look : std::uint8_t {
    live,     ///< fit for a request
    partial,  ///< a TLS record has begun to arrive: live, but not to be used before the rest is there
    closed,   ///< FIN, close_notify, RST or an error
    bytes,    ///< the peer sent what nobody had asked for
};

/// Not synchronised. Destroying it closes the socket in an orderly way; abort() does so with a reset.
class transport {
public:
    virtual ~transport() = default;

    /// Reads what is there, at most into.size() bytes. REQUIRES: !into.empty().
    [[nodiscard]] virtual io_result read(std::span<char> into) = 0;
    /// Writes as much of `head`, then of `body`, as goes at once. Under TLS, after want_write the same bytes must be offered
    /// again (the same content at the front; they may have moved).
    [[nodiscard]] virtual io_result write(std::span<const char> head, std::span<const char> body) = 0;
    /// Looks without consuming anything that matters.
    [[nodiscard]] virtual idle_look look() = 0;
    /// Told when an exchange ends and the connection goes idle, and when one begins: TLS treats a bare EOF differently in
    /// between.
    virtual void went_idle() = 0;
    virtual void went_active() = 0;
    /// The response has begun: from here a bare EOF is an error again under TLS.
    virtual void response_begun() = 0;

    [[nodiscard]] virtual int fd() const noexcept = 0;
    /// Bytes the kernel took from us since the connection was made, TLS's own included.
    [[nodiscard]] virtual std::uint64_t bytes_accepted() const noexcept = 0;
    /// Whether the last read may have left something that the socket's readiness will not announce (TLS has decrypted more).
    [[nodiscard]] virtual bool has_buffered() const noexcept = 0;
    /// The protocol agreed by ALPN; empty for none.
    [[nodiscard]] virtual std::string_view alpn() const noexcept = 0;
    /// Says goodbye (close_notify, if that goes at once) before the destructor closes.
    virtual void shutdown() noexcept = 0;
    /// Discards what the kernel still holds and resets the connection (SO_LINGER 0): nothing that was abandoned arrives
    /// late.
    virtual void abort() noexcept = 0;
};

}  // namespace hearth::net
