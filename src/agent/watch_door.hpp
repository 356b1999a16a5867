// Where other threads reach an agent, as long as there is one.
#pragma once

#include <boost/asio/any_io_executor.hpp>

#include <functional>
#include <memory>
#include <mutex>
#include <utility>

namespace hearth::detail {

class agent_core;

/// An agent's context may end right after the agent does, on another thread: whoever posts to it from elsewhere does so
/// while the agent is kept from ending. Shared by an agent and who watches it.
class watch_door : public std::enable_shared_from_this<watch_door> {
public:
    watch_door(agent_core& core, boost::asio::any_io_executor executor) : core_(&core), executor_(std::move(executor)) {}

    /// Calls `f(core)` on the executor soon, unless the agent ends before. False when it has ended. Any thread.
    [[nodiscard]] bool post(std::function<void(agent_core&)> f);
    /// The agent ends. On its executor, as all that ends it.
    void close() noexcept;

private:
    void enter(const std::function<void(agent_core&)>& f);

    std::mutex mutex_;
    agent_core* core_;  // null when it has ended
    boost::asio::any_io_executor executor_;
};

}  // namespace hearth::detail
