#include "http1/keep_alive_hint.hpp"

#include "http1/text.hpp"

#include <algorithm>
#include <limits>

namespace hearth::http1 {
namespace {

constexpr std::uint64_t timeout_max_s = std::numeric_limits<std::int32_t>::max();
constexpr std::uint64_t requests_max = std::numeric_limits<std::int64_t>::max();

std::string_view unquote(std::string_view s) noexcept {
    if (s.size() < 2 || s.front() != '"' || s.back() != '"') return s;
    return text::trim(s.substr(1, s.size() - 2));
}

template <typename T>
void keep_least(std::optional<T>& known, T heard) {
    known = known ? std::min(*known, heard) : heard;
}

void read_parameter(std::string_view parameter, keep_alive_hint& hint) {
    const std::size_t equals = parameter.find('=');
    if (equals == std::string_view::npos) return;
    const std::string_view name = text::trim(parameter.substr(0, equals));
    const std::string_view value = unquote(text::trim(parameter.substr(equals + 1)));
    if (iequals(name, "timeout")) {
        if (const auto seconds = text::parse_decimal(value, timeout_max_s)) {
            keep_least(hint.timeout, std::chrono::seconds(static_cast<std::int64_t>(*seconds)));
        }
    } else if (iequals(name, "max")) {
        if (const auto requests = text::parse_decimal(value, requests_max)) keep_least(hint.max, *requests);
    }
}

void read_value(std::string_view value, keep_alive_hint& hint) {
    text::list parameters(value, true);
    while (const auto parameter = parameters.next()) read_parameter(*parameter, hint);
}

}  // namespace

keep_alive_hint parse_keep_alive(std::string_view value) {
    keep_alive_hint hint;
    read_value(value, hint);
    return hint;
}

keep_alive_hint find_keep_alive(const headers& fields) {
    keep_alive_hint hint;
    for (const header_field field : fields) {
        if (iequals(field.name, "Keep-Alive")) read_value(field.value, hint);
    }
    return hint;
}

}  // namespace hearth::http1
