#include "testing/misframing.hpp"

#include <gtest/gtest.h>

namespace hearth::testing {
namespace {

reply hello() { return {.content = "hello"}; }

TEST(misframing, says_exactly_this) {
    EXPECT_EQ(misframed(hello(), fault_kind::framing_two_lengths, 11, false),
              "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello");
    EXPECT_EQ(misframed(hello(), fault_kind::framing_length_and_chunks, 11, false),
              "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n");
    EXPECT_EQ(misframed(hello(), fault_kind::framing_bad_chunk, 11, false),
              "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\nhello\r\n0\r\n\r\n");
    EXPECT_EQ(misframed(hello(), fault_kind::framing_extra_bytes, 11, false),
              "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhelloHTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\npoison\n");
    EXPECT_EQ(misframed(hello(), fault_kind::framing_unasked_body, 11, false),
              "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello");
    EXPECT_EQ(misframed(hello(), fault_kind::framing_unasked_body, 11, true),
              "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
}

TEST(misframing, gives_head_requests_no_body_unless_that_is_the_fault) {
    EXPECT_EQ(misframed(hello(), fault_kind::framing_two_lengths, 11, true),
              "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n");
    EXPECT_EQ(misframed(hello(), fault_kind::framing_bad_chunk, 11, true),
              "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
}

TEST(misframing, keeps_long_bodies_within_bounds) {
    const std::string all = misframed({.alphabet = std::uint64_t{1} << 40}, fault_kind::framing_two_lengths, 11, false);
    EXPECT_NE(all.find("Content-Length: 65536\r\nContent-Length: 65537\r\n"), std::string::npos);
    EXPECT_LT(all.size(), 66'000U);
}

TEST(misframing, knows_its_kinds) {
    EXPECT_TRUE(is_misframing(fault_kind::framing_two_lengths));
    EXPECT_TRUE(is_misframing(fault_kind::framing_unasked_body));
    EXPECT_FALSE(is_misframing(fault_kind::none));
    EXPECT_FALSE(is_misframing(fault_kind::dribble));
}

}  // namespace
}  // namespace hearth::testing
