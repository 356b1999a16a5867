#include <hearth/agent.hpp>

#include "agent/core.hpp"

#include <hearth/version.hpp>

#include <utility>

namespace hearth {

namespace {

agent_options prepared(agent_options options) {
    if (!options.headers.contains("User-Agent")) options.headers.add("User-Agent", "hearth/" + std::string(version()));
    validate(options);
    return options;
}

}  // namespace

agent::agent(const executor_type& executor) : agent(executor, agent_options()) {}

agent::agent(const executor_type& executor, agent_options options)
    : core_(std::make_shared<detail::agent_core>(executor, prepared(std::move(options)))) {
    core_->start();
}

agent::agent(agent&&) noexcept = default;

agent& agent::operator=(agent&& other) noexcept {
    if (this != &other) {
        if (core_) core_->destroy();
        core_ = std::move(other.core_);
    }
    return *this;
}

agent::~agent() {
    if (core_) core_->destroy();
}

agent::executor_type agent::get_executor() const { return core_->executor(); }
std::size_t agent::warm(std::string_view url, std::size_t n) { return core_->warm(url, n); }
void agent::close_idle() { core_->close_idle(); }
void agent::destroy() { core_->destroy(); }
stats agent::stats() const { return core_->snapshot(); }

std::shared_ptr<detail::call> agent::hold(request&& r) const { return detail::make_call(core_, std::move(r)); }
void agent::start_send(detail::completion<response> done, std::shared_ptr<detail::call> c) {
    detail::agent_core& core = *c->core;
    core.submit(std::move(c), std::move(done));
}
void agent::start_close(detail::completion<> done, std::shared_ptr<detail::agent_core> core) {
    core->close(std::move(done));
}

}  // namespace hearth
