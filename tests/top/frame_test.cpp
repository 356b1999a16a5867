#include "frames.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

namespace hearth::test {
namespace {

using cli::parse_frame;
using cli::terminal_text;

TEST(TopFrame, says_what_the_monitor_said) {
    const cli::top_frame f = parse_frame(frame_json(
        origin_json("http://a", 2, 7, R"([9,"in_use",1,0,5,2],[4,"idle",15.0,60,20,1],[5,"canary",1,0,1,1])"), 7));
    EXPECT_EQ(f.agents, "client");
    EXPECT_EQ(f.totals.caught, 412U);
    ASSERT_EQ(f.lines.size(), 6U);
    EXPECT_EQ(f.lines[0].caught, 412U);
    ASSERT_EQ(f.origins.size(), 1U);
    EXPECT_EQ(f.origins[0].pending, 2U);
    ASSERT_EQ(f.origins[0].tiles.size(), 3U);
    EXPECT_EQ(f.origins[0].tiles[0].number, 4U) << "by number";
    EXPECT_DOUBLE_EQ(f.origins[0].tiles[0].spent, 0.25);
    EXPECT_EQ(f.origins[0].tiles[1].state, cli::tile_state::canary);
    EXPECT_EQ(f.origins[0].tiles[2].state, cli::tile_state::in_use);
}

TEST(TopFrame, what_is_no_frame_is_refused) {
    for (const char* text : {"", "{", "[]", "{}", "null", R"({"version":"0.1.0"})", "\xff"})
        EXPECT_THROW((void)parse_frame(text), std::runtime_error) << text;
    EXPECT_THROW((void)parse_frame(frame_json(R"({"name":1})")), std::runtime_error);
}

TEST(TopFrame, moments_beyond_all_clocks_are_brought_in_range) {
    using limits = std::numeric_limits<std::int64_t>;
    EXPECT_EQ(parse_frame(frame_json("", 0, limits::min())).time.time_since_epoch().count(), 0);
    EXPECT_EQ(parse_frame(frame_json("", 0, limits::max())).time, parse_frame(frame_json("", 0, 5'000'000'000'000)).time);
}

TEST(TopFrame, nothing_in_it_can_drive_the_terminal) {
    EXPECT_EQ(terminal_text("a\033[2Jb\r\n\x7f\t"), "a\\x1B[2Jb\\x0D\\x0A\\x7F\\x09");
    EXPECT_EQ(terminal_text("\xe2\x80\xae\xc2\x9b"), "??") << "a direction override, and a control of the C1 set";
    const cli::top_frame f = parse_frame(frame_json(origin_json(R"(http://a\u001b]0;owned\u0007)", 0, 0)));
    EXPECT_EQ(f.origins[0].name, "http://a\\x1B]0;owned\\x07");
}

std::vector<std::string> cut(const std::vector<std::string>& pieces) {
    std::vector<std::string> got;
    cli::event_reader r;
    for (const std::string& p : pieces) r.push(p, [&](std::string_view data) { got.emplace_back(data); });
    return got;
}

TEST(EventReader, cuts_a_stream_wherever_its_pieces_end) {
    const std::string all = ": hello\r\nid: 1\ndata: a\r\ndata:b\n\nevent: x\n\ndata: c\n\ndata: unfinished\n";
    const std::vector<std::string> want{"a\nb", "c"};
    for (std::size_t i = 0; i <= all.size(); ++i) EXPECT_EQ(cut({all.substr(0, i), all.substr(i)}), want) << i;
}

TEST(EventReader, an_event_without_end_is_refused) {
    cli::event_reader r;
    const std::string piece(1024 * 1024, 'x');
    const auto nothing = [](std::string_view) {};
    r.push("data: ", nothing);
    EXPECT_THROW(
        {
            for (std::size_t i = 0; i <= cli::event_reader::event_max / piece.size(); ++i) r.push(piece, nothing);
        },
        std::runtime_error);
}

}  // namespace
}  // namespace hearth::test
