// A connection that has left HTTP (101 Switching Protocols).
#pragma once

#include <hearth/error.hpp>

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/buffer.hpp>

#include <cstddef>
#include <memory>
#include <utility>

namespace hearth {

namespace detail {
class raw_stream;
}

/// An AsyncReadStream and AsyncWriteStream, plain or TLS, fit for asio::async_read, asio::async_write and what is built on
/// them. One read and one write at a time, on its executor. Destroying it closes the connection; operations under way then
/// end with asio::error::operation_aborted.
class stream {
public:
    using executor_type = boost::asio::any_io_executor;
    using handler = boost::asio::any_completion_handler<void(error_code, std::size_t)>;

    stream() noexcept;
    explicit stream(std::shared_ptr<detail::raw_stream> impl) noexcept;
    stream(stream&&) noexcept;
    stream& operator=(stream&&) noexcept;
    ~stream();

    [[nodiscard]] executor_type get_executor() const;
    [[nodiscard]] bool is_open() const noexcept;

    /// Completion: void(error_code, std::size_t). asio::error::eof when the peer has ended its side.
    template <class Buffers, class Token>
    auto async_read_some(const Buffers& buffers, Token&& token) {
        return boost::asio::async_initiate<Token, void(error_code, std::size_t)>(
            [impl = impl_](auto h, boost::asio::mutable_buffer into) { start_read(*impl, into, handler(std::move(h))); },
            token, first<boost::asio::mutable_buffer>(buffers));
    }
    /// Completion: void(error_code, std::size_t).
    template <class Buffers, class Token>
    auto async_write_some(const Buffers& buffers, Token&& token) {
        return boost::asio::async_initiate<Token, void(error_code, std::size_t)>(
            [impl = impl_](auto h, boost::asio::const_buffer from) { start_write(*impl, from, handler(std::move(h))); },
            token, first<boost::asio::const_buffer>(buffers));
    }
    /// Says goodbye and closes.
    void close() noexcept;

private:
    // Reading or writing less than asked is what "some" allows, so the first buffer that is not empty will do.
    template <class Buffer, class Buffers>
    static Buffer first(const Buffers& buffers) {
        for (auto it = boost::asio::buffer_sequence_begin(buffers); it != boost::asio::buffer_sequence_end(buffers); ++it) {
            if (Buffer b(*it); b.size() > 0) return b;
        }
        return {};
    }
    static void start_read(detail::raw_stream& impl, boost::asio::mutable_buffer into, handler h);
    static void start_write(detail::raw_stream& impl, boost::asio::const_buffer from, handler h);

    std::shared_ptr<detail::raw_stream> impl_;
};

}  // namespace hearth
