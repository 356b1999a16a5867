// For coroutines that look at errors themselves.
#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace hearth::net {

/// co_await gives what the operation's handler would get, the error first, and never throws on one.
inline constexpr auto no_throw = boost::asio::as_tuple(boost::asio::use_awaitable);

}  // namespace hearth::net
