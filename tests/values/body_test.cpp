#include <hearth/body.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

namespace {

using hearth::body;
using hearth::errc;

struct outcome {
    hearth::error_code ec;
    std::size_t size = 0;
    int calls = 0;
};

outcome read(const body& b, std::span<char> into) {
    outcome result;
    b.as_source()->source->async_read(into, [&result](hearth::error_code ec, std::size_t size) {
        result.ec = ec;
        result.size = size;
        ++result.calls;
    });
    return result;
}

TEST(body, is_nothing_at_first) {
    const body b;
    EXPECT_TRUE(b.empty());
    EXPECT_TRUE(b.replayable());
    EXPECT_EQ(b.bytes(), nullptr);
    EXPECT_EQ(b.as_file(), nullptr);
    EXPECT_EQ(b.as_source(), nullptr);
}

TEST(body, holds_bytes_of_any_kind_of_string) {
    using namespace std::string_view_literals;
    for (const body& b : {body("abc"), body("abc"sv), body(std::string("abc"))}) {
        EXPECT_FALSE(b.empty());
        EXPECT_TRUE(b.replayable());
        ASSERT_NE(b.bytes(), nullptr);
        EXPECT_EQ(*b.bytes(), "abc");
    }
    EXPECT_FALSE(body("").empty()) << "an empty string is a body of length 0";
    EXPECT_EQ(body("a\0b"sv).bytes()->size(), 3U);
}

TEST(body, names_a_file) {
    const body b = body::file("some/file.txt");
    EXPECT_TRUE(b.replayable());
    EXPECT_FALSE(b.empty());
    ASSERT_NE(b.as_file(), nullptr);
    EXPECT_EQ(b.as_file()->path, "some/file.txt");
    EXPECT_EQ(b.bytes(), nullptr);
}

struct silent_source final : hearth::body_source {
    void async_read(std::span<char>, handler done) override { std::move(done)(hearth::error_code{}, 0); }
};

TEST(body, streams_from_a_source) {
    const auto source = std::make_shared<silent_source>();
    const body once = body::stream(source, 7);
    ASSERT_NE(once.as_source(), nullptr);
    EXPECT_EQ(once.as_source()->source, source);
    EXPECT_EQ(once.as_source()->length, 7U);
    EXPECT_FALSE(once.replayable());
    EXPECT_FALSE(source->rewind()) << "a source cannot be rewound unless it says so";

    const body again = body::stream(source, {}, true);
    EXPECT_TRUE(again.replayable());
    EXPECT_EQ(again.as_source()->length, std::nullopt);
    EXPECT_EQ(read(again, {}).calls, 1);
}

TEST(body, refuses_a_source_or_function_that_is_not_there) {
    EXPECT_THROW((void)body::stream(nullptr), hearth::error);
    try {
        (void)body::generator(nullptr);
        ADD_FAILURE();
    } catch (const hearth::error& e) {
        EXPECT_TRUE(e.code() == errc::invalid_body);
        EXPECT_STREQ(e.what(), "hearth::body::generator was given no function");
    }
}

TEST(generator, gives_what_its_function_gives_and_then_the_end) {
    std::string_view left = "hello world";
    const body b = body::generator(
        [&left](std::span<char> into) {
            const std::size_t n = std::min(into.size(), left.size());
            std::copy_n(left.begin(), n, into.begin());
            left.remove_prefix(n);
            return n;
        },
        11);
    EXPECT_EQ(b.as_source()->length, 11U);
    EXPECT_FALSE(b.replayable());
    EXPECT_FALSE(b.as_source()->source->rewind());

    std::array<char, 8> buffer{};
    outcome o = read(b, buffer);
    EXPECT_FALSE(o.ec);
    EXPECT_EQ(std::string_view(buffer.data(), o.size), "hello wo");
    o = read(b, buffer);
    EXPECT_EQ(std::string_view(buffer.data(), o.size), "rld");
    o = read(b, buffer);
    EXPECT_FALSE(o.ec);
    EXPECT_EQ(o.size, 0U);
    EXPECT_EQ(o.calls, 1);
}

TEST(generator, fails_the_request_when_its_function_throws) {
    const body b = body::generator([](std::span<char>) -> std::size_t { throw std::runtime_error("no"); });
    std::array<char, 8> buffer{};
    const outcome o = read(b, buffer);
    EXPECT_TRUE(o.ec == errc::invalid_body);
    EXPECT_EQ(o.size, 0U);
    EXPECT_EQ(o.calls, 1);

    const body odd = body::generator([](std::span<char>) -> std::size_t { throw 7; });
    EXPECT_TRUE(read(odd, buffer).ec == errc::invalid_body);
}

TEST(generator, fails_the_request_when_its_function_claims_too_much) {
    const body b = body::generator([](std::span<char> into) { return into.size() + 1; });
    std::array<char, 8> buffer{};
    const outcome o = read(b, buffer);
    EXPECT_TRUE(o.ec == errc::invalid_body);
    EXPECT_EQ(o.size, 0U);
    EXPECT_EQ(o.calls, 1);
}

TEST(generator, lets_what_the_handler_throws_pass) {
    const body b = body::generator([](std::span<char> into) { return into.size(); });
    std::array<char, 8> buffer{};
    int calls = 0;
    EXPECT_THROW(b.as_source()->source->async_read(buffer,
                                                   [&calls](hearth::error_code, std::size_t) {
                                                       ++calls;
                                                       throw std::logic_error("handler");
                                                   }),
                 std::logic_error);
    EXPECT_EQ(calls, 1);
}

TEST(generator, rewinds_when_told_how) {
    int rewound = 0;
    const auto nothing = [](std::span<char>) { return std::size_t{0}; };
    const body b = body::generator(nothing, {}, [&rewound] { return ++rewound == 1; });
    EXPECT_TRUE(b.replayable());
    EXPECT_TRUE(b.as_source()->source->rewind());
    EXPECT_FALSE(b.as_source()->source->rewind());
    EXPECT_EQ(rewound, 2);

    const body broken = body::generator(nothing, {}, []() -> bool { throw std::runtime_error("no"); });
    EXPECT_TRUE(broken.replayable());
    EXPECT_FALSE(broken.as_source()->source->rewind());
}

}  // namespace
