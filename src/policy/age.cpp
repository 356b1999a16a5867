#include "policy/age.hpp"

#include <algorithm>

namespace hearth::policy {

std::chrono::nanoseconds max_idle_age_for(bool replayable, std::optional<std::chrono::nanoseconds> known_limit,
                                          std::chrono::nanoseconds safe_age) noexcept {
    if (replayable) return std::chrono::nanoseconds::max();
    return std::max(known_limit.value_or(safe_age), std::chrono::nanoseconds(0));
}

}  // namespace hearth::policy
