#include "values/text.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

namespace hearth::values {
namespace {

constexpr std::string_view hex = "0123456789ABCDEF";

constexpr auto token_chars = [] {
    std::array<bool, 256> table{};
    for (int c = 0; c < 128; ++c) {
        const char ch = static_cast<char>(c);
        table[static_cast<std::size_t>(c)] =
            is_letter(ch) || is_digit(ch) || std::string_view("!#$%&'*+-.^_`|~").find(ch) != std::string_view::npos;
    }
    return table;
}();

bool is_number(std::string_view label) {
    if (label.starts_with("0x") || label.starts_with("0X")) return std::ranges::all_of(label.substr(2), is_hex_digit);
    return std::ranges::all_of(label, is_digit);
}

bool is_ipv4(std::string_view host) {
    in_addr parsed{};
    return host.size() < INET_ADDRSTRLEN && ::inet_pton(AF_INET, std::string(host).c_str(), &parsed) == 1;
}

}  // namespace

std::string in_quotes(std::string_view text, std::size_t max_size) {
    std::string out = "\"";
    for (const char c : text.substr(0, max_size)) {
        if (c >= 0x20 && c < 0x7f) {
            out += c;
        } else {
            out += "\\x" + to_hex(c);
        }
    }
    if (text.size() > max_size) out += "...";
    return out += '"';
}

std::string printable(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || byte == 0x7f) {
            out += "\\x" + to_hex(c);
        } else {
            out += c;
        }
    }
    return out;
}

std::string to_words(std::chrono::milliseconds duration) {
    using namespace std::chrono_literals;
    const auto in = [&](std::chrono::milliseconds unit, const char* name) { return std::to_string(duration / unit) + name; };
    if (duration == 0ms) return "0";
    if (duration % 24h == 0ms && duration > 24h) return in(24h, " days");
    if (duration % 1h == 0ms) return in(1h, " h");
    if (duration % 1s == 0ms) return in(1s, " s");
    return in(1ms, " ms");
}

std::string bytes_to_words(std::uint64_t bytes) {
    constexpr std::array units{" GiB", " MiB", " KiB"};
    for (std::size_t i = 0; i < units.size(); ++i) {
        const std::uint64_t unit = 1ULL << (10 * (units.size() - i));
        if (bytes != 0 && bytes % unit == 0) return std::to_string(bytes / unit) + units[i];
    }
    return std::to_string(bytes) + (bytes == 1 ? " byte" : " bytes");
}

std::string to_hex(char byte) {
    const auto value = static_cast<unsigned char>(byte);
    return {hex[value >> 4], hex[value & 15]};
}

std::size_t token_size(std::string_view text) noexcept {
    const auto fits = [text](std::size_t at) { return token_chars[static_cast<unsigned char>(text[at])]; };
    std::size_t size = 0;
    while (size + 4 <= text.size() && fits(size) && fits(size + 1) && fits(size + 2) && fits(size + 3)) size += 4;
    while (size != text.size() && fits(size)) ++size;
    return size;
}

bool is_token(std::string_view text) noexcept { return !text.empty() && token_size(text) == text.size(); }

bool is_field_value(std::string_view text) noexcept {
    return std::ranges::none_of(text, [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

std::string_view host_problem(std::string_view host) {
    std::string_view name = host;
    if (name.ends_with('.')) name.remove_suffix(1);
    if (name.empty()) return "the host is empty";
    if (name.size() > 253) return "the host is longer than 253 bytes";

    std::size_t label = 0;  // where the current one begins
    for (std::size_t i = 0; i <= name.size(); ++i) {
        if (i == name.size() || name[i] == '.') {
            if (i == label) return "the host has an empty label (two dots, or one at its beginning)";
            if (i - label > 63) return "the host has a label longer than 63 bytes";
            if (i != name.size()) label = i + 1;
        } else if (const char c = name[i]; !is_host_character(c)) {
            if (c == '%') return "the host holds percent-encoding; write a non-ASCII name in its punycode (xn--) form";
            if (c & '\x80') return "the host is not ASCII; write it in its punycode (xn--) form";
            return "a host holds only letters, digits, '-', '.' and '_'";
        }
    }
    if (is_number(name.substr(label)) && !is_ipv4(host)) return "the host ends in a number and is not an IPv4 address";
    return {};
}

}  // namespace hearth::values
