// What a field value holds: characters, numbers and lists (RFC 9110, 5.5 and 5.6).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace hearth::http1::text {

/// Whether a control other than HTAB is in it: CR, LF and NUL above all. Bytes beyond ASCII are none.
[[nodiscard]] bool has_control(std::string_view s) noexcept;

/// Where the first such control stands at or after `from`, which is at most s.size(); s.size() when there is none.
[[nodiscard]] std::size_t find_control(std::string_view s, std::size_t from) noexcept;

/// One or more decimal digits that fit into `max`, and nothing else: no sign, no space.
[[nodiscard]] std::optional<std::uint64_t> parse_decimal(std::string_view s, std::uint64_t max) noexcept;

/// For messages: in quotes, fit to be printed, cut after 40 bytes.
[[nodiscard]] std::string quote(std::string_view s);

/// Without SP and HTAB at its ends.
[[nodiscard]] constexpr std::string_view trim(std::string_view s) noexcept {
    while (!s.empty() && (s.front() == ' ' || s.front() == '\t')) s.remove_prefix(1);
    while (!s.empty() && (s.back() == ' ' || s.back() == '\t')) s.remove_suffix(1);
    return s;
}

/// A list whose elements are parted by commas, or by semicolons too. next() gives them in order, trimmed, perhaps empty, and
/// nothing at the end. An empty list has one empty element.
class list {
public:
    explicit list(std::string_view s, bool semicolons = false) noexcept : rest_(s), other_(semicolons ? ';' : ',') {}

    [[nodiscard]] std::optional<std::string_view> next() noexcept {
        if (ended_) return std::nullopt;
        std::size_t end = 0;
        while (end != rest_.size() && rest_[end] != ',' && rest_[end] != other_) ++end;
        const std::string_view element = rest_.substr(0, end);
        ended_ = end == rest_.size();
        rest_.remove_prefix(ended_ ? end : end + 1);
        return trim(element);
    }

private:
    std::string_view rest_;
    char other_;
    bool ended_ = false;
};

}  // namespace hearth::http1::text
