// What a request sends.
#pragma once

#include <hearth/error.hpp>

#include <boost/asio/any_completion_handler.hpp>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

namespace hearth {

/// A request body that is produced piece by piece. One exchange reads it, from the agent's executor, one read at a time.
class body_source {
public:
    /// To be called once with what was read: an error fails the request, 0 bytes end the body.
    using handler = boost::asio::any_completion_handler<void(error_code, std::size_t)>;

    virtual ~body_source() = default;
    /// Fills a part of `into`, which is never empty and stays valid until `done` is called, or until the source is
    /// destroyed. `done` is called exactly once, from the agent's executor, with at most into.size() bytes. It may be called
    /// before async_read returns: the agent is prepared for that, and reads on without recursion.
    virtual void async_read(std::span<char> into, handler done) = 0;
    /// Goes back to the beginning, so that the request can be sent again; false when it cannot.
    [[nodiscard]] virtual bool rewind() { return false; }
};

/// A request's body: nothing, bytes in memory, a file, or a source. Copies share what they hold.
class body {
public:
    struct file_part {
        std::filesystem::path path;
    };
    struct source_part {
        std::shared_ptr<body_source> source;
        std::optional<std::uint64_t> length;  ///< known: sent with Content-Length; unknown: chunked
        bool rewindable = false;
    };

    body() = default;
    body(std::string bytes) : part_(std::move(bytes)) {}
    body(std::string_view bytes) : part_(std::string(bytes)) {}
    body(const char* bytes) : part_(std::string(bytes)) {}

    /// The file's content as it is when the request is sent; replayable. A file that cannot be opened fails the request with
    /// errc::file_failed; one that shrinks while it is sent, with errc::invalid_body.
    [[nodiscard]] static body file(std::filesystem::path path);
    /// What `source` gives, with Content-Length when `length` is known, else chunked. `rewindable` promises that
    /// source->rewind() works, which makes the request replayable. Throws hearth::error (errc::invalid_body) without a
    /// source.
    [[nodiscard]] static body stream(std::shared_ptr<body_source> source, std::optional<std::uint64_t> length = {},
                                     bool rewindable = false);
    /// What `next` gives, called on the agent's executor (it must not block) until it returns 0. The request fails
    /// with errc::invalid_body when it throws or returns more than the span's size. Without `rewind` the request cannot be
    /// replayed.
    [[nodiscard]] static body generator(std::function<std::size_t(std::span<char>)> next,
                                        std::optional<std::uint64_t> length = {}, std::function<bool()> rewind = {});

    [[nodiscard]] bool empty() const noexcept { return std::holds_alternative<std::monostate>(part_); }
    /// Whether it can be sent a second time: bytes, a file, nothing, or a rewindable source.
    [[nodiscard]] bool replayable() const noexcept;

    [[nodiscard]] const std::string* bytes() const noexcept { return std::get_if<std::string>(&part_); }
    [[nodiscard]] const file_part* as_file() const noexcept { return std::get_if<file_part>(&part_); }
    [[nodiscard]] const source_part* as_source() const noexcept { return std::get_if<source_part>(&part_); }

private:
    std::variant<std::monostate, std::string, file_part, source_part> part_;
};

}  // namespace hearth
