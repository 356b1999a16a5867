// Calls a handler where it wants to be called.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/dispatch.hpp>

#include <tuple>
#include <utility>

namespace hearth::detail {

/// Calls `handler(args...)` on its associated executor, else on `fallback`; at once where that executor allows it.
template <class Handler, class... Args>
void deliver(Handler handler, const boost::asio::any_io_executor& fallback, Args... args) {
    auto executor = boost::asio::get_associated_executor(handler, fallback);
    boost::asio::dispatch(executor, [handler = std::move(handler), packed = std::make_tuple(std::move(args)...)]() mutable {
        std::apply([&](auto&... each) { std::move(handler)(std::move(each)...); }, packed);
    });
}

}  // namespace hearth::detail
