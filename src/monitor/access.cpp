#include "monitor/access.hpp"

#include <hearth/headers.hpp>

#include "values/text.hpp"

#include <algorithm>

namespace hearth::detail {

bool bears(std::string_view authorization, std::string_view token) noexcept {
    constexpr std::string_view scheme = "Bearer ";
    if (authorization.size() <= scheme.size() || !iequals(authorization.substr(0, scheme.size()), scheme)) return false;
    const std::string_view given = authorization.substr(scheme.size());
    // No early end at the first difference.
    unsigned difference = given.size() == token.size() ? 0 : 1;
    for (std::size_t i = 0; i < token.size(); ++i) {
        const char c = i < given.size() ? given[i] : '\0';
        difference |= static_cast<unsigned char>(c ^ token[i]);
    }
    return difference == 0;
}

bool names_this_machine(std::string_view host, const listen_address& address) noexcept {
    const std::size_t bracket = host.rfind(']');
    const std::size_t colon = host.rfind(':');
    if (colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket)) {
        if (!std::ranges::all_of(host.substr(colon + 1), values::is_digit)) return false;
        host = host.substr(0, colon);
    }
    if (iequals(host, "localhost") || host == "127.0.0.1" || host == "[::1]") return true;
    if (!address.v6) return host == address.ip;
    return host.size() > 2 && host.front() == '[' && host.back() == ']' && host.substr(1, host.size() - 2) == address.ip;
}

}  // namespace hearth::detail
