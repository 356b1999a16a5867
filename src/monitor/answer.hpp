// What a monitor answers, as bytes of HTTP/1.1.
#pragma once

#include "monitor/frames.hpp"

#include <string>
#include <string_view>

namespace hearth::detail {

struct answer {
    unsigned status = 200;
    std::string_view content_type = "text/plain; charset=utf-8";
    std::string_view text{};  ///< the body; static
    shared_text shared{};     ///< the body, where it is not static
    std::string_view more{};  ///< further header lines, each with its end; static
    bool endless = false;     ///< the body goes on until the connection ends

    [[nodiscard]] std::string_view body() const noexcept { return shared ? std::string_view(*shared) : text; }
    /// Its head, for a connection that is kept or closed afterwards.
    [[nodiscard]] std::string head(bool keep) const;
};

/// A refusal, in one sentence.
[[nodiscard]] answer refusal(unsigned status, std::string_view sentence);

}  // namespace hearth::detail
