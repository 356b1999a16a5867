// Errors: one enum for everything that can go wrong, and what is known about a request that failed.
#pragma once

#include <boost/system/error_code.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>

namespace hearth {

using boost::system::error_code;

/// Why a call failed. Compares equal to the `std::errc` condition named in brackets, where there is one.
enum class errc {
    // What the caller passed.
    invalid_url = 1,     ///< the URL does not parse, has no host, or holds characters a URL must not [invalid_argument]
    unsupported_scheme,  ///< the URL's scheme is neither http nor https [protocol_not_supported]
    invalid_method,      ///< the method is not an HTTP token [invalid_argument]
    invalid_header,      ///< a header's name is not a token, or its value holds CR, LF or NUL [invalid_argument]
    invalid_option,      ///< an option is out of its range [invalid_argument]
    invalid_body,        ///< the body cannot be sent: unreadable file, source of the wrong length [invalid_argument]

    // Waiting for a connection.
    too_many_pending,  ///< `max_pending` requests wait already [resource_unavailable_try_again]
    pending_timeout,   ///< no connection became free within `pending_timeout` [timed_out]

    // Getting a connection.
    name_not_found,      ///< the name does not exist [host_unreachable]
    lookup_failed,       ///< the name could not be looked up now; may pass [resource_unavailable_try_again]
    connect_timeout,     ///< not connected (lookup, TCP, TLS) within `connect_timeout` [timed_out]
    connection_refused,  ///< nothing listens there [connection_refused]
    connect_failed,      ///< no route, unreachable, reset while connecting [host_unreachable]
    out_of_descriptors,  ///< the process or system has no file descriptor left [too_many_files_open]
    out_of_ports,        ///< no local port left towards this address [address_not_available]

    // TLS.
    tls_failed,                 ///< the handshake or a record failed [protocol_error]
    certificate_untrusted,      ///< self-signed or signed by an unknown authority [permission_denied]
    certificate_expired,        ///< expired or not valid yet [permission_denied]
    certificate_host_mismatch,  ///< the certificate is for another host [permission_denied]

    // The exchange.
    connection_closed,       ///< the server closed the connection before a response [connection_reset]
    connection_reset,        ///< the server reset the connection before a response ended [connection_reset]
    socket_timeout,          ///< nothing was sent or received for `timeout` [timed_out]
    headers_timeout,         ///< no response head within `headers_timeout` [timed_out]
    body_timeout,            ///< no body bytes for `body_timeout` [timed_out]
    unacknowledged_timeout,  ///< the peer acknowledged nothing for `unacknowledged_timeout` [timed_out]
    deadline_exceeded,       ///< the call's `deadline` passed [timed_out]
    malformed_response,      ///< the bytes are not an HTTP/1 response [protocol_error]
    ambiguous_framing,       ///< where the response ends is ambiguous: request smuggling's raw material [protocol_error]
    head_too_large,          ///< the response head is over `max_header_size` [message_size]
    too_many_headers,        ///< the response has over `max_header_count` fields [message_size]
    response_too_large,      ///< the body is over `max_response_size`, or too large to collect [message_size]
    truncated_response,      ///< the connection ended in the middle of the response [connection_reset]
    too_many_informational,  ///< more 1xx responses than anyone needs [protocol_error]

    // The caller's own doing.
    canceled,           ///< cancelled by the caller [operation_canceled]
    agent_closed,       ///< the agent was closed or destroyed [operation_canceled]
    body_already_read,  ///< the body was read, handed over or is being read [operation_not_permitted]
    file_failed,        ///< a file to send from or save to could not be opened, read or written [io_error]
};

/// The category of `errc`; its name is "hearth".
[[nodiscard]] const boost::system::error_category& category() noexcept;

/// Makes an error_code from an errc, for Boost.System and, by conversion, for the standard library.
[[nodiscard]] inline error_code make_error_code(errc e) noexcept { return {static_cast<int>(e), category()}; }

/// What a request was doing when it failed, in the order in which a request passes through them.
enum class phase : std::uint8_t { validate, pending, lookup, connect, tls, write, headers, body, retry_wait };
inline constexpr std::size_t phase_count = 9;

/// What the kernel and the protocol say happened to a request's bytes.
enum class evidence : std::uint8_t {
    none,             ///< nothing is known
    not_sent,         ///< the kernel accepted no byte of the request
    closed_before,    ///< the request met no socket: FIN, then RST and no byte acknowledged; or a bare RST answered it
    reset_in_flight,  ///< RST sooner than a round trip after the write: it was under way before the request could arrive
    unacknowledged,   ///< RST later and no byte acknowledged: proves nothing
    half_closed,      ///< FIN, then bytes acknowledged, no response
    acknowledged,     ///< bytes acknowledged, no response: it may have happened
    silent,           ///< retransmitted, nothing acknowledged
    unsolicited,      ///< response bytes that came while no byte of the request was acknowledged: not its answer
    refused,          ///< the protocol says that the request was not processed (HTTP/2 GOAWAY, REFUSED_STREAM)
    response_begun,   ///< it happened
};
inline constexpr std::size_t evidence_count = 11;

/// The enumerator's own name, as metrics and JSON use it.
[[nodiscard]] std::string_view to_string(errc e) noexcept;
[[nodiscard]] std::string_view to_string(phase p) noexcept;
[[nodiscard]] std::string_view to_string(evidence e) noexcept;

/// All that is known of a failed request.
struct failure {
    error_code code;                             ///< an `errc`
    error_code cause;                            ///< the system's or TLS library's own code, if there is one
    hearth::phase phase = phase::validate;       ///< what the request was doing
    bool reused = false;                         ///< whether its connection had served another request, or idled, before
    std::chrono::nanoseconds idle{0};            ///< how long that connection had been idle
    hearth::evidence evidence = evidence::none;  ///< what is known of the request's bytes
    unsigned attempts = 0;                       ///< how often the request was tried, replays and retries included
    std::string method;                          ///< the request's method
    std::string url;                             ///< the request's URL without credentials, query and fragment
    std::string detail;                          ///< what exactly was wrong, in words; may be empty
    std::string verdict;                         ///< why it was not sent again, in words; may be empty

    /// One plain sentence: who, what, in which circumstances, and why it was not sent again.
    [[nodiscard]] std::string message() const;
};

/// What Hearth throws. `code()` is the failure's errc as a std::error_code; `what()` is the failure's message.
class error : public std::system_error {
public:
    explicit error(failure f);
    explicit error(errc e, std::string detail = {});
    // Copies only: one that was moved from would have nothing to say.
    error(const error&) noexcept = default;
    error& operator=(const error&) noexcept = default;
    ~error() override = default;

    [[nodiscard]] const failure& info() const noexcept { return state_->info; }
    [[nodiscard]] const char* what() const noexcept override { return state_->message.c_str(); }

private:
    struct state {
        failure info;
        std::string message;
    };
    // Shared, so that copying an exception cannot throw.
    std::shared_ptr<const state> state_;
};

}  // namespace hearth

template <>
struct boost::system::is_error_code_enum<hearth::errc> : std::true_type {};
template <>
struct std::is_error_code_enum<hearth::errc> : std::true_type {};
