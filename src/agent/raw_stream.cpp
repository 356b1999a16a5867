#include "agent/raw_stream.hpp"

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <cstring>
#include <span>
#include <utility>

namespace hearth {

namespace asio = boost::asio;

namespace detail {

namespace {

// Calls a handler where it wants to be called.
void deliver(stream::handler done, const asio::any_io_executor& fallback, error_code ec, std::size_t n) {
    const auto executor = asio::get_associated_executor(done, fallback);
    asio::dispatch(executor, [done = std::move(done), ec, n]() mutable { std::move(done)(ec, n); });
}

}  // namespace

raw_stream::raw_stream(const asio::any_io_executor& executor, std::unique_ptr<net::transport> transport, std::string bytes)
    : transport_(std::move(transport)), readiness_(executor, transport_->fd()), bytes_(std::move(bytes)) {
    transport_->response_begun();
}

raw_stream::~raw_stream() { close(); }

void raw_stream::close() noexcept {
    if (!transport_) return;
    error_code ignored;
    (void)readiness_.cancel(ignored);
    (void)readiness_.release();
    transport_->shutdown();
    transport_.reset();
}

// Never calls the handler inside the call that started the operation.
void raw_stream::end(stream::handler done, error_code ec, std::size_t n, bool inside) {
    if (!inside) return deliver(std::move(done), executor(), ec, n);
    asio::post(executor(),
               [done = std::move(done), ex = executor(), ec, n]() mutable { deliver(std::move(done), ex, ec, n); });
}

void raw_stream::read(asio::mutable_buffer into, stream::handler done) { read_on(into, std::move(done), true); }
void raw_stream::write(asio::const_buffer from, stream::handler done) { write_on(from, std::move(done), true); }

void raw_stream::read_on(asio::mutable_buffer into, stream::handler done, bool inside) {
    if (!transport_) return end(std::move(done), asio::error::operation_aborted, 0, inside);
    if (into.size() == 0) return end(std::move(done), {}, 0, inside);
    if (!bytes_.empty()) {
        const std::size_t n = std::min(bytes_.size(), into.size());
        std::memcpy(into.data(), bytes_.data(), n);
        bytes_.erase(0, n);
        return end(std::move(done), {}, n, inside);
    }
    const net::io_result r = transport_->read({static_cast<char*>(into.data()), into.size()});
    if (r.state == net::io::done) return end(std::move(done), {}, r.bytes, inside);
    if (r.state == net::io::closed) return end(std::move(done), asio::error::eof, 0, inside);
    if (r.state == net::io::failed) return end(std::move(done), r.error, 0, inside);
    const auto what =
        r.state == net::io::want_read ? asio::posix::descriptor_base::wait_read : asio::posix::descriptor_base::wait_write;
    readiness_.async_wait(what, [self = shared_from_this(), into, done = std::move(done)](const error_code& ec) mutable {
        if (ec) return self->end(std::move(done), ec, 0, false);
        self->read_on(into, std::move(done), false);
    });
}

void raw_stream::write_on(asio::const_buffer from, stream::handler done, bool inside) {
    if (!transport_) return end(std::move(done), asio::error::operation_aborted, 0, inside);
    if (from.size() == 0) return end(std::move(done), {}, 0, inside);
    const net::io_result r = transport_->write({static_cast<const char*>(from.data()), from.size()}, {});
    if (r.state == net::io::done) return end(std::move(done), {}, r.bytes, inside);
    if (r.state == net::io::failed || r.state == net::io::closed) return end(std::move(done), r.error, 0, inside);
    const auto what =
        r.state == net::io::want_read ? asio::posix::descriptor_base::wait_read : asio::posix::descriptor_base::wait_write;
    readiness_.async_wait(what, [self = shared_from_this(), from, done = std::move(done)](const error_code& ec) mutable {
        if (ec) return self->end(std::move(done), ec, 0, false);
        self->write_on(from, std::move(done), false);
    });
}

}  // namespace detail

stream::stream() noexcept = default;
stream::stream(std::shared_ptr<detail::raw_stream> impl) noexcept : impl_(std::move(impl)) {}
stream::stream(stream&&) noexcept = default;
stream& stream::operator=(stream&& other) noexcept {
    if (this != &other) {
        close();
        impl_ = std::move(other.impl_);
    }
    return *this;
}
stream::~stream() { close(); }

stream::executor_type stream::get_executor() const { return impl_->executor(); }
bool stream::is_open() const noexcept { return impl_ && impl_->is_open(); }
void stream::close() noexcept {
    if (impl_) impl_->close();
}
void stream::start_read(detail::raw_stream& impl, asio::mutable_buffer into, handler h) { impl.read(into, std::move(h)); }
void stream::start_write(detail::raw_stream& impl, asio::const_buffer from, handler h) { impl.write(from, std::move(h)); }

}  // namespace hearth
