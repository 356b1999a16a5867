// Hearth's agent as its users write it: coroutines, every defence on.
#pragma once

#include "peers/peer.hpp"

#include <hearth/agent.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

namespace bench {

namespace asio = boost::asio;

/// Reader: asio::awaitable<std::size_t> operator()(hearth::response&), which reads the body and gives its size. Each worker
/// has one.
template <class Reader>
class hearth_agent {
public:
    hearth_agent(const target& t, std::size_t connections)
        : to_(t), connections_(connections), agent_(context_, {.max_sockets = connections, .tls = {.ca_file = t.ca_file}}) {}

    static std::string version() { return "Hearth " HEARTH_VERSION; }

    void get(std::size_t requests) {
        left_ = requests;
        working_ = connections_;
        for (std::size_t i = 0; i < connections_; ++i) {
            asio::co_spawn(context_, work(), [this](const std::exception_ptr& e) {
                if (e && !failure_) failure_ = e;
                if (e || --working_ == 0) context_.stop();
            });
        }
        context_.run();
        if (failure_) std::rethrow_exception(failure_);
        context_.restart();
        if (agent_.stats().count.opened > connections_) throw std::runtime_error("connections were not kept");
    }

private:
    asio::awaitable<void> work() {
        Reader read;
        while (left_ > 0) {
            --left_;
            hearth::response r = co_await agent_.get(to_.url);
            const std::size_t size = co_await read(r);
            check(to_, r.status(), size);
        }
    }

    target to_;
    std::size_t connections_;
    asio::io_context context_{1};
    hearth::agent agent_;
    std::size_t left_ = 0;
    std::size_t working_ = 0;
    std::exception_ptr failure_;
};

}  // namespace bench
