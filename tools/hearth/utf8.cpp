#include "utf8.hpp"

#include "values/utf8.hpp"

#include <cstddef>

namespace hearth::cli {

bool is_text(std::string_view bytes) noexcept {
    while (!bytes.empty()) {
        const std::size_t size = values::utf8_size(bytes);
        if (size == 0 || bytes.front() == '\0') return false;
        bytes.remove_prefix(size);
    }
    return true;
}

std::string to_utf8(std::string_view bytes) {
    std::string out;
    out.reserve(bytes.size());
    while (!bytes.empty()) {
        const std::size_t size = values::utf8_size(bytes);
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
