// A server's side of a transport: TCP or unix socket, with TLS on it or without.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>

#include <cstddef>
#include <optional>
#include <utility>

namespace hearth::testing {

/// An AsyncReadStream and AsyncWriteStream over either.
class origin_stream {
public:
    using socket_type = boost::asio::generic::stream_protocol::socket;
    using tls_type = boost::asio::ssl::stream<socket_type&>;
    using executor_type = boost::asio::any_io_executor;

    origin_stream(socket_type socket, std::optional<boost::asio::ssl::context>& context) : socket_(std::move(socket)) {
        if (context) tls_.emplace(socket_, *context);
    }
    origin_stream(const origin_stream&) = delete;
    origin_stream& operator=(const origin_stream&) = delete;

    [[nodiscard]] executor_type get_executor() { return socket_.get_executor(); }
    [[nodiscard]] socket_type& socket() noexcept { return socket_; }
    [[nodiscard]] tls_type* tls() noexcept { return tls_ ? &*tls_ : nullptr; }

    template <class Buffers, class Token>
    auto async_read_some(const Buffers& buffers, Token&& token) {
        return boost::asio::async_initiate<Token, signature>(
            [this](auto handler, const Buffers& into) {
                if (tls_) {
                    tls_->async_read_some(into, std::move(handler));
                } else {
                    socket_.async_read_some(into, std::move(handler));
                }
            },
            token, buffers);
    }

    template <class Buffers, class Token>
    auto async_write_some(const Buffers& buffers, Token&& token) {
        return boost::asio::async_initiate<Token, signature>(
            [this](auto handler, const Buffers& from) {
                if (tls_) {
                    tls_->async_write_some(from, std::move(handler));
                } else {
                    socket_.async_write_some(from, std::move(handler));
                }
            },
            token, buffers);
    }

private:
    using signature = void(boost::system::error_code, std::size_t);

    socket_type socket_;
    std::optional<tls_type> tls_;
};

}  // namespace hearth::testing
