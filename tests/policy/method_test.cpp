#include "policy/method.hpp"

#include <gtest/gtest.h>

namespace hearth::policy {
namespace {

TEST(method, safe_and_idempotent_ones) {
    struct row {
        std::string_view method;
        bool safe, idempotent;
    };
    constexpr row rows[] = {
        {"GET", true, true},       {"HEAD", true, true},       {"OPTIONS", true, true}, {"TRACE", true, true},
        {"PUT", false, true},      {"DELETE", false, true},    {"POST", false, false},  {"PATCH", false, false},
        {"CONNECT", false, false}, {"PROPFIND", false, false}, {"get", false, false},   {"Put", false, false},
        {"GETS", false, false},    {"", false, false},
    };
    for (const row& r : rows) {
        EXPECT_EQ(is_safe(r.method), r.safe) << r.method;
        EXPECT_EQ(is_idempotent(r.method), r.idempotent) << r.method;
    }
}

TEST(method, repeatable_by_method_key_or_word) {
    EXPECT_TRUE(repeatable("GET", {}, {}));
    EXPECT_FALSE(repeatable("POST", {}, {}));
    EXPECT_TRUE(repeatable("POST", {{"idempotency-key", "7"}}, {}));
    EXPECT_TRUE(repeatable("PATCH", {{"X-Idempotency-Key", "7"}}, {}));
    EXPECT_FALSE(repeatable("POST", {{"Idempotency-Key", ""}}, {}));
    EXPECT_FALSE(repeatable("POST", {{"Idempotency-Key", " \t"}}, {}));
    EXPECT_FALSE(repeatable("POST", {{"Idempotency", "7"}}, {}));
}

TEST(method, the_callers_word_wins) {
    EXPECT_TRUE(repeatable("POST", {}, true));
    EXPECT_FALSE(repeatable("GET", {}, false));
    EXPECT_FALSE(repeatable("POST", {{"Idempotency-Key", "7"}}, false));
}

}  // namespace
}  // namespace hearth::policy
