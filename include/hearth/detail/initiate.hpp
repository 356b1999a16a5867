// How a call's completion token meets the compiled code. Not for users.
#pragma once

#include <hearth/detail/completion.hpp>

#include <boost/asio/async_result.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>

#include <exception>
#include <type_traits>
#include <utility>

namespace hearth {

/// The default completion token: the call returns an asio::awaitable, and `co_await` gives the result or throws
/// hearth::error.
struct throwing_t {};

namespace detail {

/// Tokens that throw by themselves get the whole failure as a hearth::error; all others get its error_code.
template <class Token>
inline constexpr bool throws = false;
template <>
inline constexpr bool throws<throwing_t> = true;
template <class Executor>
inline constexpr bool throws<boost::asio::use_awaitable_t<Executor>> = true;
template <class Allocator>
inline constexpr bool throws<boost::asio::use_future_t<Allocator>> = true;

/// Makes the asynchronous operation that calls `start(completion<Results...>, args...)` when it is launched.
template <class... Results, class Token, class Start, class... Args>
auto initiate(Token&& token, Start start, Args&&... args) {
    namespace asio = boost::asio;
    constexpr bool throwing = throws<std::decay_t<Token>>;
    auto launch = [start = std::move(start)](auto handler, auto&&... rest) mutable {
        start(completion<Results...>::template of<throwing>(std::move(handler)), std::forward<decltype(rest)>(rest)...);
    };
    if constexpr (std::is_same_v<std::decay_t<Token>, throwing_t>) {
        // asio::deferred would save a coroutine frame, but Boost 1.81's cannot await what ends with an exception_ptr.
        return asio::async_initiate<const asio::use_awaitable_t<>&, void(std::exception_ptr, Results...)>(
            std::move(launch), asio::use_awaitable, std::forward<Args>(args)...);
    } else if constexpr (throwing) {
        return asio::async_initiate<Token, void(std::exception_ptr, Results...)>(std::move(launch), token,
                                                                                 std::forward<Args>(args)...);
    } else {
        return asio::async_initiate<Token, void(error_code, Results...)>(std::move(launch), token,
                                                                         std::forward<Args>(args)...);
    }
}

}  // namespace detail
}  // namespace hearth
