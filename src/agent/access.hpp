// The way from what users hold to what is behind it.
#pragma once

#include <hearth/agent.hpp>
#include <hearth/client.hpp>

#include <memory>

namespace hearth::detail {

struct access {
    [[nodiscard]] static const std::shared_ptr<agent_core>& core(const hearth::agent& a) noexcept { return a.core_; }
    [[nodiscard]] static const std::shared_ptr<client_core>& core(const hearth::client& c) noexcept { return c.core_; }
};

}  // namespace hearth::detail
