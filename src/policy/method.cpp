#include "policy/method.hpp"

#include <algorithm>

namespace hearth::policy {

bool is_safe(std::string_view method) noexcept {
    return method == "GET" || method == "HEAD" || method == "OPTIONS" || method == "TRACE";
}

bool is_idempotent(std::string_view method) noexcept { return is_safe(method) || method == "PUT" || method == "DELETE"; }

bool repeatable(std::string_view method, const headers& fields, std::optional<bool> idempotent) {
    if (idempotent) return *idempotent;
    if (is_idempotent(method)) return true;
    const auto names_a_key = [&](std::string_view name) {
        const auto value = fields.get(name);
        return value && value->find_first_not_of(" \t") != std::string_view::npos;
    };
    return names_a_key("Idempotency-Key") || names_a_key("X-Idempotency-Key");
}

}  // namespace hearth::policy
