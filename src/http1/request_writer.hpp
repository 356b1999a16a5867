// Request heads: checked when a request is submitted, written when it has a connection.
#pragma once

#include "http1/fault.hpp"

#include <hearth/headers.hpp>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace hearth::http1 {

/// How the end of a request's body is told (RFC 9112, 6).
enum class request_body : std::uint8_t {
    none,     ///< there is no body
    length,   ///< `head_spec::length` bytes, which may be 0
    chunked,  ///< a stream of unknown length
};

/// What a request head is made of. Views only: all of it must outlive the calls it is given to, and be the same for
/// validate() and write().
struct head_spec {
    std::string_view method{};
    std::string_view target{};          ///< path and query, as url::target
    std::string_view authority{};       ///< the Host field unless the user gave one, as url::authority()
    const headers* fields = nullptr;    ///< the user's; null for none
    const headers* defaults = nullptr;  ///< sent where the user has no field of that name; null for none
    request_body body = request_body::none;
    std::uint64_t length = 0;      ///< of the body, for request_body::length
    bool close = false;            ///< say "Connection: close"
    bool expect_continue = false;  ///< say "Expect: 100-continue"; not said when there is no body

    // What spares the same work with every request.
    bool from_url = false;                 ///< target and authority are a url's, which needs no second look
    std::string_view rendered_defaults{};  ///< `defaults` as render_defaults() gives them, passed by check_defaults()
};

/// What validate() found out: what the exchange has to know, and what spares write() the second look.
struct head_plan {
    bool close = false;    ///< the connection closes after the exchange: spec.close, or the user's "Connection: close"
    bool upgrade = false;  ///< an Upgrade is asked for, so a 101 is an answer
    bool expect_continue = false;  ///< "Expect: 100-continue" is sent: hold the body back

    // For write() alone.
    bool user_host = false;        ///< the user's Host field replaces the authority
    bool user_special = false;     ///< some of the user's fields are written otherwise than given
    bool say_close = false;        ///< close, and the user's own Connection field does not say it
    bool say_upgrade = false;      ///< upgrade, and the user's own Connection field does not name it
    bool say_length = false;       ///< a Content-Length is sent
    std::uint64_t overridden = 0;  ///< bit i: default field i is not sent because the user has one of that name
};

/// Default fields an agent may have: as many as head_plan::overridden has bits.
inline constexpr std::size_t default_fields_max = 64;

/// Checks everything about a request's head, so that write() cannot fail. Nothing when it may be sent, and `plan` is filled;
/// else what is wrong:
/// - errc::invalid_method: not a token (RFC 9110, 9.1); CONNECT, whose target is not a path;
/// - errc::invalid_url: a target that is empty or holds a space, a control or a byte beyond ASCII;
/// - errc::invalid_header: a name that is no token; a value with CR, LF, NUL or another control but HTAB; several Host
///   fields or a bad one; a Content-Length that is not the body's; a Transfer-Encoding other than "chunked" with a streamed
///   body; a Connection field that is no list of tokens; "Connection: upgrade" without Upgrade; an Expect other than
///   100-continue; over default_fields_max defaults, or one that frames or routes (Host, Connection, Content-Length, ...);
/// - errc::invalid_body: TRACE with a body (RFC 9110, 9.3.8).
/// White space around values is not an error: write() leaves it out.
[[nodiscard]] std::optional<fault> validate(const head_spec& spec, head_plan& plan);
/// What of that concerns default fields.
[[nodiscard]] std::optional<fault> check_defaults(const headers& defaults);
/// Default fields as they are written.
[[nodiscard]] std::string render_defaults(const headers& defaults);

/// Appends the head, its empty line included, to `out`; one pass, no allocation when `out` has room.
/// REQUIRES: validate(spec, plan) found nothing wrong.
void write(const head_spec& spec, const head_plan& plan, std::string& out);

/// What stands before `size` bytes of a chunked body (RFC 9112, 7.1); chunk_end follows them.
/// REQUIRES: size > 0, since a chunk of 0 bytes is the last one.
class chunk_header {
public:
    explicit chunk_header(std::uint64_t size) noexcept;
    [[nodiscard]] std::string_view view() const noexcept { return {text_.data() + begin_, text_.size() - begin_}; }

private:
    std::array<char, 18> text_;  // 16 hexadecimal digits, CR, LF
    std::uint8_t begin_;
};
inline constexpr std::string_view chunk_end = "\r\n";
/// The end of a chunked body, without trailers.
inline constexpr std::string_view last_chunk = "0\r\n\r\n";

}  // namespace hearth::http1
