// What an agent tells of itself to who watches it.
#pragma once

#include "agent/watch.hpp"
#include "support/run.hpp"

#include <hearth/agent.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace hearth::test {

inline awaitable<detail::watch_report> asked(agent& a, detail::watch_query q = {}) {
    const auto told = std::make_shared<std::optional<detail::watch_report>>();
    EXPECT_TRUE(detail::watch_agent(a)->ask(q, [told](detail::watch_report r) { *told = std::move(r); }));
    co_await until([&told] { return told->has_value(); });
    co_return std::move(**told);
}

/// The events of one kind, the oldest first.
inline awaitable<std::vector<log_event>> events_of(agent& a, enum log_event::kind kind) {
    detail::watch_report told = co_await asked(a);
    std::erase_if(told.events, [kind](const log_event& e) { return e.kind != kind; });
    co_return std::move(told.events);
}

/// The one that there is to be.
template <class T>
T only(const std::vector<T>& all) {
    if (all.size() != 1) throw std::runtime_error("there are " + std::to_string(all.size()) + ", not one");
    return all.front();
}

}  // namespace hearth::test
