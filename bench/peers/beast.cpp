// Boost.Beast as its users write it: a coroutine, a stream and a buffer for each connection, and its examples' timeout.
#include "peers/peer.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <boost/beast/version.hpp>
#include <boost/version.hpp>

#include <optional>
#include <vector>

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using plain_stream = beast::tcp_stream;
using secure_stream = beast::ssl_stream<beast::tcp_stream>;

constexpr auto patience = std::chrono::seconds(30);

template <class Stream>
class clients {
public:
    clients(const bench::target& t, std::size_t connections) : to_(t), connections_(connections) {
        if (t.tls) {
            tls_.set_verify_mode(asio::ssl::verify_peer);
            if (t.ca_file.empty()) {
                tls_.set_default_verify_paths();
            } else {
                tls_.load_verify_file(t.ca_file);
            }
        }
        request_.method(http::verb::get);
        request_.target(t.path);
        request_.version(11);
        request_.set(http::field::host, t.host + ":" + t.port);
        request_.set(http::field::user_agent, BOOST_BEAST_VERSION_STRING);
    }

    void get(std::size_t requests) {
        left_ = requests;
        for (connection& c : connections_) {
            asio::co_spawn(context_, work(c), [this](const std::exception_ptr& e) {
                if (!e) return;
                if (!failure_) failure_ = e;
                context_.stop();
            });
        }
        context_.run();
        if (failure_) std::rethrow_exception(failure_);
        context_.restart();
    }

private:
    struct connection {
        std::optional<Stream> stream{};
        beast::flat_buffer buffer{};
    };

    asio::awaitable<void> open(connection& c) {
        asio::ip::tcp::resolver resolver(context_);
        const auto addresses = co_await resolver.async_resolve(to_.host, to_.port, asio::use_awaitable);
        if constexpr (std::is_same_v<Stream, secure_stream>) {
            c.stream.emplace(context_, tls_);
        } else {
            c.stream.emplace(context_);
        }
        auto& tcp = beast::get_lowest_layer(*c.stream);
        tcp.expires_after(patience);
        co_await tcp.async_connect(addresses, asio::use_awaitable);
        tcp.socket().set_option(asio::ip::tcp::no_delay(true));
        if constexpr (std::is_same_v<Stream, secure_stream>) {
            co_await c.stream->async_handshake(asio::ssl::stream_base::client, asio::use_awaitable);
        }
    }

    asio::awaitable<void> work(connection& c) {
        if (!c.stream) co_await open(c);
        while (left_ > 0) {
            --left_;
            beast::get_lowest_layer(*c.stream).expires_after(patience);
            co_await http::async_write(*c.stream, request_, asio::use_awaitable);
            http::response<http::string_body> response;
            co_await http::async_read(*c.stream, c.buffer, response, asio::use_awaitable);
            bench::check(to_, static_cast<int>(response.result_int()), response.body().size());
        }
        // A timeout that still runs would keep the context from ending.
        beast::get_lowest_layer(*c.stream).expires_never();
    }

    bench::target to_;
    asio::io_context context_{1};
    asio::ssl::context tls_{asio::ssl::context::tls_client};
    http::request<http::empty_body> request_;
    std::vector<connection> connections_;
    std::size_t left_ = 0;
    std::exception_ptr failure_;
};

class client {
public:
    client(const bench::target& t, std::size_t connections) {
        if (t.tls) {
            secure_.emplace(t, connections);
        } else {
            plain_.emplace(t, connections);
        }
    }

    static std::string version() {
        return "Boost.Beast " + std::to_string(BOOST_BEAST_VERSION) + " (Boost " + std::to_string(BOOST_VERSION / 100000) +
               "." + std::to_string(BOOST_VERSION / 100 % 1000) + ")";
    }

    void get(std::size_t requests) {
        if (plain_) plain_->get(requests);
        if (secure_) secure_->get(requests);
    }

private:
    std::optional<clients<plain_stream>> plain_;
    std::optional<clients<secure_stream>> secure_;
};

}  // namespace

int main(int argc, char** argv) { return bench::run_peer<client>(argc, argv); }
