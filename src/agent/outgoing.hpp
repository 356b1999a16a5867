// A request's bytes on their way out: its head, then its body from memory, a file or a source.
#pragma once

#include "http1/request_writer.hpp"
#include "net/fd.hpp"

#include <hearth/body.hpp>
#include <hearth/error.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hearth::detail {

/// How a body will be framed, known before a connection is.
struct body_plan {
    http1::request_body framing = http1::request_body::none;
    std::uint64_t length = 0;
    std::optional<http1::fault> wrong;  ///< an unreadable file
};
[[nodiscard]] body_plan plan_body(const body& b);

/// One attempt's bytes. Gives pieces to write in order; whoever writes says how much went.
class outgoing {
public:
    enum class state : std::uint8_t {
        ready,    ///< front() and back() hold something to write
        held,     ///< the head is out; the body waits for release_body()
        waiting,  ///< a source is being read; `resume` will be called
        done,     ///< everything is out
        failed,   ///< wrong() says why
    };

    /// Begins an attempt. `head` must stay valid until the first write; then call stash() if not all of it went.
    void begin(std::string_view head, const body& b, const body_plan& plan, bool hold_body);
    /// Before next(), for a body that is a source: `resume` is called on `executor` when it has given something after next()
    /// said waiting.
    void listen(const boost::asio::any_io_executor& executor, std::function<void()> resume);
    /// What to do next; refills front() and back() when both are used up.
    [[nodiscard]] state next();
    [[nodiscard]] std::span<const char> front() const noexcept { return front_; }
    [[nodiscard]] std::span<const char> back() const noexcept { return back_; }
    /// So many bytes of front(), then back(), were written.
    void wrote(std::size_t n) noexcept;
    /// Copies what is left of the head into memory of its own.
    void stash();
    void release_body() noexcept { held_ = false; }
    [[nodiscard]] bool is_held() const noexcept { return held_; }
    /// Everything was handed to the kernel.
    [[nodiscard]] bool is_done() const noexcept { return done_; }
    [[nodiscard]] const http1::fault& wrong() const noexcept { return wrong_; }

    /// Whether the body can be sent again (after rewind()).
    [[nodiscard]] bool replayable(const body& b) const noexcept;
    /// Takes a source back to its beginning. False when it cannot.
    [[nodiscard]] bool rewind(const body& b);
    /// Ends the attempt: a read that is under way will be ignored.
    void abandon() noexcept;

private:
    struct reading;
    enum class origin : std::uint8_t { none, memory, file, source };

    [[nodiscard]] state refill();
    [[nodiscard]] state refill_from_file();
    [[nodiscard]] state refill_from_source();
    [[nodiscard]] state take_from_source(std::size_t n);
    [[nodiscard]] state finish();
    state fail(errc code, std::string detail);

    static constexpr std::size_t piece_size = 64 * 1024;

    std::span<const char> front_, back_;
    std::string small_;                         // an unsent head, or chunk framing
    std::shared_ptr<std::vector<char>> piece_;  // shared with a source that is filling it
    std::shared_ptr<reading> reading_;
    std::shared_ptr<body_source> source_;
    std::string_view memory_;
    net::unique_fd file_;
    boost::asio::any_io_executor executor_;
    std::function<void()> resume_;
    std::uint64_t left_ = 0;  // of a body of known length
    origin from_ = origin::none;
    bool chunked_ = false;
    bool chunk_open_ = false;  // the last chunk's CRLF is still owed
    bool held_ = false;
    bool done_ = false;
    bool consumed_ = false;  // something of a source was read
    http1::fault wrong_;
};

}  // namespace hearth::detail
