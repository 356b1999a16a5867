// The sentences that failure::message() makes.
#include <hearth/error.hpp>

#include <boost/asio/error.hpp>
#include <gtest/gtest.h>

#include <cerrno>
#include <chrono>
#include <string>
#include <system_error>

namespace {

using namespace std::chrono_literals;
using hearth::errc;
using hearth::evidence;
using hearth::failure;
using hearth::phase;

failure make(errc code, phase p, unsigned attempts = 1) {
    failure f;
    f.code = code;
    f.phase = p;
    f.attempts = attempts;
    f.method = "GET";
    f.url = "https://api.example.com/users/7";
    return f;
}

std::string message_of(failure f) {
    const std::string text = f.message();
    const std::string start = "GET https://api.example.com/users/7: ";
    EXPECT_TRUE(text.starts_with(start)) << text;
    return text.substr(start.size());
}

TEST(failure, is_one_plain_sentence) {
    failure f;
    f.code = errc::connection_closed;
    f.phase = phase::headers;
    f.reused = true;
    f.idle = 64'900ms;
    f.evidence = evidence::acknowledged;
    f.attempts = 1;
    f.method = "POST";
    f.url = "https://api.example.com/pay";
    f.verdict = "not replayed because POST may have been executed";
    EXPECT_EQ(f.message(),
              "POST https://api.example.com/pay: the server closed the connection after receiving the request (reused "
              "connection, idle 64.9 s, attempt 1); not replayed because POST may have been executed");
}

TEST(failure, says_for_every_code_what_happened) {
    struct row {
        errc code;
        phase where;
        const char* message;
    };
    const row rows[] = {
        {errc::invalid_url, phase::validate, "the URL is not valid"},
        {errc::unsupported_scheme, phase::validate, "the URL's scheme is neither http nor https"},
        {errc::invalid_method, phase::validate, "the method is not an HTTP token"},
        {errc::invalid_header, phase::validate, "a header's name or value must not be sent"},
        {errc::invalid_option, phase::validate, "an option is out of its range"},
        {errc::invalid_body, phase::write, "the body cannot be sent"},
        {errc::too_many_pending, phase::pending, "max_pending requests wait already"},
        {errc::pending_timeout, phase::pending, "no connection became free within pending_timeout"},
        {errc::name_not_found, phase::lookup, "the host's name does not exist"},
        {errc::lookup_failed, phase::lookup, "the host's name could not be looked up"},
        {errc::connect_timeout, phase::lookup, "not connected within connect_timeout while looking up the name"},
        {errc::connect_timeout, phase::connect, "not connected within connect_timeout while connecting"},
        {errc::connect_timeout, phase::tls, "not connected within connect_timeout while negotiating TLS"},
        {errc::connection_refused, phase::connect, "the server refused the connection"},
        {errc::connect_failed, phase::connect, "the connection could not be made"},
        {errc::out_of_descriptors, phase::connect, "no file descriptor is left"},
        {errc::out_of_ports, phase::connect, "no local port is left towards this address"},
        {errc::tls_failed, phase::tls, "the TLS handshake failed"},
        {errc::tls_failed, phase::body, "TLS failed while reading the body (fresh connection, attempt 1)"},
        {errc::certificate_untrusted, phase::tls,
         "the server's certificate is self-signed or signed by an unknown authority"},
        {errc::certificate_expired, phase::tls, "the server's certificate has expired or is not valid yet"},
        {errc::certificate_host_mismatch, phase::tls, "the server's certificate is for another host"},
        {errc::connection_closed, phase::tls, "the server closed the connection during the TLS handshake"},
        {errc::connection_closed, phase::write,
         "the server closed the connection while the request was being sent (fresh connection, attempt 1)"},
        {errc::connection_closed, phase::headers,
         "the server closed the connection before it answered (fresh connection, attempt 1)"},
        {errc::connection_reset, phase::headers,
         "the server reset the connection before it answered (fresh connection, attempt 1)"},
        {errc::connection_reset, phase::body,
         "the server reset the connection in the middle of the response (fresh connection, attempt 1)"},
        {errc::socket_timeout, phase::body,
         "nothing was sent or received for the time that timeout allows while reading the body (fresh connection, attempt "
         "1)"},
        {errc::headers_timeout, phase::headers,
         "no response head arrived within headers_timeout (fresh connection, attempt 1)"},
        {errc::body_timeout, phase::body, "no piece of the body arrived within body_timeout (fresh connection, attempt 1)"},
        {errc::unacknowledged_timeout, phase::headers,
         "the server acknowledged nothing of the request within unacknowledged_timeout (fresh connection, attempt 1)"},
        {errc::deadline_exceeded, phase::validate, "the deadline passed while checking the request"},
        {errc::deadline_exceeded, phase::write,
         "the deadline passed while sending the request (fresh connection, attempt 1)"},
        {errc::deadline_exceeded, phase::retry_wait, "the deadline passed while waiting to retry"},
        {errc::malformed_response, phase::headers, "the response is not valid HTTP/1 (fresh connection, attempt 1)"},
        {errc::ambiguous_framing, phase::headers, "where the response ends is ambiguous (fresh connection, attempt 1)"},
        {errc::head_too_large, phase::headers,
         "the response head is larger than max_header_size (fresh connection, attempt 1)"},
        {errc::too_many_headers, phase::headers,
         "the response has more fields than max_header_count (fresh connection, attempt 1)"},
        {errc::response_too_large, phase::body, "the response body is larger than allowed (fresh connection, attempt 1)"},
        {errc::truncated_response, phase::body,
         "the connection ended in the middle of the response (fresh connection, attempt 1)"},
        {errc::too_many_informational, phase::headers,
         "the server sent too many 1xx responses (fresh connection, attempt 1)"},
        {errc::canceled, phase::pending, "canceled by the caller while waiting for a connection"},
        {errc::canceled, phase::headers, "canceled by the caller while waiting for the response"},
        {errc::canceled, static_cast<phase>(99), "canceled by the caller while at work"},
        {errc::agent_closed, phase::headers, "the agent was closed"},
        {errc::body_already_read, phase::body, "the response's body has been read, or is being read"},
        {errc::file_failed, phase::write, "a file could not be opened, read or written"},
    };
    int last = 0;
    for (const row& r : rows) {
        EXPECT_EQ(message_of(make(r.code, r.where)), r.message);
        EXPECT_LE(static_cast<int>(r.code), last + 1) << "an errc has no row";
        last = static_cast<int>(r.code);
    }
    EXPECT_EQ(last, static_cast<int>(errc::file_failed));
}

TEST(failure, says_what_the_evidence_proves) {
    struct row {
        evidence known;
        const char* ending;
    };
    const row rows[] = {
        {evidence::none, " before it answered"},
        {evidence::not_sent, " before any of the request was sent"},
        {evidence::closed_before, " before the request arrived"},
        {evidence::reset_in_flight, " before the request could arrive"},
        {evidence::unacknowledged, " and acknowledged nothing of the request"},
        {evidence::half_closed, ", then received the request and did not answer"},
        {evidence::acknowledged, " after receiving the request"},
        {evidence::silent, " and acknowledged nothing of the request, which was sent repeatedly"},
        {evidence::unsolicited, " after sending what is no answer to the request"},
        {evidence::refused, " without processing the request"},
        {evidence::response_begun, " in the middle of the response"},
    };
    static_assert(std::size(rows) == hearth::evidence_count);
    for (const row& r : rows) {
        failure f = make(errc::connection_closed, phase::headers);
        f.evidence = r.known;
        f.attempts = 0;
        EXPECT_EQ(message_of(f), std::string("the server closed the connection") + r.ending);
        f.code = errc::connection_reset;
        EXPECT_EQ(message_of(f), std::string("the server reset the connection") + r.ending);
    }
}

TEST(failure, says_for_a_timeout_whether_the_request_arrived) {
    failure f = make(errc::headers_timeout, phase::headers);
    const auto with = [&f](evidence e) {
        f.evidence = e;
        return message_of(f);
    };
    const std::string start = "no response head arrived within headers_timeout (fresh connection, attempt 1";
    EXPECT_EQ(with(evidence::acknowledged), start + ", request acknowledged)");
    EXPECT_EQ(with(evidence::unacknowledged), start + ", request not acknowledged)");
    EXPECT_EQ(with(evidence::silent), start + ", request not acknowledged)");
    EXPECT_EQ(with(evidence::not_sent), start + ", request not sent)");
    EXPECT_EQ(with(evidence::none), start + ")");
}

TEST(failure, says_how_long_the_connection_had_idled) {
    struct row {
        std::chrono::nanoseconds idle;
        const char* words;
    };
    for (const row& r : {row{0ns, "idle 0 ms"}, row{350ms, "idle 350 ms"}, row{1s, "idle 1.0 s"},
                         row{64'900ms, "idle 64.9 s"}, row{2h, "idle 7200.0 s"}}) {
        failure f = make(errc::malformed_response, phase::headers, 2);
        f.reused = true;
        f.idle = r.idle;
        EXPECT_EQ(message_of(f),
                  std::string("the response is not valid HTTP/1 (reused connection, ") + r.words + ", attempt 2)");
    }
}

TEST(failure, counts_attempts_before_there_is_a_connection_only_from_the_second_on) {
    EXPECT_EQ(message_of(make(errc::connection_refused, phase::connect, 1)), "the server refused the connection");
    EXPECT_EQ(message_of(make(errc::connection_refused, phase::connect, 3)),
              "the server refused the connection (attempt 3)");
}

TEST(failure, appends_the_detail) {
    failure f = make(errc::ambiguous_framing, phase::headers);
    f.detail = "two differing Content-Lengths, 5 and 6";
    EXPECT_EQ(message_of(f),
              "where the response ends is ambiguous: two differing Content-Lengths, 5 and 6 (fresh connection, attempt 1)");
}

TEST(failure, lets_the_detail_stand_for_a_mistake_of_the_caller) {
    failure f = make(errc::invalid_header, phase::validate);
    f.detail = "the value of \"X-Id\" holds a line feed";
    EXPECT_EQ(message_of(f), "the value of \"X-Id\" holds a line feed");
}

TEST(failure, appends_a_cause_that_adds_something) {
    namespace net = boost::asio::error;
    failure f = make(errc::connect_failed, phase::connect);
    f.cause = net::make_error_code(net::network_unreachable);
    EXPECT_EQ(message_of(f), "the connection could not be made: Network is unreachable");
    f.detail = "192.0.2.1:443";
    EXPECT_EQ(message_of(f), "the connection could not be made: 192.0.2.1:443: Network is unreachable");
    f.detail = "192.0.2.1:443 (Network is unreachable)";
    EXPECT_EQ(message_of(f), "the connection could not be made: 192.0.2.1:443 (Network is unreachable)");

    f = make(errc::file_failed, phase::write);
    f.detail = "cannot open \"a.txt\"";
    f.cause = hearth::error_code(ENOENT, boost::system::system_category());
    EXPECT_EQ(message_of(f), "cannot open \"a.txt\": No such file or directory");
}

TEST(failure, leaves_out_a_cause_that_adds_nothing) {
    namespace net = boost::asio::error;
    failure f = make(errc::connection_refused, phase::connect);
    f.cause = net::make_error_code(net::connection_refused);
    EXPECT_EQ(message_of(f), "the server refused the connection");

    f = make(errc::connection_reset, phase::headers, 0);
    const std::string plain = "the server reset the connection before it answered";
    f.cause = net::make_error_code(net::connection_reset);
    EXPECT_EQ(message_of(f), plain);
    f.cause = net::make_error_code(net::broken_pipe);
    EXPECT_EQ(message_of(f), plain);
    f.cause = net::make_error_code(net::eof);
    EXPECT_EQ(message_of(f), plain);
    f.cause = net::make_error_code(net::timed_out);
    EXPECT_EQ(message_of(f), plain + ": Connection timed out") << "a reset that says why";
    f.cause = f.code;
    EXPECT_EQ(message_of(f), plain);
}

TEST(failure, takes_the_full_stop_off_a_cause) {
    struct : std::error_category {
        const char* name() const noexcept override { return "other"; }
        std::string message(int) const override { return "Something else.\n"; }
    } other;
    failure f = make(errc::tls_failed, phase::tls);
    f.cause = std::error_code(1, other);
    EXPECT_EQ(message_of(f), "the TLS handshake failed: Something else");
}

TEST(failure, leaves_out_what_is_not_known) {
    failure f;
    f.code = errc::agent_closed;
    EXPECT_EQ(f.message(), "the agent was closed");
    f.method = "GET";
    EXPECT_EQ(f.message(), "GET: the agent was closed");
    f.method.clear();
    f.url = "http://h/";
    EXPECT_EQ(f.message(), "http://h/: the agent was closed");
}

TEST(failure, speaks_of_foreign_and_unknown_codes_too) {
    failure f;
    f.code = boost::system::errc::make_error_code(boost::system::errc::io_error);
    f.detail = "disk";
    EXPECT_EQ(f.message(), "Input/output error: disk");
    f.code.assign(999, hearth::category());
    f.detail.clear();
    EXPECT_EQ(f.message(), "unknown hearth error 999");
}

TEST(failure, lets_no_control_character_through) {
    failure f = make(errc::malformed_response, phase::headers, 0);
    f.detail = "the status line is HTTP/1.1\r\n\x1b[31m";
    EXPECT_EQ(message_of(f), "the response is not valid HTTP/1: the status line is HTTP/1.1\\x0D\\x0A\\x1B[31m");
}

}  // namespace
