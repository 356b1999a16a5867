#include "frames.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace hearth::test {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::StartsWith;

cli::top_model one_frame(const std::string& origins, const std::string& events = "") {
    cli::top_model m;
    m.take(cli::parse_frame(frame_json(origins, 7, 1'000, events)));
    return m;
}

std::size_t columns(const std::string& line) {
    return static_cast<std::size_t>(
        std::ranges::count_if(line, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

std::string many_origins(int n) {
    std::string all;
    for (int i = 0; i < n; ++i)
        all += (i > 0 ? "," : "") +
               origin_json(fmt::format("http://origin-{:03}.example.com", i), 0, 1, R"([1,"idle",1,2,3,4])");
    return all;
}

TEST(TopView, shows_the_promise_the_totals_and_each_origin) {
    cli::top_choices c;
    const auto lines =
        draw_top(one_frame(origin_json("http://a", 2, 7, R"([4,"idle",59,60,20,1],[9,"in_use",1,0,5,2])"),
                           event_json(1, "replayed", R"(,"method":"POST","evidence":"closed_before","idle_s":3.25)")),
                 c, "live", {.unicode = false});
    EXPECT_THAT(lines, Contains("412 stale sockets caught, 0 seen by callers"));
    EXPECT_THAT(lines, Contains(StartsWith("left 412 ")));
    EXPECT_THAT(lines, Contains(AllOf(StartsWith("http://a "), HasSubstr("  |#"))));
    EXPECT_THAT(lines, Contains(HasSubstr("replayed     http://a  POST closed_before after 3.2 s idle")));
}

TEST(TopView, lines_that_do_not_add_up_fit_too) {
    for (const std::uint64_t total : {0U, 1U, 3U}) {
        cli::top_frame f = cli::parse_frame(frame_json(""));
        f.totals.caught = total;
        f.lines[0].caught = 5;
        f.lines[1].caught = std::numeric_limits<std::uint64_t>::max();
        cli::top_model m;
        m.take(f);
        cli::top_choices c;
        const auto lines = draw_top(m, c, "live", {.width = 40});
        EXPECT_THAT(lines, Contains(StartsWith("left 5 "))) << total;
        for (const std::string& l : lines) EXPECT_LE(columns(l), 40U) << l;
    }
}

TEST(TopView, a_rate_that_one_frame_cannot_know_is_none) {
    cli::top_choices c;
    EXPECT_THAT(draw_top(one_frame(origin_json("http://a", 0, 7)), c, "live", {}),
                Contains(AllOf(StartsWith("http://a "), HasSubstr("        -  "))));
}

TEST(TopView, fits_every_paper) {
    const cli::top_model m =
        one_frame(many_origins(200), event_json(1, "failed", R"(,"detail":"a very long story about what went wrong")"));
    for (std::size_t width = 1; width <= 200; width += 7) {
        for (std::size_t height = 2; height <= 60; height += 5) {
            cli::top_choices c;
            const auto lines =
                draw_top(m, c, "lost since 12:00:00: it cannot be reached", {.width = width, .height = height});
            EXPECT_EQ(lines.size(), height);
            for (const std::string& l : lines) EXPECT_LE(columns(l), width) << l;
        }
    }
}

TEST(TopView, colours_only_where_there_are_some) {
    cli::top_choices c;
    const cli::top_model m = one_frame(many_origins(3));
    for (const std::string& l : draw_top(m, c, "live", {})) EXPECT_EQ(l.find('\033'), std::string::npos) << l;
    EXPECT_THAT(draw_top(m, c, "live", {.color = true}), Contains(HasSubstr("\033[32m0 seen by callers\033[0m")));
}

TEST(TopView, sorts_filters_and_scrolls) {
    const cli::top_model m =
        one_frame(origin_json("http://b", 0, 1) + "," + origin_json("http://a", 0, 1) + "," + origin_json("http://c", 5, 1));
    const auto names = [&](cli::top_choices c) {
        std::vector<std::string> found;
        for (const std::string& l : draw_top(m, c, "live", {})) {
            if (l.starts_with("http://")) found.push_back(l.substr(0, 8));
        }
        return found;
    };
    using list = std::vector<std::string>;
    EXPECT_EQ(names({}), (list{"http://c", "http://a", "http://b"}));
    EXPECT_EQ(names({.sort = cli::top_sort::name}), (list{"http://a", "http://b", "http://c"}));
    EXPECT_EQ(names({.filter = "//b"}), (list{"http://b"}));
    EXPECT_EQ(names({.filter = "nobody"}), list{});

    cli::top_choices end{.sort = cli::top_sort::name, .scroll = 1'000'000};
    const auto lines = draw_top(one_frame(many_origins(100)), end, "live", {.height = 30});
    EXPECT_THAT(lines, Contains(StartsWith("http://origin-099")));
    EXPECT_LT(end.scroll, 100U) << "brought in range";
}

}  // namespace
}  // namespace hearth::test
