#include "frames.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>

namespace hearth::test {
namespace {

using cli::parse_frame;

TEST(TopModel, rates_follow_from_two_frames) {
    cli::top_model m;
    m.take(parse_frame(frame_json(origin_json("http://a", 0, 10), 10, 1'000)));
    EXPECT_TRUE(m.rates().empty());
    EXPECT_EQ(m.rate(m.frame()->origins[0]), std::nullopt) << "one frame cannot know it";
    m.take(parse_frame(frame_json(origin_json("http://a", 0, 40), 40, 3'000)));
    ASSERT_EQ(m.rates().size(), 1U);
    EXPECT_DOUBLE_EQ(m.rates()[0], 15);
    EXPECT_EQ(m.rate(m.frame()->origins[0]), 15.0);
}

TEST(TopModel, what_passed_unseen_is_no_rate) {
    cli::top_model m;
    m.take(parse_frame(frame_json("", 10, 1'000)));
    m.lose();
    m.take(parse_frame(frame_json("", 40, 9'000)));
    EXPECT_TRUE(m.rates().empty());
    m.take(parse_frame(frame_json("", 50, 10'000)));
    ASSERT_EQ(m.rates().size(), 1U);
    EXPECT_DOUBLE_EQ(m.rates()[0], 10);
}

TEST(TopModel, an_event_that_is_told_again_is_one) {
    cli::top_model m;
    m.take(parse_frame(frame_json("", 0, 1'000, event_json(1, "replayed"))));
    m.take(parse_frame(frame_json("", 0, 2'000, event_json(1, "replayed") + "," + event_json(2, "learnt"))));
    ASSERT_EQ(m.events().size(), 2U);
    EXPECT_EQ(m.events()[1].event, "learnt");
}

// What a person types, key by key; false when that ended it.
bool type(std::string keys, cli::top_choices& c) {
    while (!keys.empty()) {
        if (!cli::press(keys, c, 10)) return false;
    }
    return true;
}

TEST(TopKeys, do_what_the_help_says) {
    cli::top_choices c;
    EXPECT_FALSE(type("q", c));
    EXPECT_TRUE(type("s", c));
    EXPECT_EQ(c.sort, cli::top_sort::name);
    EXPECT_TRUE(type("SS", c));
    EXPECT_EQ(c.sort, cli::top_sort::pending);
    EXPECT_TRUE(type("\033[B\033OBj\033[6~", c));
    EXPECT_EQ(c.scroll, 13U);
    EXPECT_TRUE(type("\033[A\033[5~kk", c));
    EXPECT_EQ(c.scroll, 0U) << "not above the first";
    EXPECT_TRUE(type("p?", c));
    EXPECT_TRUE(c.paused);
    EXPECT_TRUE(c.help);
}

TEST(TopKeys, a_filter_takes_every_letter_until_enter) {
    cli::top_choices c;
    EXPECT_TRUE(type("/qps\177.x\r", c));
    EXPECT_EQ(c.filter, "qp.x");
    EXPECT_FALSE(c.typing);
    EXPECT_FALSE(c.paused);
    EXPECT_TRUE(type("/", c));
    EXPECT_TRUE(type(std::string(1'000, 'a'), c));
    EXPECT_LT(c.filter.size(), 100U);
    EXPECT_TRUE(type("\033", c));
    EXPECT_EQ(c.filter, "");
}

}  // namespace
}  // namespace hearth::test
