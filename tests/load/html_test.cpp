// The page: whole, and safe whatever the result says.
#include "load_html.hpp"

#include "load/results.hpp"
#include "load_json.hpp"

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace hearth::cli {
namespace {

std::size_t how_often(std::string_view text, std::string_view part) {
    std::size_t n = 0;
    for (std::size_t at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++n;
    return n;
}

/// What the page's script reads.
boost::json::value data_of(const std::string& page) {
    constexpr std::string_view begin = "<script type=\"application/json\" id=\"data\">";
    const std::size_t from = page.find(begin) + begin.size();
    return boost::json::parse(page.substr(from, page.find("</script>", from) - from));
}

TEST(load_html, has_the_result_and_all_that_draws_it) {
    const load_result r = some_result();
    const std::string page = to_html(r);
    EXPECT_TRUE(page.starts_with("<!doctype html>"));
    EXPECT_TRUE(page.ends_with("</html>\n"));
    EXPECT_EQ(data_of(page), boost::json::parse(to_json(r)));
    EXPECT_NE(page.find("<title>GET http://localhost:8080/</title>"), std::string::npos);
    for (const char* part : {"prefers-color-scheme: dark", "Latency over time", "Latency by percentile",
                             "Distribution of latency", "Requests a second", "Connections", "width=device-width"}) {
        EXPECT_NE(page.find(part), std::string::npos) << part;
    }
    EXPECT_EQ(page.find("{{"), std::string::npos);
}

TEST(load_html, needs_nothing_else) {
    const std::string page = to_html(load_result());
    EXPECT_NE(page.find("default-src 'none'"), std::string::npos);
    for (const char* part : {"src=", "href=", "@import", "url(", "fetch(", "https://"}) {
        EXPECT_EQ(page.find(part), std::string::npos) << part;
    }
}

TEST(load_html, what_servers_and_urls_say_stays_text) {
    load_result r = some_result();
    const std::string hostile = "</script><script>alert('x')</script><!-- & \"{{data}}\" ]]>";
    r.urls = {hostile, "http://b/"};
    r.method = "<b>";
    r.errors[{"code", "phase", "evidence"}] = {.count = 1, .message = hostile};
    const std::string page = to_html(r);
    EXPECT_EQ(page.find("<script>alert"), std::string::npos);
    EXPECT_EQ(page.find("<!-- &"), std::string::npos);
    EXPECT_EQ(how_often(page, "</script>"), how_often(to_html(some_result()), "</script>"));
    EXPECT_NE(page.find("<h1>&lt;b&gt; &lt;/script&gt;&lt;script&gt;alert(&#39;x&#39;)"), std::string::npos);
    EXPECT_EQ(data_of(page).at("urls").at(0).as_string(), hostile);
    EXPECT_EQ(data_of(page).at("errors").at(0).at("message").as_string(), hostile);
}

TEST(load_html, bytes_that_are_not_utf8_do_not_spoil_it) {
    load_result r = some_result();
    r.urls = {"http://h/\xff"};
    EXPECT_NE(to_html(r).find("<title>GET http://h/\xef\xbf\xbd</title>"), std::string::npos);
}

}  // namespace
}  // namespace hearth::cli
