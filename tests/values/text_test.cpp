#include "values/text.hpp"

#include <hearth/version.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace {

using namespace std::chrono_literals;
using namespace std::string_view_literals;
namespace values = hearth::values;

TEST(text, quotes_what_may_not_print) {
    EXPECT_EQ(values::in_quotes("a b"), "\"a b\"");
    EXPECT_EQ(values::in_quotes("a\n\0\xff"sv), "\"a\\x0A\\x00\\xFF\"");
    EXPECT_EQ(values::in_quotes("abcdef", 3), "\"abc...\"");
    EXPECT_EQ(values::in_quotes("abc", 3), "\"abc\"");
}

TEST(text, makes_messages_printable_and_leaves_utf8_alone) {
    EXPECT_EQ(values::printable("a\tb\x7f"), "a\\x09b\\x7F");
    EXPECT_EQ(values::printable("\xc3\xbc"), "\xc3\xbc");
}

TEST(text, words_for_durations) {
    EXPECT_EQ(values::to_words(0ms), "0");
    EXPECT_EQ(values::to_words(1ms), "1 ms");
    EXPECT_EQ(values::to_words(-5ms), "-5 ms");
    EXPECT_EQ(values::to_words(1500ms), "1500 ms");
    EXPECT_EQ(values::to_words(90s), "90 s");
    EXPECT_EQ(values::to_words(60s), "60 s");
    EXPECT_EQ(values::to_words(2h), "2 h");
    EXPECT_EQ(values::to_words(24h), "24 h");
    EXPECT_EQ(values::to_words(30 * 24h), "30 days");
    EXPECT_EQ(values::to_words(49h), "49 h");
}

TEST(text, words_for_sizes) {
    EXPECT_EQ(values::bytes_to_words(0), "0 bytes");
    EXPECT_EQ(values::bytes_to_words(1), "1 byte");
    EXPECT_EQ(values::bytes_to_words(1023), "1023 bytes");
    EXPECT_EQ(values::bytes_to_words(1024), "1 KiB");
    EXPECT_EQ(values::bytes_to_words(16 << 20), "16 MiB");
    EXPECT_EQ(values::bytes_to_words(16ULL << 30), "16 GiB");
    EXPECT_EQ(values::bytes_to_words((1ULL << 30) + 1), "1073741825 bytes");
}

TEST(text, puts_parts_together) {
    EXPECT_EQ(values::concat("a", 'b', 1, std::string("c"), "d"sv, std::uint64_t{1} << 40, -2), "ab1cd1099511627776-2");
}

TEST(text, knows_tokens_and_values) {
    EXPECT_TRUE(values::is_token("GET"));
    EXPECT_TRUE(values::is_token("x!#$%&'*+-.^_`|~9"));
    EXPECT_FALSE(values::is_token(""));
    for (const char c : "()<>@,;:\\\"/[]?={} \t\r\n\x7f\x80"sv) EXPECT_FALSE(values::is_token(std::string("a") + c)) << +c;
    EXPECT_FALSE(values::is_token("\0"sv));
    EXPECT_TRUE(values::is_field_value("a \t\xff"));
    EXPECT_TRUE(values::is_field_value(""));
    for (const char c : "\r\n\0"sv) EXPECT_FALSE(values::is_field_value(std::string("a") + c)) << +c;
}

TEST(version, is_three_numbers) {
    const std::string text(hearth::version());
    EXPECT_EQ(text.find_first_not_of("0123456789."), std::string::npos) << text;
    EXPECT_EQ(std::count(text.begin(), text.end(), '.'), 2) << text;
    EXPECT_EQ(text, HEARTH_VERSION);
}

}  // namespace
