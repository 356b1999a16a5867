// A response: its head, and its body as it comes.
#pragma once

#include <hearth/detail/initiate.hpp>
#include <hearth/error.hpp>
#include <hearth/headers.hpp>
#include <hearth/stream.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/json/fwd.hpp>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace hearth {

namespace detail {
class call;
class client_exchange;
}  // namespace detail

/// Where a call's time went. Lookup, connect and tls are zero when an open connection was used.
struct response_timings {
    std::chrono::nanoseconds pending{0};     ///< waiting for a connection, all attempts together, dialling included
    std::chrono::nanoseconds lookup{0};      ///< of the connection that was dialled for this call
    std::chrono::nanoseconds connect{0};     ///< the same: TCP
    std::chrono::nanoseconds tls{0};         ///< the same: TLS handshake
    std::chrono::nanoseconds first_byte{0};  ///< from the first byte written (last attempt) to the head's arrival
    std::chrono::nanoseconds total{0};       ///< from send() to the head's arrival, or the body's end once that has come
};

/// A response whose head has arrived. Its body is read once, by one of text(), json(), save(), discard() or repeated
/// read_some().
///
/// Movable; a view into the call it belongs to. Destroying it unread is fine: a small rest of the body is read and the
/// connection kept, else the connection is closed. It may outlive its agent: reads then fail with errc::agent_closed. Not
/// synchronised: use it on its agent's executor. The destructor alone may run anywhere.
///
/// Completion tokens: the default is for `co_await` and throws hearth::error, as do asio::use_awaitable and
/// asio::use_future; every other token gets an error_code first.
class response {
public:
    /// An empty one, status 0: what failed calls give. It has no body to read: reading throws hearth::error
    /// (errc::body_already_read) there and then, whatever the token.
    response() noexcept = default;
    explicit response(std::shared_ptr<detail::call> c) noexcept : call_(std::move(c)) {}
    response(response&&) noexcept = default;
    response& operator=(response&& other) noexcept;
    ~response();

    [[nodiscard]] int status() const noexcept;
    /// 200 to 299.
    [[nodiscard]] bool ok() const noexcept { return status() >= 200 && status() < 300; }
    [[nodiscard]] std::string_view reason() const noexcept;
    /// 10 or 11: HTTP/1.0 or 1.1.
    [[nodiscard]] int version() const noexcept;
    [[nodiscard]] const hearth::headers& headers() const noexcept;
    /// Fields that came after a chunked body; empty until it has been read to its end.
    [[nodiscard]] const hearth::headers& trailers() const noexcept;
    /// The length that the head tells, if it does.
    [[nodiscard]] std::optional<std::uint64_t> content_length() const noexcept;

    /// How often the request was sent or tried, replays and retries included: 1 when all went well.
    [[nodiscard]] unsigned attempts() const noexcept;
    /// Whether the connection had served a request, or idled, before.
    [[nodiscard]] bool reused() const noexcept;
    /// The connection's number, unique within its agent.
    [[nodiscard]] std::uint64_t connection() const noexcept;
    /// "192.0.2.1:443", or a unix socket's path.
    [[nodiscard]] std::string_view remote() const noexcept;
    [[nodiscard]] response_timings timings() const noexcept;
    /// Whether all of it has arrived (or failed), read or not; its connection is no longer needed then. Any thread.
    [[nodiscard]] bool is_complete() const noexcept;
    /// Why the call or its body failed; null when it has not.
    [[nodiscard]] const hearth::failure* failure() const noexcept;

    /// Some bytes of the body, at least one; 0 at its end. `into` must stay valid until then.
    /// Completion: void(error_code, std::size_t).
    template <class Token = throwing_t>
    auto read_some(boost::asio::mutable_buffer into, Token&& token = {}) {
        return detail::initiate<std::size_t>(std::forward<Token>(token), start_read_some, held(), into);
    }
    /// The whole body, at most max_collected_size bytes. Completion: void(error_code, std::string).
    template <class Token = throwing_t>
    auto text(Token&& token = {}) {
        return detail::initiate<std::string>(std::forward<Token>(token), start_text, held());
    }
    /// The whole body, parsed. The caller includes <boost/json.hpp>. A body that is not JSON fails with boost::json::error.
    /// Completion: void(error_code, boost::json::value).
    template <class Token = throwing_t>
    auto json(Token&& token = {}) {
        return detail::initiate<boost::json::value>(std::forward<Token>(token), start_json, held());
    }
    /// Writes the body to a file, made or overwritten; gives its size. Writes block the executor's thread. On failure what
    /// was written stays. Completion: void(error_code, std::uint64_t).
    template <class Token = throwing_t>
    auto save(std::filesystem::path path, Token&& token = {}) {
        return detail::initiate<std::uint64_t>(std::forward<Token>(token), start_save, held(), std::move(path));
    }
    /// Reads the body to its end and forgets it; gives its size. Completion: void(error_code, std::uint64_t).
    template <class Token = throwing_t>
    auto discard(Token&& token = {}) {
        return detail::initiate<std::uint64_t>(std::forward<Token>(token), start_discard, held());
    }
    /// After status 101: the connection, with whatever the server has sent already. Throws hearth::error
    /// (errc::body_already_read) otherwise.
    [[nodiscard]] stream upgrade();

private:
    friend class detail::client_exchange;
    /// The whole body, if all of it is in memory and nobody has read of it. Any thread.
    [[nodiscard]] std::optional<std::string> take_text();
    [[nodiscard]] const std::shared_ptr<detail::call>& held() const;
    static void start_read_some(detail::completion<std::size_t> done, std::shared_ptr<detail::call> c,
                                boost::asio::mutable_buffer into);
    static void start_text(detail::completion<std::string> done, std::shared_ptr<detail::call> c);
    static void start_json(detail::completion<boost::json::value> done, std::shared_ptr<detail::call> c);
    static void start_save(detail::completion<std::uint64_t> done, std::shared_ptr<detail::call> c,
                           const std::filesystem::path& path);
    static void start_discard(detail::completion<std::uint64_t> done, std::shared_ptr<detail::call> c);

    std::shared_ptr<detail::call> call_;
};

}  // namespace hearth
