// A snapshot as JSON: docs/monitor.md says what is in it.
#pragma once

#include "monitor/snapshot.hpp"

#include <cstddef>
#include <string>

namespace hearth::detail {

/// A snapshot's JSON comes in two: with what happened since the one before it, for viewers who saw that, and with the last
/// events of all, for everybody else. What both share is written once.
class snapshot_json {
public:
    /// At most `max_origins` origins, the busiest first.
    snapshot_json(const snapshot& s, std::size_t max_origins);

    [[nodiscard]] std::string with_news() const;
    [[nodiscard]] std::string with_recent() const;

private:
    const snapshot& snapshot_;
    std::string shared_;  // without its closing bracket
};

}  // namespace hearth::detail
