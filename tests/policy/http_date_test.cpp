#include "policy/http_date.hpp"

#include <gtest/gtest.h>

namespace hearth::policy {
namespace {

using namespace std::chrono_literals;
using std::chrono::sys_days;
using std::chrono::sys_seconds;

constexpr sys_seconds now = sys_days(2025y / 11 / 22) + 12h;
constexpr sys_seconds example = sys_days(1994y / 11 / 6) + 8h + 49min + 37s;

TEST(http_date, the_three_forms) {
    EXPECT_EQ(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT", now), example);
    EXPECT_EQ(parse_http_date("Sunday, 06-Nov-94 08:49:37 GMT", now), example);
    EXPECT_EQ(parse_http_date("Sun Nov  6 08:49:37 1994", now), example);
    EXPECT_EQ(parse_http_date("Wed Nov 16 08:49:37 1994", now), example + 24h * 10);
}

TEST(http_date, two_digits_of_a_year_mean_at_most_fifty_years_ahead) {
    EXPECT_EQ(parse_http_date("Monday, 01-Jan-75 00:00:00 GMT", now), sys_days(2075y / 1 / 1));
    EXPECT_EQ(parse_http_date("Monday, 01-Jan-76 00:00:00 GMT", now), sys_days(1976y / 1 / 1));
    EXPECT_EQ(parse_http_date("Monday, 01-Jan-00 00:00:00 GMT", now), sys_days(2000y / 1 / 1));
    const sys_seconds late = sys_days(2090y / 1 / 1);
    EXPECT_EQ(parse_http_date("Monday, 01-Jan-05 00:00:00 GMT", late), sys_days(2105y / 1 / 1));
}

TEST(http_date, edges_of_the_calendar_and_the_clock) {
    EXPECT_EQ(parse_http_date("Thu, 29 Feb 2024 23:59:59 GMT", now), sys_days(2024y / 2 / 29) + 24h - 1s);
    EXPECT_EQ(parse_http_date("Sat, 31 Dec 2016 23:59:60 GMT", now), sys_days(2017y / 1 / 1));
    EXPECT_EQ(parse_http_date("Thu, 01 Jan 1970 00:00:00 GMT", now), sys_seconds(0s));
    EXPECT_EQ(parse_http_date("Wed, 29 Feb 2023 00:00:00 GMT", now), std::nullopt);
    EXPECT_EQ(parse_http_date("Mon, 00 Jan 2025 00:00:00 GMT", now), std::nullopt);
    EXPECT_EQ(parse_http_date("Mon, 32 Jan 2025 00:00:00 GMT", now), std::nullopt);
    EXPECT_EQ(parse_http_date("Mon, 06 Jan 2025 24:00:00 GMT", now), std::nullopt);
    EXPECT_EQ(parse_http_date("Mon, 06 Jan 2025 00:60:00 GMT", now), std::nullopt);
    EXPECT_EQ(parse_http_date("Mon, 06 Jan 2025 00:00:61 GMT", now), std::nullopt);
}

TEST(http_date, what_is_none) {
    for (const std::string_view text :
         {"", "0", "Sun", "Sun, 06 Nov 1994", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 UTC",
          "Sun, 06 Nov 1994 08:49:37 GMT ", " Sun, 06 Nov 1994 08:49:37 GMT", "sun, 06 nov 1994 08:49:37 gmt",
          "Sun, 6 Nov 1994 08:49:37 GMT", "Son, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nox 1994 08:49:37 GMT",
          "Sun, 06 Nov 94 08:49:37 GMT", "1994-11-06T08:49:37Z", "Sun Nov 6 08:49:37 1994"}) {
        EXPECT_EQ(parse_http_date(text, now), std::nullopt) << text;
    }
}

TEST(http_date, every_prefix_is_none) {
    for (const std::string_view whole :
         {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"}) {
        for (std::size_t size = 0; size != whole.size(); ++size) {
            EXPECT_EQ(parse_http_date(whole.substr(0, size), now), std::nullopt) << whole.substr(0, size);
        }
    }
}

}  // namespace
}  // namespace hearth::policy
