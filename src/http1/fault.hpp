// What was wrong with a message, in the words the caller will read.
#pragma once

#include <hearth/error.hpp>

#include <string>

namespace hearth::http1 {

/// One thing that is wrong: its errc, and a clause that says what exactly ("the status line is not HTTP/1.0 or HTTP/1.1").
/// Fits `failure::code` and `failure::detail`.
struct fault {
    errc code{};
    std::string detail;

    [[nodiscard]] bool operator==(const fault&) const = default;
};

}  // namespace hearth::http1
