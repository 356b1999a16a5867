// Where a response's body goes: each way of reading it is a sink.
#pragma once

#include <hearth/detail/completion.hpp>
#include <hearth/error.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/json/value.hpp>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace hearth::detail {

/// What went wrong in a sink itself.
struct sink_error {
    errc code{};
    error_code cause{};
    std::string detail;
};

/// Takes a body piece by piece and, in the end, calls its caller's handler.
class body_sink {
public:
    virtual ~body_sink() = default;
    /// Takes from the front of `piece`; says how much. Less than all only when satisfied() then.
    [[nodiscard]] virtual std::size_t take(std::string_view piece) = 0;
    /// The same for a body that is all there and whose memory it may have. REQUIRES: nothing was taken before; takes_all().
    virtual void take_whole(std::string&& body) { (void)take(body); }
    /// Takes everything or fails.
    [[nodiscard]] virtual bool takes_all() const noexcept { return true; }
    /// It wants no more, although the body may go on.
    [[nodiscard]] virtual bool satisfied() const noexcept { return false; }
    /// What went wrong in it, if something did; it takes no more then.
    [[nodiscard]] virtual const sink_error* error() const noexcept { return nullptr; }
    /// The body has come to its end; last chance to find something wrong.
    virtual void ended() {}
    /// Room may be made for so many bytes.
    virtual void expect(std::uint64_t) {}
    /// Calls the handler, on its executor or else on `fallback`. Once, and nothing after that.
    virtual void complete(failure_ptr f, const boost::asio::any_io_executor& fallback) = 0;
    /// Where the caller's cancellation comes from.
    [[nodiscard]] virtual boost::asio::cancellation_slot slot() const noexcept = 0;
};

[[nodiscard]] std::unique_ptr<body_sink> make_some_sink(completion<std::size_t> done, boost::asio::mutable_buffer into);
[[nodiscard]] std::unique_ptr<body_sink> make_text_sink(completion<std::string> done, std::uint64_t size_max);
[[nodiscard]] std::unique_ptr<body_sink> make_json_sink(completion<boost::json::value> done, std::uint64_t size_max);
[[nodiscard]] std::unique_ptr<body_sink> make_file_sink(completion<std::uint64_t> done, const std::filesystem::path& path);
[[nodiscard]] std::unique_ptr<body_sink> make_discard_sink(completion<std::uint64_t> done);

}  // namespace hearth::detail
