// A transport without HTTP: what hearth::stream stands on.
#pragma once

#include "net/transport.hpp"

#include <hearth/stream.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <memory>
#include <string>

namespace hearth::detail {

/// Independent of the agent that it came from; on its executor.
class raw_stream : public std::enable_shared_from_this<raw_stream> {
public:
    /// `bytes` were received already and are read first.
    raw_stream(const boost::asio::any_io_executor& executor, std::unique_ptr<net::transport> transport, std::string bytes);
    ~raw_stream();

    void read(boost::asio::mutable_buffer into, stream::handler done);
    void write(boost::asio::const_buffer from, stream::handler done);
    void close() noexcept;
    [[nodiscard]] bool is_open() const noexcept { return transport_ != nullptr; }
    [[nodiscard]] boost::asio::any_io_executor executor() { return readiness_.get_executor(); }

private:
    void read_on(boost::asio::mutable_buffer into, stream::handler done, bool inside);
    void write_on(boost::asio::const_buffer from, stream::handler done, bool inside);
    void end(stream::handler done, error_code ec, std::size_t n, bool inside);

    std::unique_ptr<net::transport> transport_;
    boost::asio::posix::stream_descriptor readiness_;  // borrows the transport's descriptor
    std::string bytes_;
};

}  // namespace hearth::detail
