// A client's I/O threads, and how calls from other threads reach them.
#pragma once

#include <hearth/agent.hpp>
#include <hearth/client.hpp>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <thread>
#include <vector>

namespace hearth::detail {

/// One I/O thread with an agent of its own. Work for it goes through one queue, which wakes it once for many entries.
class client_thread {
public:
    explicit client_thread(const agent_options& options);
    ~client_thread();
    client_thread(const client_thread&) = delete;
    client_thread& operator=(const client_thread&) = delete;

    /// Runs `f` on the thread, after what was posted before. Any thread. False, and `f` is dropped, once stop() has begun.
    bool post(std::function<void()> f);
    /// Destroys the agent on its thread, runs what that sets free, ends the thread. Not from the thread itself.
    void stop();
    [[nodiscard]] bool is_current() const noexcept { return std::this_thread::get_id() == thread_.get_id(); }
    /// On the thread only.
    [[nodiscard]] hearth::agent& agent() noexcept { return *agent_; }

private:
    void run_posted();

    boost::asio::io_context context_{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard_;
    std::optional<hearth::agent> agent_;
    std::mutex mutex_;
    std::deque<std::function<void()>> posted_;
    bool stopping_ = false;
    std::thread thread_;
};

/// Shared by a client and the responses that it gave, which may outlive it.
class client_core {
public:
    explicit client_core(const client_options& options);

    /// The thread that the URL's origin belongs to. A URL that does not parse belongs to any: the agent says what is wrong
    /// with it.
    [[nodiscard]] client_thread& thread_of(std::string_view url);
    [[nodiscard]] const std::vector<std::unique_ptr<client_thread>>& threads() const noexcept { return threads_; }
    /// Throws std::logic_error on an I/O thread: what it would wait for could never happen.
    void refuse_io_thread() const;
    void stop();

private:
    std::vector<std::unique_ptr<client_thread>> threads_;
};

}  // namespace hearth::detail
