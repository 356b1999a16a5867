#include "http1/keep_alive_hint.hpp"

#include <gtest/gtest.h>

namespace hearth::http1 {
namespace {

using namespace std::chrono_literals;

struct row {
    std::string_view value;
    keep_alive_hint hint;
};

void expect(std::initializer_list<row> rows) {
    for (const row& r : rows) {
        const keep_alive_hint hint = parse_keep_alive(r.value);
        EXPECT_EQ(hint.timeout, r.hint.timeout) << r.value;
        EXPECT_EQ(hint.max, r.hint.max) << r.value;
    }
}

// Behaviour 33.
TEST(keep_alive_hint, any_order_any_case_quoted_or_not) {
    expect({
        {"timeout=5", {5s, {}}},
        {"max=100", {{}, 100}},
        {"timeout=5, max=100", {5s, 100}},
        {"max=100, timeout=5", {5s, 100}},
        {"Timeout=5,MAX=100", {5s, 100}},
        {"timeout=\"5\", max=\" 100 \"", {5s, 100}},
        {"  timeout = 5 ,\tmax\t=\t100  ", {5s, 100}},
        {"timeout=5; max=100", {5s, 100}},
        {"foo=1, timeout=5, bar", {5s, {}}},
        {"timeout=0, max=0", {0s, 0}},
        {"timeout=005", {5s, {}}},
        {"timeout=2147483647, max=9223372036854775807", {2147483647s, 9223372036854775807ULL}},
    });
}

// Behaviour 35.
TEST(keep_alive_hint, garbage_is_no_hint) {
    expect({
        {"", {}},
        {",,;,", {}},
        {"=", {}},
        {"=5", {}},
        {"timeout", {}},
        {"timeout=", {}},
        {"timeout=\"\"", {}},
        {"timeout=\"5", {}},
        {"timeout=-5", {}},
        {"timeout=+5", {}},
        {"timeout=5.5", {}},
        {"timeout=5s", {}},
        {"timeout=0x5", {}},
        {"timeout=5 6", {}},
        {"timeout==5", {}},
        {"timeout=five", {}},
        {"timeouts=5", {}},
        {"timeout=2147483648", {}},
        {"timeout=99999999999999999999999999", {}},
        {"max=-1", {}},
        {"max=18446744073709551616", {}},
        {"max=9223372036854775808", {}},
        {"timeout=garbage, max=7", {{}, 7}},
    });
}

TEST(keep_alive_hint, the_least_of_several) {
    expect({{"timeout=5, timeout=3, timeout=9", {3s, {}}}, {"max=2, max=1", {{}, 1}}});
    const headers fields{{"Keep-Alive", "timeout=60"}, {"X", "timeout=1"}, {"KEEP-ALIVE", "max=9, timeout=30"}};
    EXPECT_EQ(find_keep_alive(fields), (keep_alive_hint{30s, 9}));
    EXPECT_EQ(find_keep_alive({}), keep_alive_hint{});
}

}  // namespace
}  // namespace hearth::http1
