// The agent: asynchronous HTTP over a pool of keep-alive connections, on the caller's executor.
#pragma once

#include <hearth/detail/initiate.hpp>
#include <hearth/options.hpp>
#include <hearth/request.hpp>
#include <hearth/response.hpp>
#include <hearth/stats.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace hearth {

namespace detail {
class agent_core;
class call;
struct access;
}  // namespace detail

/// Keeps connections warm, reuses the warmest, notices when a server has closed one, and sends a request again when it
/// provably (or by its method, safely) did not happen.
///
/// Lives on one serial executor: a single-threaded io_context, or a strand. Call it from there; handlers run on their
/// associated executor, never inside the call that started them. While it has open connections, or requests, its context
/// does not run out of work: close() or destroy it to let run() return. Many agents may share a process or a context; they
/// share no state.
///
/// Each request may be cancelled by its handler's cancellation slot (total, partial or terminal: all mean give it up), in
/// every phase; it then ends with errc::canceled. A slot may be emitted from any thread that runs the agent's executor.
///
/// Completion tokens: see response.
class agent {
public:
    using executor_type = boost::asio::any_io_executor;

    /// Throws hearth::error (errc::invalid_option) naming the option, its value and what is allowed.
    explicit agent(const executor_type& executor);
    agent(const executor_type& executor, agent_options options);
    /// Write the co_await as a statement of its own:
    ///     auto executor = co_await asio::this_coro::executor;
    ///     hearth::agent agent(executor, {.max_sockets = 50});
    /// g++ (12 to 14 at least) destroys the members of an aggregate twice, such as options in braces, when it is written
    /// within an expression that holds a co_await; this makes that an error.
    agent(executor_type&& executor, agent_options options) = delete;
    /// A strand, an io_context's own executor.
    template <class Executor>
    requires(!std::is_same_v<Executor, executor_type> && std::is_convertible_v<const Executor&, executor_type>)
        agent(const Executor& executor, agent_options options)
        : agent(as_executor(executor), std::move(options)) {}
    template <class ExecutionContext>
    requires requires(ExecutionContext& c) { c.get_executor(); }
    explicit agent(ExecutionContext& context) : agent(as_executor(context)) {}
    template <class ExecutionContext>
    requires requires(ExecutionContext& c) { c.get_executor(); }
    agent(ExecutionContext& context, agent_options options) : agent(as_executor(context), std::move(options)) {}
    agent(agent&&) noexcept;
    agent& operator=(agent&&) noexcept;
    /// destroy().
    ~agent();

    [[nodiscard]] executor_type get_executor() const;

    /// Sends a request; completes when the response's head has arrived. Completion: void(error_code, response).
    template <class Token = throwing_t>
    auto send(request r, Token&& token = {}) {
        // The request is where it stays from here on: what is handed along while the call starts is a pointer.
        return detail::initiate<response>(std::forward<Token>(token), start_send, hold(std::move(r)));
    }
    template <class Token = throwing_t>
    auto get(std::string url, Token&& token = {}) {
        return send(request("GET", std::move(url)), std::forward<Token>(token));
    }
    template <class Token = throwing_t>
    auto head(std::string url, Token&& token = {}) {
        return send(request("HEAD", std::move(url)), std::forward<Token>(token));
    }
    template <class Token = throwing_t>
    auto post(std::string url, hearth::body body, Token&& token = {}) {
        return send(request("POST", std::move(url), {}, std::move(body)), std::forward<Token>(token));
    }
    template <class Token = throwing_t>
    auto put(std::string url, hearth::body body, Token&& token = {}) {
        return send(request("PUT", std::move(url), {}, std::move(body)), std::forward<Token>(token));
    }
    template <class Token = throwing_t>
    auto del(std::string url, Token&& token = {}) {
        return send(request("DELETE", std::move(url)), std::forward<Token>(token));
    }

    /// Opens connections to the URL's origin until `n` are free, within the limits; says how many it began to open. Throws
    /// for a bad URL.
    std::size_t warm(std::string_view url, std::size_t n);
    /// Closes idle connections now.
    void close_idle();
    /// New requests fail with errc::agent_closed from now on, as do those that wait for a connection; idle connections
    /// close; requests in flight finish. Completes when all have, and may be called again. Completion: void(error_code).
    template <class Token = throwing_t>
    auto close(Token&& token = {}) {
        return detail::initiate<>(std::forward<Token>(token), start_close, core_);
    }
    /// Everything fails with errc::agent_closed, all connections close, at once.
    void destroy();

    [[nodiscard]] hearth::stats stats() const;

private:
    friend detail::access;
    // A const value binds to the constructor that copies, not to the deleted one.
    template <class Source>
    static const executor_type as_executor(Source& source) {
        if constexpr (std::is_convertible_v<Source&, executor_type>) {
            return source;
        } else {
            return source.get_executor();
        }
    }
    [[nodiscard]] std::shared_ptr<detail::call> hold(request&& r) const;
    static void start_send(detail::completion<response> done, std::shared_ptr<detail::call> c);
    static void start_close(detail::completion<> done, std::shared_ptr<detail::agent_core> core);

    std::shared_ptr<detail::agent_core> core_;
};

}  // namespace hearth
