#include <hearth/monitor.hpp>

#include "agent/watch.hpp"
#include "monitor/endpoint.hpp"

#include <string>
#include <utility>
#include <vector>

namespace hearth {

monitor::monitor(monitor_options options) : endpoint_(std::make_unique<detail::endpoint>(std::move(options))) {}
monitor::monitor(agent& a, monitor_options options) : monitor(std::move(options)) { watch(a); }
monitor::monitor(client& c, monitor_options options) : monitor(std::move(options)) { watch(c); }
monitor::monitor(monitor&&) noexcept = default;
monitor& monitor::operator=(monitor&&) noexcept = default;
monitor::~monitor() = default;

void monitor::watch(agent& a, std::string_view name) {
    endpoint_->watch(std::string(name.empty() ? "agent" : name), {detail::watch_agent(a)});
}

void monitor::watch(client& c, std::string_view name) {
    endpoint_->watch(std::string(name.empty() ? "client" : name), detail::watch_client(c));
}

std::string monitor::url() const { return endpoint_->url(); }

}  // namespace hearth
