// Responses, from bytes as they come: a machine without a socket.
//
//     std::string_view in = received;
//     for (;;) {
//         switch (reader.next(in)) {
//             case read_event::need_more: ...receive more, and call next() with that alone: `in` is used up
//             case read_event::informational: ...a 1xx; its status and fields are in the message
//             case read_event::head: ...status, fields and framing are in the message
//             case read_event::body: ...use reader.body(), or stop here and go on later with what is left of `in`
//             case read_event::complete: ...what is left of `in` does not belong to the response
//             case read_event::failed: ...reader.error()
//         }
//     }
#pragma once

#include "http1/fault.hpp"
#include "http1/reuse.hpp"

#include <hearth/headers.hpp>

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace hearth::http1 {

/// Bounds on what a server may send. Ranges as in agent_options.
struct read_limits {
    /// Bytes of the head, 1xx responses before it included; and, counted anew, of the trailers.
    std::size_t max_head = 64 * 1024;
    /// Fields of one head, and of the trailers.
    std::size_t max_fields = 256;
    /// 1xx responses before the final one.
    unsigned max_informational = 8;
    /// Bytes of the body; 0 for no limit.
    std::uint64_t max_body = 0;
};

/// What of the request decides how its response is read.
struct request_kind {
    bool head = false;     ///< HEAD: no body, whatever the fields say
    bool connect = false;  ///< CONNECT: a 2xx ends HTTP on the connection
    bool upgrade = false;  ///< head_plan::upgrade: a 101 is an answer; unasked it is an error
};

/// A response as far as it was read. Filled in place by a response_reader.
struct response_message {
    int status = 0;      ///< 100 to 999
    unsigned minor = 1;  ///< of HTTP/1.minor: 0 or 1
    std::string reason;  ///< may be empty
    headers fields;
    headers trailers;  ///< without the fields that must not stand there (RFC 9110, 6.5.1)
    body_framing framing = body_framing::none;
    std::uint64_t length = 0;  ///< of the body, for body_framing::length
    bool switched = false;     ///< 101, or a 2xx to CONNECT: the bytes after the head are not HTTP/1

    /// As new; keeps memory.
    void clear() noexcept;
};

/// What next() found.
enum class read_event : std::uint8_t {
    need_more,      ///< all input is used up
    informational,  ///< a 1xx response other than 101; the message is overwritten by what follows
    head,           ///< the final response's head is complete
    body,           ///< body() holds a piece of the body, never empty
    complete,       ///< the response is over; again and again, if asked
    failed,         ///< error() says why; again and again, if asked
};

/// Reads one response. Outcomes do not depend on how the input was cut into pieces. It keeps only the beginning of an
/// unfinished line, at most max_head bytes (chunk headers: 4 KiB), and no memory at all when lines do not straddle pieces.
/// Strict where leniency lets two readers disagree: obsolete folding, bare CR or LF, a space before the colon, differing or
/// malformed lengths, Content-Length with Transfer-Encoding, any coding but one "chunked" are refused (RFC 9112, 5 and 6).
class response_reader {
public:
    response_reader() = default;
    response_reader(response_message& into, const read_limits& limits, request_kind kind) { start(into, limits, kind); }

    /// Ready for a response; `into` is cleared. REQUIRES: `into` outlives the reading, at the same address.
    void start(response_message& into, const read_limits& limits, request_kind kind);

    /// Reads from the front of `in`, which is shortened by what was used, up to the next event. An empty `in` is allowed,
    /// and needed to learn of an end that no byte marks. `body_max` bounds the piece that read_event::body delivers; what is
    /// beyond stays in `in`.
    [[nodiscard]] read_event next(std::string_view& in, std::size_t body_max = std::numeric_limits<std::size_t>::max());

    /// The connection ended. `clean` is false when TLS was cut off without close_notify. Gives `complete` for a whole
    /// response or one that its connection's clean end delimits; else `failed`: errc::truncated_response, or
    /// errc::connection_closed when no final response had begun. All input must have been read by then.
    [[nodiscard]] read_event finish(bool clean = true);

    /// The piece that read_event::body announced: a view into that call's input.
    [[nodiscard]] std::string_view body() const noexcept { return body_; }
    /// What is wrong, after read_event::failed: errc malformed_response, ambiguous_framing, head_too_large,
    /// too_many_headers, response_too_large, truncated_response, connection_closed or too_many_informational.
    [[nodiscard]] const fault& error() const noexcept { return error_; }

    /// Whether any byte of a response, a 1xx included, has come.
    [[nodiscard]] bool begun() const noexcept { return begun_; }
    /// Whether read_event::head was delivered.
    [[nodiscard]] bool has_head() const noexcept { return has_head_; }
    /// Whether the response is over; for a body with Content-Length as soon as its last byte was delivered.
    [[nodiscard]] bool complete() const noexcept { return state_ == state::complete; }
    /// Bytes that stand next on the wire and are all body: the rest of the length or of the chunk; no bound for to_close; 0
    /// when something else comes next. So many may be received straight into the caller's memory, and then shown to next().
    [[nodiscard]] std::uint64_t body_ahead() const noexcept;
    /// Bytes of the body delivered so far.
    [[nodiscard]] std::uint64_t body_read() const noexcept { return body_total_; }

    /// Bytes kept of a line whose end has not come.
    [[nodiscard]] std::size_t held() const noexcept { return line_done_ ? 0 : held_.size(); }

    /// What the response says about reusing its connection; for may_reuse(). Meaningful once has_head().
    [[nodiscard]] const response_facts& facts() const noexcept { return facts_; }

private:
    enum class state : std::uint8_t {
        status_line,
        fields,
        body_length,
        body_to_close,
        chunk_line,
        chunk_data,
        chunk_cr,
        chunk_lf,
        trailers,
        complete,
        failed,
    };
    static constexpr std::size_t chunk_line_max = 4 * 1024;
    static constexpr std::size_t chunk_extensions_max = 16 * 1024;  // over all chunks of a response

    enum class line_result : std::uint8_t { ready, partial, failed };
    [[nodiscard]] std::optional<read_event> read_line(std::string_view& in);
    [[nodiscard]] bool read_whole_fields(std::string_view& in, bool& ended);
    [[nodiscard]] bool may_be_http(std::string_view in) const noexcept;
    [[nodiscard]] line_result take_line(std::string_view& in, std::string_view& line);
    [[nodiscard]] line_result line_too_long();
    [[nodiscard]] bool on_status_line(std::string_view line);
    [[nodiscard]] bool on_field(std::string_view line);
    [[nodiscard]] bool take_field(std::string_view line, std::size_t colon, std::string_view value);
    [[nodiscard]] bool wrong_field(std::string_view line);
    [[nodiscard]] bool note_connection(std::string_view value);
    [[nodiscard]] bool note_length(std::string_view value);
    [[nodiscard]] bool note_coding(std::string_view value);
    [[nodiscard]] read_event on_head_end();
    [[nodiscard]] read_event begin_body();
    [[nodiscard]] bool on_chunk_line(std::string_view line);
    [[nodiscard]] read_event deliver(std::string_view& in, std::size_t body_max);
    read_event too_large(std::string_view detail);
    read_event fail(errc code, std::string detail);

    response_message* into_ = nullptr;
    read_limits limits_{};
    request_kind kind_{};
    state state_ = state::complete;
    bool begun_ = false;
    bool has_head_ = false;
    bool line_done_ = false;  // held_ holds a line that was read
    response_facts facts_{};
    unsigned informational_ = 0;
    std::size_t field_count_ = 0;      // of this head, or of the trailers
    std::size_t head_left_ = 0;        // bytes that head or trailers may still have
    std::size_t extensions_left_ = 0;  // bytes that chunk extensions may still have
    std::uint64_t left_ = 0;           // bytes to come of a body with a length, or of a chunk
    std::uint64_t body_total_ = 0;     // bytes of the body delivered
    std::string_view body_;
    std::string held_;  // the beginning of a line whose end has not come
    fault error_;
};

}  // namespace hearth::http1
