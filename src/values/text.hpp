// Words and checks that several value types share.
#pragma once

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

namespace hearth::values {

/// `text` in double quotes, fit for a message: bytes that do not print are shown as \xNN, what is longer than `max_size`
/// ends in "...".
[[nodiscard]] std::string in_quotes(std::string_view text, std::size_t max_size = 200);

/// `text` with control characters shown as \xNN, so that what a peer sent cannot break a log line or drive a terminal.
[[nodiscard]] std::string printable(std::string_view text);

/// "500 ms", "90 s", "2 h", "30 days": the largest unit that divides it.
[[nodiscard]] std::string to_words(std::chrono::milliseconds duration);

/// "1 byte", "1000 bytes", "64 KiB", "16 GiB": the largest unit that divides it.
[[nodiscard]] std::string bytes_to_words(std::uint64_t bytes);

/// Whether `text` is a token, as methods and field names are (RFC 9110, 5.6.2).
[[nodiscard]] bool is_token(std::string_view text) noexcept;

/// How many bytes at the front of `text` a token may have.
[[nodiscard]] std::size_t token_size(std::string_view text) noexcept;

/// Whether `text` can stand in a field's value: no CR, LF or NUL (RFC 9110, 5.5).
[[nodiscard]] bool is_field_value(std::string_view text) noexcept;

/// What keeps `host` from being a name or an IPv4 address that a client can ask for; empty when nothing does. Stricter than
/// RFC 3986: only letters, digits, '-', '.' and '_', labels of 1 to 63 bytes, 253 in all without the trailing dot. A name
/// whose last label is a number is taken for an address, so that resolvers cannot read "1.2.3" or "0x7f.1" as one.
[[nodiscard]] std::string_view host_problem(std::string_view host);

/// The parts, strings, characters and whole numbers, one behind the other.
template <class... Parts>
[[nodiscard]] std::string concat(const Parts&... parts) {
    std::string out;
    const auto append = [&out](const auto& part) {
        using type = std::remove_cvref_t<decltype(part)>;
        if constexpr (std::integral<type> && !std::same_as<type, char>) {
            out += std::to_string(part);
        } else {
            out += part;
        }
    };
    (append(parts), ...);
    return out;
}

/// A byte as two upper-case hexadecimal digits.
[[nodiscard]] std::string to_hex(char byte);

[[nodiscard]] constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
[[nodiscard]] constexpr char to_lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }
[[nodiscard]] constexpr bool is_letter(char c) noexcept { return to_lower(c) >= 'a' && to_lower(c) <= 'z'; }
[[nodiscard]] constexpr bool is_host_character(char c) noexcept {
    return is_letter(c) || is_digit(c) || c == '-' || c == '.' || c == '_';
}
[[nodiscard]] constexpr bool is_hex_digit(char c) noexcept {
    return is_digit(c) || (to_lower(c) >= 'a' && to_lower(c) <= 'f');
}

}  // namespace hearth::values
