// Safe age: which idle connections a request may take.
#pragma once

#include <chrono>
#include <optional>

namespace hearth::policy {

/// The idle age up to which a connection may carry a request. Replayable: any (nanoseconds::max()). Else `known_limit`, the
/// idle limit that the server of this origin told or was seen to use, margins already taken off; else `safe_age`
/// (agent_options). 0 means: only a fresh connection. Never negative.
[[nodiscard]] std::chrono::nanoseconds max_idle_age_for(bool replayable, std::optional<std::chrono::nanoseconds> known_limit,
                                                        std::chrono::nanoseconds safe_age) noexcept;

}  // namespace hearth::policy
