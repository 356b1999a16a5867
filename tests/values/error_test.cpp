#include <hearth/error.hpp>

#include <boost/system/system_error.hpp>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <system_error>
#include <type_traits>

namespace {

using hearth::errc;

struct row {
    errc code;
    std::errc condition;
    const char* message;
};

// Every errc, in order.
const row rows[] = {
    {errc::invalid_url, std::errc::invalid_argument, "the URL is not valid"},
    {errc::unsupported_scheme, std::errc::protocol_not_supported, "the URL's scheme is neither http nor https"},
    {errc::invalid_method, std::errc::invalid_argument, "the method is not an HTTP token"},
    {errc::invalid_header, std::errc::invalid_argument, "a header's name or value must not be sent"},
    {errc::invalid_option, std::errc::invalid_argument, "an option is out of its range"},
    {errc::invalid_body, std::errc::invalid_argument, "the body cannot be sent"},
    {errc::too_many_pending, std::errc::resource_unavailable_try_again, "max_pending requests wait already"},
    {errc::pending_timeout, std::errc::timed_out, "no connection became free within pending_timeout"},
    {errc::name_not_found, std::errc::host_unreachable, "the host's name does not exist"},
    {errc::lookup_failed, std::errc::resource_unavailable_try_again, "the host's name could not be looked up"},
    {errc::connect_timeout, std::errc::timed_out, "not connected within connect_timeout"},
    {errc::connection_refused, std::errc::connection_refused, "the server refused the connection"},
    {errc::connect_failed, std::errc::host_unreachable, "the connection could not be made"},
    {errc::out_of_descriptors, std::errc::too_many_files_open, "no file descriptor is left"},
    {errc::out_of_ports, std::errc::address_not_available, "no local port is left towards this address"},
    {errc::tls_failed, std::errc::protocol_error, "TLS failed"},
    {errc::certificate_untrusted, std::errc::permission_denied,
     "the server's certificate is self-signed or signed by an unknown authority"},
    {errc::certificate_expired, std::errc::permission_denied, "the server's certificate has expired or is not valid yet"},
    {errc::certificate_host_mismatch, std::errc::permission_denied, "the server's certificate is for another host"},
    {errc::connection_closed, std::errc::connection_reset, "the server closed the connection before it answered"},
    {errc::connection_reset, std::errc::connection_reset, "the server reset the connection"},
    {errc::socket_timeout, std::errc::timed_out, "nothing was sent or received for the time that timeout allows"},
    {errc::headers_timeout, std::errc::timed_out, "no response head arrived within headers_timeout"},
    {errc::body_timeout, std::errc::timed_out, "no piece of the body arrived within body_timeout"},
    {errc::unacknowledged_timeout, std::errc::timed_out,
     "the server acknowledged nothing of the request within unacknowledged_timeout"},
    {errc::deadline_exceeded, std::errc::timed_out, "the deadline passed"},
    {errc::malformed_response, std::errc::protocol_error, "the response is not valid HTTP/1"},
    {errc::ambiguous_framing, std::errc::protocol_error, "where the response ends is ambiguous"},
    {errc::head_too_large, std::errc::message_size, "the response head is larger than max_header_size"},
    {errc::too_many_headers, std::errc::message_size, "the response has more fields than max_header_count"},
    {errc::response_too_large, std::errc::message_size, "the response body is larger than allowed"},
    {errc::truncated_response, std::errc::connection_reset, "the connection ended in the middle of the response"},
    {errc::too_many_informational, std::errc::protocol_error, "the server sent too many 1xx responses"},
    {errc::canceled, std::errc::operation_canceled, "canceled by the caller"},
    {errc::agent_closed, std::errc::operation_canceled, "the agent was closed"},
    {errc::body_already_read, std::errc::operation_not_permitted, "the response's body has been read, or is being read"},
    {errc::file_failed, std::errc::io_error, "a file could not be opened, read or written"},
};

TEST(category, has_a_row_for_every_value_and_no_other) {
    int expected = 1;
    std::set<std::string> messages;
    for (const row& r : rows) {
        EXPECT_EQ(static_cast<int>(r.code), expected++);
        messages.insert(r.message);
    }
    EXPECT_EQ(messages.size(), std::size(rows));
    EXPECT_EQ(hearth::category().message(expected), "unknown hearth error " + std::to_string(expected));
    EXPECT_EQ(hearth::category().message(0), "unknown hearth error 0");
}

TEST(category, gives_each_value_its_sentence) {
    for (const row& r : rows) {
        const hearth::error_code ec = r.code;
        EXPECT_TRUE(ec.failed());
        EXPECT_STREQ(ec.category().name(), "hearth");
        EXPECT_EQ(ec.message(), r.message);
        char buffer[8];
        EXPECT_STREQ(ec.message(buffer, sizeof buffer), r.message) << "the sentence needs no buffer";
    }
}

TEST(category, gives_an_unknown_value_a_message_within_the_buffer) {
    char buffer[12];
    EXPECT_STREQ(hearth::category().message(999, buffer, sizeof buffer), "unknown hea");
    EXPECT_STREQ(hearth::category().message(999, buffer, 0), "");
    EXPECT_EQ(hearth::category().default_error_condition(999), boost::system::error_condition(999, hearth::category()));
}

TEST(category, compares_equal_to_the_condition_of_either_library) {
    for (const row& r : rows) {
        const hearth::error_code ec = r.code;
        EXPECT_TRUE(ec == r.condition) << r.message;
        EXPECT_TRUE(ec == static_cast<boost::system::errc::errc_t>(r.condition)) << r.message;
        EXPECT_FALSE(ec == std::errc::is_a_directory);
        EXPECT_FALSE(ec == boost::system::errc::is_a_directory);

        const std::error_code as_std = r.code;
        EXPECT_TRUE(as_std == r.condition) << r.message;
        EXPECT_TRUE(as_std == r.code);
        EXPECT_EQ(as_std.message(), r.message);
        EXPECT_STREQ(as_std.category().name(), "hearth");
        EXPECT_EQ(as_std, std::error_code(ec));
        EXPECT_FALSE(as_std == std::errc::is_a_directory);
    }
}

TEST(category, tells_values_apart) {
    const hearth::error_code ec = errc::pending_timeout;
    EXPECT_TRUE(ec == errc::pending_timeout);
    EXPECT_FALSE(ec == errc::connect_timeout) << "although both are timed_out";
    EXPECT_FALSE(ec == hearth::error_code(static_cast<int>(errc::pending_timeout), boost::system::generic_category()));
}

TEST(error, carries_code_message_and_failure) {
    try {
        throw hearth::error(errc::invalid_option, "max_sockets is 0; allowed: 1 to 1000000");
    } catch (const std::system_error& e) {
        EXPECT_TRUE(e.code() == errc::invalid_option);
        EXPECT_TRUE(e.code() == std::errc::invalid_argument);
        EXPECT_STREQ(e.what(), "max_sockets is 0; allowed: 1 to 1000000");
        const auto* own = dynamic_cast<const hearth::error*>(&e);
        ASSERT_NE(own, nullptr);
        EXPECT_EQ(own->info().detail, "max_sockets is 0; allowed: 1 to 1000000");
        EXPECT_EQ(own->info().phase, hearth::phase::validate);
    }
}

TEST(error, says_the_sentence_where_there_is_no_detail) {
    EXPECT_STREQ(hearth::error(errc::agent_closed).what(), "the agent was closed");
}

TEST(error, copies_without_throwing_and_keeps_its_message_when_moved_from) {
    static_assert(std::is_nothrow_copy_constructible_v<hearth::error>);
    static_assert(std::is_nothrow_copy_assignable_v<hearth::error>);
    hearth::error first(errc::canceled);
    const hearth::error second = std::move(first);  // NOLINT(performance-move-const-arg)
    EXPECT_STREQ(first.what(), second.what());      // NOLINT(bugprone-use-after-move)
    first = hearth::error(errc::agent_closed);
    EXPECT_TRUE(first.code() == errc::agent_closed);
    EXPECT_STREQ(first.what(), "the agent was closed");
}

TEST(names, are_distinct_and_complete) {
    std::set<std::string_view> codes;
    for (const row& r : rows) codes.insert(to_string(r.code));
    EXPECT_EQ(codes.size(), std::size(rows));
    EXPECT_FALSE(codes.contains("unknown"));
    EXPECT_EQ(to_string(errc::invalid_url), "invalid_url");
    EXPECT_EQ(to_string(errc::certificate_host_mismatch), "certificate_host_mismatch");
    EXPECT_EQ(to_string(errc::file_failed), "file_failed");
    EXPECT_EQ(to_string(static_cast<errc>(999)), "unknown");

    std::set<std::string_view> phases;
    for (std::size_t i = 0; i < hearth::phase_count; ++i) phases.insert(to_string(static_cast<hearth::phase>(i)));
    EXPECT_EQ(phases.size(), hearth::phase_count);
    EXPECT_FALSE(phases.contains("unknown"));
    EXPECT_TRUE(phases.contains("retry_wait"));
    EXPECT_EQ(to_string(static_cast<hearth::phase>(hearth::phase_count)), "unknown");

    std::set<std::string_view> evidence;
    for (std::size_t i = 0; i < hearth::evidence_count; ++i) evidence.insert(to_string(static_cast<hearth::evidence>(i)));
    EXPECT_EQ(evidence.size(), hearth::evidence_count);
    EXPECT_FALSE(evidence.contains("unknown"));
    EXPECT_TRUE(evidence.contains("response_begun"));
    EXPECT_EQ(to_string(static_cast<hearth::evidence>(hearth::evidence_count)), "unknown");
}

}  // namespace
