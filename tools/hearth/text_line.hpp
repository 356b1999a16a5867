// A line of text that ends where its paper does.
#pragma once

#include "top_view.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace hearth::cli {

/// REQUIRES: text of one column a character, as terminal_text() makes it and block elements are.
class text_line {
public:
    explicit text_line(const top_paper& paper) : left_(paper.width), color_(paper.color) {}

    /// In a colour, by its SGR parameter, where there are colours.
    void add(std::string_view text, std::string_view color = {}) {
        const std::string_view fits = cut(text);
        if (fits.empty()) return;
        const bool paint = color_ && !color.empty();
        if (paint) (text_ += "\033[").append(color) += 'm';
        text_ += fits;
        if (paint) text_ += "\033[0m";
    }
    [[nodiscard]] std::size_t left() const noexcept { return left_; }
    [[nodiscard]] std::string take() { return std::move(text_); }

private:
    std::string_view cut(std::string_view text) {
        std::size_t end = 0;
        while (end < text.size()) {
            const bool begins = (static_cast<unsigned char>(text[end]) & 0xC0) != 0x80;
            if (begins && left_ == 0) break;
            if (begins) --left_;
            ++end;
        }
        return text.substr(0, end);
    }

    std::size_t left_;
    bool color_;
    std::string text_;
};

}  // namespace hearth::cli
