#include "error_name.hpp"

#include <hearth/error.hpp>

#include <fmt/format.h>

#include <string_view>

namespace hearth::cli {

std::string error_name(const boost::system::error_code& code) {
    if (code.category() == category()) {
        if (const std::string_view name = to_string(static_cast<errc>(code.value())); name != "unknown")
            return std::string(name);
    }
    return fmt::format("{}_{}", code.category().name(), code.value());
}

}  // namespace hearth::cli
