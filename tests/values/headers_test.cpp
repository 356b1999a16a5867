#include <hearth/headers.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <iterator>
#include <ranges>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace {

using hearth::headers;
using hearth::iequals;

std::string dump(const headers& h) {
    std::string text;
    for (const auto [name, value] : h) text.append(name).append("=").append(value).append(";");
    return text;
}

TEST(iequals, agrees_with_a_plain_loop_on_every_byte_at_every_position) {
    for (const std::size_t size : {1U, 3U, 7U, 8U, 9U, 15U, 16U, 17U, 40U}) {
        for (std::size_t at = 0; at < size; ++at) {
            for (int byte = 0; byte < 256; ++byte) {
                std::string a(size, 'x');
                a[at] = static_cast<char>(byte);
                const bool letter = byte < 128 && std::isalpha(byte) != 0;
                std::string b = a;
                b[at] = static_cast<char>(byte ^ 0x20);
                ASSERT_EQ(iequals(a, b), letter) << size << ' ' << at << ' ' << byte;
                ASSERT_TRUE(iequals(a, a));
                b[at] = static_cast<char>(byte ^ 0x80);
                ASSERT_FALSE(iequals(a, b)) << size << ' ' << at << ' ' << byte;
            }
        }
    }
}

TEST(iequals, minds_sizes) {
    EXPECT_TRUE(iequals("", ""));
    EXPECT_FALSE(iequals("", "a"));
    EXPECT_FALSE(iequals("Content-Length", "Content-Lengt"));
    EXPECT_TRUE(iequals("Transfer-Encoding", "tRANSFER-eNCODING"));
}

TEST(headers, keep_order_case_and_duplicates) {
    const headers h{{"Set-Cookie", "a=1"}, {"Content-Type", "text/plain"}, {"set-cookie", "b=2"}, {"X-Empty", ""}};
    EXPECT_EQ(dump(h), "Set-Cookie=a=1;Content-Type=text/plain;set-cookie=b=2;X-Empty=;");
    EXPECT_EQ(h.size(), 4U);
    EXPECT_FALSE(h.empty());
    EXPECT_EQ(h.get("SET-COOKIE"), "a=1");
    EXPECT_EQ(h.get_all("set-cookie"), (std::vector<std::string_view>{"a=1", "b=2"}));
    EXPECT_EQ(h.get("x-empty"), "");
    EXPECT_EQ(h.get("content-typ"), std::nullopt);
    EXPECT_TRUE(h.contains("content-type"));
    EXPECT_FALSE(h.contains(""));
    EXPECT_TRUE(h.get_all("none").empty());
    EXPECT_EQ(h.at(1).name, "Content-Type");
}

TEST(headers, are_empty_at_first_and_after_clear) {
    headers h;
    EXPECT_TRUE(h.empty());
    EXPECT_EQ(h.begin(), h.end());
    h.add("a", "b");
    h.clear();
    EXPECT_TRUE(h.empty());
    EXPECT_EQ(h.get("a"), std::nullopt);
    h.add("c", "d");
    EXPECT_EQ(dump(h), "c=d;");
}

TEST(headers, set_replaces_every_field_of_that_name_in_the_place_of_the_first) {
    headers h{{"A", "1"}, {"B", "2"}, {"a", "3"}, {"C", "4"}};
    h.set("a", "five");
    EXPECT_EQ(dump(h), "a=five;B=2;C=4;");
    h.set("D", "6");
    EXPECT_EQ(dump(h), "a=five;B=2;C=4;D=6;");
}

TEST(headers, erase_removes_every_field_of_that_name) {
    headers h{{"A", "1"}, {"B", "2"}, {"a", "3"}, {"C", "4"}};
    EXPECT_EQ(h.erase("A"), 2U);
    EXPECT_EQ(dump(h), "B=2;C=4;");
    EXPECT_EQ(h.erase("A"), 0U);
    EXPECT_EQ(h.erase("B"), 1U);
    EXPECT_EQ(h.erase("C"), 1U);
    EXPECT_TRUE(h.empty());
}

TEST(headers, leave_no_gaps_behind) {
    headers h;
    const std::string value(1000, 'v');
    for (int i = 0; i < 2'000; ++i) {
        h.set("X-Turn", value);
        h.set("X-Other", std::to_string(i));
    }
    // Fields lie one behind the other: the first begins where the block does, the second where the first ends.
    EXPECT_EQ(h.at(0).name.data() + 6, h.at(0).value.data());
    EXPECT_EQ(h.at(0).value.data() + value.size(), h.at(1).name.data());
    EXPECT_EQ(h.get("x-other"), "1999");
}

TEST(headers, take_views_into_themselves) {
    headers h{{"Name", "value"}};
    for (int i = 0; i < 200; ++i) {
        h.add(h.at(0).name, h.at(h.size() - 1).value);
        ASSERT_EQ(h.at(h.size() - 1).name, "Name");
        ASSERT_EQ(h.at(h.size() - 1).value, "value");
    }
    h.set(h.at(100).name, h.at(100).value);
    EXPECT_EQ(dump(h), "Name=value;");
    h.add("Second", "2");
    EXPECT_EQ(h.erase(h.at(1).name), 1U);
    EXPECT_EQ(dump(h), "Name=value;");
    h.set(h.at(0).value, h.at(0).name);
    EXPECT_EQ(dump(h), "Name=value;value=Name;");
}

TEST(headers, refuse_more_than_four_gigabytes) {
    headers h{{"a", "b"}};
    const char byte = 'x';
    const std::string_view huge(&byte, std::size_t{5} << 30);  // never read
    EXPECT_THROW(h.add(huge, "v"), std::length_error);
    EXPECT_THROW(h.add("n", huge), std::length_error);
    EXPECT_EQ(dump(h), "a=b;");
}

TEST(headers, reserve_makes_room) {
    headers h;
    h.reserve(10, 100);
    h.add("a", "1");
    const char* first = h.at(0).name.data();
    for (int i = 0; i < 9; ++i) h.add("name", "value");
    EXPECT_EQ(h.at(0).name.data(), first);
}

TEST(headers, iterate_forward_more_than_once) {
    static_assert(std::forward_iterator<headers::const_iterator>);
    static_assert(std::ranges::forward_range<const headers>);
    const headers h{{"A", "1"}, {"B", "2"}, {"C", "3"}};
    EXPECT_EQ(std::ranges::distance(h), 3);
    const auto found = std::ranges::find_if(h, [](const hearth::header_field& f) { return f.name == "B"; });
    ASSERT_NE(found, h.end());
    auto it = found;
    EXPECT_EQ((*it++).value, "2");
    EXPECT_EQ((*it).value, "3");
    EXPECT_EQ((*found).value, "2");
    EXPECT_EQ(++it, h.end());
    EXPECT_EQ(headers::const_iterator(), headers::const_iterator());
}

TEST(headers, copy_and_move_as_values) {
    headers a{{"A", "1"}};
    const headers b = a;
    a.add("B", "2");
    EXPECT_EQ(dump(b), "A=1;");
    const headers c = std::move(a);
    EXPECT_EQ(dump(c), "A=1;B=2;");
}

}  // namespace
