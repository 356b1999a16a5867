#include "testing/routes.hpp"

#include <gtest/gtest.h>

#include <string>

namespace hearth::testing {
namespace {

using namespace std::chrono_literals;
namespace http = boost::beast::http;

reply to(std::string_view target, unsigned version = 11) {
    return route(request(http::verb::get, target, version), {.idle_timeout = 5s});
}

TEST(routes, bad_numbers_are_no_paths) {
    for (const char* target :
         {"/status/99", "/status/100", "/status/1000", "/status/2x0", "/status/", "/bytes/-1", "/bytes/1.5",
          "/bytes/99999999999999999999", "/chunked/0x10", "/slow/600001", "/slow/", "/nothing", "*", ""}) {
        EXPECT_EQ(to(target).status, 404U) << target;
    }
    EXPECT_EQ(to("/bytes/9999999999999999").status, 400U);
}

TEST(routes, a_query_changes_nothing) {
    EXPECT_EQ(to("/status/503?now=1").status, 503U);
    EXPECT_EQ(to("/?a=/b").status, 200U);
}

TEST(routes, http_1_0_gets_no_chunks) {
    EXPECT_TRUE(to("/chunked/9").chunked);
    EXPECT_FALSE(to("/chunked/9", 10).chunked);
    EXPECT_NE(write_head(to("/chunked/9", 10), 10).find("Content-Length: 9\r\n"), std::string::npos);
}

TEST(routes, unknown_statuses_have_a_reason_too) {
    EXPECT_TRUE(write_head(to("/status/799"), 11).starts_with("HTTP/1.1 799 Unknown\r\n"));
    EXPECT_TRUE(write_head(to("/status/404"), 11).starts_with("HTTP/1.1 404 Not Found\r\n"));
}

TEST(routes, work_adds_to_what_the_path_asks_for) {
    EXPECT_EQ(route(request(http::verb::get, "/slow/3", 11), {.work = 500us}).delay, 3'500us);
}

TEST(alphabet, goes_on_where_it_stopped) {
    std::string all;
    while (all.size() < 70'000) all += alphabet_piece(all.size(), 70'000 - all.size());
    ASSERT_EQ(all.size(), 70'000U);
    for (std::size_t i = 0; i < all.size(); ++i) ASSERT_EQ(all[i], static_cast<char>('a' + i % 26)) << i;
    EXPECT_EQ(alphabet_piece(25, 3), "zab");
}

}  // namespace
}  // namespace hearth::testing
