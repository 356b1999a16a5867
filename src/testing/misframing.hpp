// Responses whose framing is wrong.
#pragma once

#include "testing/routes.hpp"

#include <hearth/testing/fault.hpp>

#include <string>

namespace hearth::testing {

/// Whether `kind` is one of the framing_ kinds.
[[nodiscard]] bool is_misframing(fault_kind kind) noexcept;

/// All of `r` on the wire, framed wrongly as `kind` says. Of a long body only the first 64 KiB. REQUIRES:
/// is_misframing(kind).
[[nodiscard]] std::string misframed(const reply& r, fault_kind kind, unsigned version, bool to_head_request);

}  // namespace hearth::testing
