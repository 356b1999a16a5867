#include "agent/watch.hpp"

#include "agent/access.hpp"
#include "agent/client_core.hpp"
#include "agent/core.hpp"
#include "agent/watch_door.hpp"

#include <boost/asio/post.hpp>

#include <atomic>
#include <mutex>
#include <utility>

namespace hearth::detail {

bool watch_door::post(std::function<void(agent_core&)> f) {
    const std::lock_guard held(mutex_);
    if (core_ == nullptr) return false;
    boost::asio::post(executor_, [me = shared_from_this(), f = std::move(f)] { me->enter(f); });
    return true;
}

// Who closes the door does so on the executor too, and maybe while this runs: the core stays until it has.
void watch_door::enter(const std::function<void(agent_core&)>& f) {
    std::shared_ptr<agent_core> core;
    {
        const std::lock_guard held(mutex_);
        if (core_ != nullptr) core = core_->shared_from_this();
    }
    if (core != nullptr) f(*core);
}

void watch_door::close() noexcept {
    const std::lock_guard held(mutex_);
    core_ = nullptr;
    executor_ = {};  // it must not outlive its context
}

namespace {

using done_function = std::function<void(watch_report)>;

class watched_agent final : public watched {
public:
    explicit watched_agent(std::shared_ptr<watch_door> door) : door_(std::move(door)) {}
    bool ask(const watch_query& q, done_function done) override {
        return door_->post([q, done = std::move(done)](agent_core& core) { done(core.report(q)); });
    }

private:
    std::shared_ptr<watch_door> door_;
};

/// A client's loop lives as long as the client's core does, and wakes up for what its own queue holds only.
class watched_loop final : public watched, public std::enable_shared_from_this<watched_loop> {
public:
    watched_loop(std::weak_ptr<client_core> core, std::size_t loop) : core_(std::move(core)), loop_(loop) {}
    bool ask(const watch_query& q, done_function done) override {
        const auto core = core_.lock();
        if (!core || ended_) return false;
        client_loop& loop = *core->loops()[loop_];
        return loop.post([me = shared_from_this(), &loop, q, done = std::move(done)] {
            agent_core& agent = *access::core(loop.agent());
            if (agent.is_destroyed()) {
                me->ended_ = true;
            } else {
                done(agent.report(q));
            }
        });
    }

private:
    std::weak_ptr<client_core> core_;
    std::size_t loop_;
    std::atomic<bool> ended_ = false;  // by client::destroy()
};

}  // namespace

std::shared_ptr<watched> watch_agent(hearth::agent& a) { return std::make_shared<watched_agent>(access::core(a)->door()); }

std::vector<std::shared_ptr<watched>> watch_client(hearth::client& c) {
    const auto& core = access::core(c);
    std::vector<std::shared_ptr<watched>> all;
    for (std::size_t i = 0; i < core->loops().size(); ++i) all.push_back(std::make_shared<watched_loop>(core, i));
    return all;
}

}  // namespace hearth::detail
