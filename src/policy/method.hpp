// What a method promises (RFC 9110, 9.2).
#pragma once

#include <hearth/headers.hpp>

#include <optional>
#include <string_view>

namespace hearth::policy {

/// GET, HEAD, OPTIONS, TRACE: asks for nothing to be changed. Methods are case-sensitive.
[[nodiscard]] bool is_safe(std::string_view method) noexcept;
/// The safe ones, PUT and DELETE: twice is as good as once.
[[nodiscard]] bool is_idempotent(std::string_view method) noexcept;

/// Whether executing the request twice does no harm: `idempotent` (request_options::idempotent) when it is set; else an
/// idempotent method, or an Idempotency-Key or X-Idempotency-Key field that is not empty.
[[nodiscard]] bool repeatable(std::string_view method, const headers& fields, std::optional<bool> idempotent);

}  // namespace hearth::policy
