#include <hearth/log.hpp>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <string_view>

namespace {

using namespace std::chrono_literals;
using hearth::format_log_event;
using hearth::log_event;
using hearth::log_format;
using hearth::log_level;
using kind = enum log_event::kind;

const std::chrono::sys_time<std::chrono::milliseconds> moment =
    std::chrono::sys_days(std::chrono::year(2026) / 1 / 31) + 3h + 4min + 5s + 6ms;

log_event event_of(kind k) {
    log_event e;
    e.kind = k;
    e.time = moment;
    return e;
}

TEST(log_names, are_distinct_and_complete) {
    std::set<std::string_view> names;
    for (std::size_t i = 0; i < hearth::log_event_kind_count; ++i) names.insert(to_string(static_cast<kind>(i)));
    EXPECT_EQ(names.size(), hearth::log_event_kind_count);
    EXPECT_FALSE(names.contains("unknown"));
    EXPECT_EQ(to_string(static_cast<kind>(hearth::log_event_kind_count)), "unknown");
    EXPECT_EQ(to_string(log_level::off), "off");
    EXPECT_EQ(to_string(log_level::debug), "debug");
    EXPECT_EQ(to_string(static_cast<log_level>(9)), "unknown");
}

TEST(log_format, key_values_say_what_there_is_to_say) {
    EXPECT_EQ(format_log_event(event_of(kind::origin_back), log_format::key_value),
              "time=2026-01-31T03:04:05.006Z level=info event=origin_back");
    log_event e = event_of(kind::replayed);
    e.origin = "https://api.example.com";
    e.method = "POST";
    e.request = 17;
    e.connection = 3;
    e.evidence = hearth::evidence::closed_before;
    e.idle = 4'200ms;
    e.attempt = 2;
    EXPECT_EQ(
        format_log_event(e, log_format::key_value),
        "time=2026-01-31T03:04:05.006Z level=info event=replayed origin=https://api.example.com method=POST request=17 "
        "connection=3 evidence=closed_before attempt=2 idle_s=4.200");
    log_event f = event_of(kind::failed);
    f.level = log_level::error;
    f.code = make_error_code(hearth::errc::connection_reset);
    f.phase = hearth::phase::headers;
    f.detail = "not replayed because it is a POST";
    f.left_out = 12;
    EXPECT_EQ(format_log_event(f, log_format::key_value),
              "time=2026-01-31T03:04:05.006Z level=error event=failed code=connection_reset phase=headers "
              "detail=\"not replayed because it is a POST\" left_out=12");
    log_event s = event_of(kind::stale_caught);
    s.how = to_string(hearth::close_reason::stale_at_use);
    s.delay = 1ms;
    EXPECT_EQ(format_log_event(s, log_format::key_value),
              "time=2026-01-31T03:04:05.006Z level=info event=stale_caught how=stale_at_use delay_s=0.001");
}

TEST(log_format, json_says_the_same) {
    log_event e = event_of(kind::retrying);
    e.origin = "http://[::1]:8080";
    e.request = 17;
    e.code = make_error_code(hearth::errc::connection_refused);
    e.delay = 1'500ms;
    e.attempt = 1;
    const std::string line = format_log_event(e, log_format::json);
    EXPECT_EQ(line,
              "{\"time\":\"2026-01-31T03:04:05.006Z\",\"level\":\"info\",\"event\":\"retrying\","
              "\"origin\":\"http://[::1]:8080\",\"request\":17,\"code\":\"connection_refused\",\"attempt\":1,"
              "\"delay_s\":1.500000}");
    EXPECT_EQ(boost::json::parse(line).at("delay_s").as_double(), 1.5);
}

TEST(log_format, another_librarys_code_is_told_in_its_words) {
    log_event e = event_of(kind::retrying);
    e.code = {1, boost::system::generic_category()};
    EXPECT_NE(format_log_event(e, log_format::key_value).find("code=\"Operation not permitted\""), std::string::npos);
}

// What a peer, or a caller, may have put into a line.
TEST(log_format, hostile_text_stays_within_its_value) {
    struct row {
        std::string text, key_value, json;
    };
    const std::string nul("a\0b", 3);
    for (const auto& [text, key_value, json] : {
             row{"plain", "detail=plain", "plain"},
             row{"a b", "detail=\"a b\"", "a b"},
             row{"a=b", "detail=\"a=b\"", "a=b"},
             row{"\" event=failed x=\"", R"(detail="\" event=failed x=\"")", "\" event=failed x=\""},
             row{"a\\", R"(detail="a\\")", "a\\"},
             row{"two\nlines\r\n", R"(detail="two\nlines\r\n")", "two\nlines\r\n"},
             row{nul, R"(detail="a\x00b")", nul},
             row{"\x1b[31mred", R"(detail="\x1B[31mred")", "\x1b[31mred"},
             row{"\x7f", R"(detail="\x7F")", "\x7f"},
             row{"gr\xc3\xbc\xc3\x9f", R"(detail="gr\xC3\xBC\xC3\x9F")", "gr\xc3\xbc\xc3\x9f"},
             row{"\xff\xfe", R"(detail="\xFF\xFE")", "\xef\xbf\xbd\xef\xbf\xbd"},
             row{"cut \xe2\x82", R"(detail="cut \xE2\x82")", "cut \xef\xbf\xbd\xef\xbf\xbd"},
             row{"\xc0\xaf", R"(detail="\xC0\xAF")", "\xef\xbf\xbd\xef\xbf\xbd"},
             row{"\xed\xa0\x80", R"(detail="\xED\xA0\x80")", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
             row{"\xf4\x90\x80\x80", R"(detail="\xF4\x90\x80\x80")", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
             row{"\xf0\x9f\x94\xa5", R"(detail="\xF0\x9F\x94\xA5")", "\xf0\x9f\x94\xa5"},
             row{"\xc2\x9b", R"(detail="\xC2\x9B")", "\xc2\x9b"},
         }) {
        log_event e = event_of(kind::failed);
        e.detail = text;
        const std::string line = format_log_event(e, log_format::key_value);
        EXPECT_EQ(line.substr(line.find("detail=")), key_value);
        const std::string object = format_log_event(e, log_format::json);
        for (const std::string& each : {line, object}) {
            for (const char c : each) EXPECT_FALSE((c >= 0 && c < ' ') || c == '\x7f') << "in " << key_value;
        }
        EXPECT_EQ(object.find("\xc2\x9b"), std::string::npos) << "a control character of terminals";
        EXPECT_EQ(boost::json::parse(object).at("detail").as_string(), json);
    }
}

}  // namespace
