#include "policy/http_date.hpp"

#include <algorithm>
#include <array>

namespace hearth::policy {
namespace {

namespace chrono = std::chrono;

constexpr std::array<std::string_view, 12> months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::array<std::string_view, 7> short_days = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
constexpr std::array<std::string_view, 7> long_days = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                                       "Friday", "Saturday", "Sunday"};

// Reads a date from its front; once something does not fit, `good` is false and stays so.
struct cursor {
    std::string_view rest;
    bool good = true;

    void literal(std::string_view expected) {
        good = good && rest.starts_with(expected);
        if (good) rest.remove_prefix(expected.size());
    }

    int number(std::size_t digits) {
        good = good && rest.size() >= digits;
        int value = 0;
        for (std::size_t i = 0; good && i != digits; ++i) {
            good = rest[i] >= '0' && rest[i] <= '9';
            value = value * 10 + (rest[i] - '0');
        }
        if (good) rest.remove_prefix(digits);
        return value;
    }

    template <std::size_t N>
    std::size_t one_of(const std::array<std::string_view, N>& names) {
        const auto fits = [this](std::string_view name) { return rest.starts_with(name); };
        const auto found = std::find_if(names.begin(), names.end(), fits);
        good = good && found != names.end();
        if (good) rest.remove_prefix(found->size());
        return static_cast<std::size_t>(found - names.begin());
    }

    chrono::month month() { return chrono::month(static_cast<unsigned>(one_of(months) + 1)); }

    chrono::seconds time_of_day() {
        const int hour = number(2);
        literal(":");
        const int minute = number(2);
        literal(":");
        const int second = number(2);
        good = good && hour < 24 && minute < 60 && second <= 60;  // 60 is a leap second
        return chrono::hours(hour) + chrono::minutes(minute) + chrono::seconds(second);
    }
};

std::optional<chrono::sys_seconds> at(const cursor& c, chrono::year_month_day date, chrono::seconds time) {
    if (!c.good || !c.rest.empty() || !date.ok()) return std::nullopt;
    return chrono::sys_days(date) + time;
}

chrono::day day(int number) { return chrono::day(static_cast<unsigned>(number)); }

std::optional<chrono::sys_seconds> parse_imf_fixdate(std::string_view text) {
    cursor c{text};
    c.one_of(short_days);
    c.literal(", ");
    const int d = c.number(2);
    c.literal(" ");
    const auto month = c.month();
    c.literal(" ");
    const int year = c.number(4);
    c.literal(" ");
    const auto time = c.time_of_day();
    c.literal(" GMT");
    return at(c, {chrono::year(year), month, day(d)}, time);
}

std::optional<chrono::sys_seconds> parse_rfc850(std::string_view text, chrono::sys_seconds now) {
    cursor c{text};
    c.one_of(long_days);
    c.literal(", ");
    const int d = c.number(2);
    c.literal("-");
    const auto month = c.month();
    c.literal("-");
    const int short_year = c.number(2);
    c.literal(" ");
    const auto time = c.time_of_day();
    c.literal(" GMT");
    const int this_year = static_cast<int>(chrono::year_month_day(chrono::floor<chrono::days>(now)).year());
    int year = this_year - this_year % 100 + short_year;
    if (year > this_year + 50) year -= 100;
    if (year <= this_year - 50) year += 100;
    return at(c, {chrono::year(year), month, day(d)}, time);
}

std::optional<chrono::sys_seconds> parse_asctime(std::string_view text) {
    cursor c{text};
    c.one_of(short_days);
    c.literal(" ");
    const auto month = c.month();
    c.literal(" ");
    const bool padded = c.rest.starts_with(' ');
    if (padded) c.literal(" ");
    const int d = c.number(padded ? 1 : 2);
    c.literal(" ");
    const auto time = c.time_of_day();
    c.literal(" ");
    const int year = c.number(4);
    return at(c, {chrono::year(year), month, day(d)}, time);
}

}  // namespace

std::optional<chrono::sys_seconds> parse_http_date(std::string_view text, chrono::sys_seconds now) {
    if (const auto date = parse_imf_fixdate(text)) return date;
    if (const auto date = parse_rfc850(text, now)) return date;
    return parse_asctime(text);
}

}  // namespace hearth::policy
