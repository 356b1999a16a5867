#include "http1/text.hpp"

#include "values/text.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace hearth::http1::text {
namespace {

constexpr bool is_control(char c) noexcept {
    const auto u = static_cast<unsigned char>(c);
    return (u < 0x20 && u != '\t') || u == 0x7f;
}

constexpr std::uint64_t each_byte(std::uint8_t b) noexcept { return 0x0101010101010101ULL * b; }

std::uint64_t load(const char* from) noexcept {
    std::uint64_t word = 0;
    std::memcpy(&word, from, sizeof word);
    return word;
}

// Not 0 when a byte of the word is below 0x20 or is 0x7f. A HTAB, and what follows one, may look so too; no control looks
// otherwise.
std::uint64_t suspects(std::uint64_t word) noexcept {
    const std::uint64_t low = (word - each_byte(0x20)) & ~word;
    const std::uint64_t differs_from_del = word ^ each_byte(0x7f);
    const std::uint64_t del = (differs_from_del - each_byte(1)) & ~differs_from_del;
    return (low | del) & each_byte(0x80);
}

}  // namespace

bool has_control(std::string_view s) noexcept {
    constexpr std::size_t step = sizeof(std::uint64_t);
    const auto exact = [&] { return std::any_of(s.begin(), s.end(), [](char c) { return is_control(c); }); };
    if (s.size() < step) return exact();
    // Whole words, but for the last one, which overlaps the one before where it must.
    std::uint64_t found = suspects(load(s.data() + s.size() - step));
    for (std::size_t at = 0; at + step < s.size(); at += step) found |= suspects(load(s.data() + at));
    return found != 0 && exact();
}

std::size_t find_control(std::string_view s, std::size_t from) noexcept {
    constexpr std::size_t step = sizeof(std::uint64_t);
    for (; from + step <= s.size(); from += step) {
        const std::uint64_t found = suspects(load(s.data() + from));
        if (found == 0) continue;
        // Only bytes above a suspect can look like one by mistake: the lowest is a control, or a HTAB.
        if constexpr (std::endian::native == std::endian::little) {
            const std::size_t first = from + static_cast<std::size_t>(std::countr_zero(found)) / 8;
            if (is_control(s[first])) return first;
        }
        for (std::size_t at = from; at != from + step; ++at) {
            if (is_control(s[at])) return at;
        }
    }
    while (from != s.size() && !is_control(s[from])) ++from;
    return from;
}

std::optional<std::uint64_t> parse_decimal(std::string_view s, std::uint64_t max) noexcept {
    if (s.empty()) return std::nullopt;
    std::uint64_t value = 0;
    for (char c : s) {
        if (!values::is_digit(c)) return std::nullopt;
        const auto digit = static_cast<std::uint64_t>(c - '0');
        if (value > max / 10 || digit > max || value * 10 > max - digit) return std::nullopt;
        value = value * 10 + digit;
    }
    return value;
}

std::string quote(std::string_view s) { return values::in_quotes(s, 40); }

}  // namespace hearth::http1::text
