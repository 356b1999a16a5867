#include "utf8.hpp"

#include <cstddef>

namespace hearth::cli {
namespace {

// The length of the UTF-8 sequence at the beginning of `text`, which is not empty; 0 when it is none (RFC 3629).
std::size_t utf8_size(std::string_view text) noexcept {
    const auto byte = [text](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
    const auto follows = [&](std::size_t i) { return (byte(i) & 0xc0U) == 0x80; };
    const unsigned a = byte(0);
    const unsigned b = byte(1);
    if (a < 0x80) return 1;
    if (a >= 0xc2 && a <= 0xdf) return follows(1) ? 2 : 0;
    if (a >= 0xe0 && a <= 0xef) {
        const bool shortest = a != 0xe0 || b >= 0xa0;
        const bool no_surrogate = a != 0xed || b < 0xa0;
        return shortest && no_surrogate && follows(1) && follows(2) ? 3 : 0;
    }
    if (a >= 0xf0 && a <= 0xf4) {
        const bool in_range = (a != 0xf0 || b >= 0x90) && (a != 0xf4 || b < 0x90);
        return in_range && follows(1) && follows(2) && follows(3) ? 4 : 0;
    }
    return 0;
}

}  // namespace

bool is_text(std::string_view bytes) noexcept {
    while (!bytes.empty()) {
        const std::size_t size = utf8_size(bytes);
        if (size == 0 || bytes.front() == '\0') return false;
        bytes.remove_prefix(size);
    }
    return true;
}

std::string to_utf8(std::string_view bytes) {
    std::string out;
    out.reserve(bytes.size());
    while (!bytes.empty()) {
        const std::size_t size = utf8_size(bytes);
        if (size == 0) {
            out += "\xef\xbf\xbd";
            bytes.remove_prefix(1);
        } else {
            out += bytes.substr(0, size);
            bytes.remove_prefix(size);
        }
    }
    return out;
}

}  // namespace hearth::cli
