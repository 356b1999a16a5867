#include "http1/text.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <random>
#include <vector>

namespace hearth::http1::text {
namespace {

// Every byte at every place in strings of each length, since words and odd ends are looked at differently.
TEST(text, finds_controls_wherever_they_are) {
    for (std::size_t size = 1; size != 20; ++size) {
        for (std::size_t at = 0; at != size; ++at) {
            for (int byte = 0; byte != 256; ++byte) {
                for (const char around : {'a', '\t', '\xff', ' '}) {
                    std::string s(size, around);
                    s[at] = static_cast<char>(byte);
                    const bool control = (byte < 0x20 && byte != '\t') || byte == 0x7f;
                    ASSERT_EQ(has_control(s), control) << byte << " at " << at << " of " << size;
                }
            }
        }
    }
    EXPECT_FALSE(has_control(""));
}

TEST(text, the_first_control_is_found_wherever_it_stands) {
    std::minstd_rand random(7);
    constexpr std::string_view likely = "aZ~ \t\t\r\n\x7f\x80\xff";
    for (int round = 0; round < 20'000; ++round) {
        std::string s(random() % 40, 'x');
        for (auto i = random() % 5; i > 0 && !s.empty(); --i) s[random() % s.size()] = likely[random() % likely.size()];
        const std::size_t from = random() % (s.size() + 1);
        std::size_t expected = from;
        while (expected != s.size() && !has_control(s.substr(expected, 1))) ++expected;
        ASSERT_EQ(find_control(s, from), expected) << testing::PrintToString(s) << " from " << from;
    }
}

TEST(text, numbers_have_only_digits_and_fit) {
    constexpr std::uint64_t max = std::numeric_limits<std::uint64_t>::max();
    EXPECT_EQ(parse_decimal("0", max), 0U);
    EXPECT_EQ(parse_decimal("00012", max), 12U);
    EXPECT_EQ(parse_decimal("18446744073709551615", max), max);
    EXPECT_EQ(parse_decimal("100", 100), 100U);
    for (const std::string_view s :
         {"", "-1", "+1", " 1", "1 ", "1a", "0x1", "18446744073709551616", "99999999999999999999"}) {
        EXPECT_EQ(parse_decimal(s, max), std::nullopt) << s;
    }
    EXPECT_EQ(parse_decimal("101", 100), std::nullopt);
    EXPECT_EQ(parse_decimal("1000", 100), std::nullopt);
    EXPECT_EQ(parse_decimal("7", 6), std::nullopt);
}

TEST(text, lists_by_comma) {
    const auto elements = [](list l) {
        std::vector<std::string_view> out;
        while (const auto element = l.next()) out.push_back(*element);
        return out;
    };
    using strings = std::vector<std::string_view>;
    EXPECT_EQ(elements(list("a, b ,\tc")), (strings{"a", "b", "c"}));
    EXPECT_EQ(elements(list("")), (strings{""}));
    EXPECT_EQ(elements(list(",a,")), (strings{"", "a", ""}));
    EXPECT_EQ(elements(list("a;b,c")), (strings{"a;b", "c"}));
    EXPECT_EQ(elements(list("a;b,c", true)), (strings{"a", "b", "c"}));
}

}  // namespace
}  // namespace hearth::http1::text
