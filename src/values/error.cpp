#include <hearth/error.hpp>

#include "values/text.hpp"

#include <algorithm>
#include <cstdio>
#include <initializer_list>

namespace hearth {
namespace {

namespace sys = boost::system;

struct description {
    const char* sentence;
    sys::errc::errc_t condition;
};

// No default label: the compiler finds the errc that was forgotten.
description describe(errc e) noexcept {
    using namespace sys::errc;
    switch (e) {
        case errc::invalid_url: return {"the URL is not valid", invalid_argument};
        case errc::unsupported_scheme: return {"the URL's scheme is neither http nor https", protocol_not_supported};
        case errc::invalid_method: return {"the method is not an HTTP token", invalid_argument};
        case errc::invalid_header: return {"a header's name or value must not be sent", invalid_argument};
        case errc::invalid_option: return {"an option is out of its range", invalid_argument};
        case errc::invalid_body: return {"the body cannot be sent", invalid_argument};
        case errc::too_many_pending: return {"max_pending requests wait already", resource_unavailable_try_again};
        case errc::pending_timeout: return {"no connection became free within pending_timeout", timed_out};
        case errc::name_not_found: return {"the host's name does not exist", host_unreachable};
        case errc::lookup_failed: return {"the host's name could not be looked up", resource_unavailable_try_again};
        case errc::connect_timeout: return {"not connected within connect_timeout", timed_out};
        case errc::connection_refused: return {"the server refused the connection", connection_refused};
        case errc::connect_failed: return {"the connection could not be made", host_unreachable};
        case errc::out_of_descriptors: return {"no file descriptor is left", too_many_files_open};
        case errc::out_of_ports: return {"no local port is left towards this address", address_not_available};
        case errc::tls_failed: return {"TLS failed", protocol_error};
        case errc::certificate_untrusted:
            return {"the server's certificate is self-signed or signed by an unknown authority", permission_denied};
        case errc::certificate_expired:
            return {"the server's certificate has expired or is not valid yet", permission_denied};
        case errc::certificate_host_mismatch: return {"the server's certificate is for another host", permission_denied};
        case errc::connection_closed: return {"the server closed the connection before it answered", connection_reset};
        case errc::connection_reset: return {"the server reset the connection", connection_reset};
        case errc::socket_timeout: return {"nothing was sent or received for the time that timeout allows", timed_out};
        case errc::headers_timeout: return {"no response head arrived within headers_timeout", timed_out};
        case errc::body_timeout: return {"no piece of the body arrived within body_timeout", timed_out};
        case errc::unacknowledged_timeout:
            return {"the server acknowledged nothing of the request within unacknowledged_timeout", timed_out};
        case errc::deadline_exceeded: return {"the deadline passed", timed_out};
        case errc::malformed_response: return {"the response is not valid HTTP/1", protocol_error};
        case errc::ambiguous_framing: return {"where the response ends is ambiguous", protocol_error};
        case errc::head_too_large: return {"the response head is larger than max_header_size", message_size};
        case errc::too_many_headers: return {"the response has more fields than max_header_count", message_size};
        case errc::response_too_large: return {"the response body is larger than allowed", message_size};
        case errc::truncated_response: return {"the connection ended in the middle of the response", connection_reset};
        case errc::too_many_informational: return {"the server sent too many 1xx responses", protocol_error};
        case errc::canceled: return {"canceled by the caller", operation_canceled};
        case errc::agent_closed: return {"the agent was closed", operation_canceled};
        case errc::body_already_read:
            return {"the response's body has been read, or is being read", operation_not_permitted};
        case errc::file_failed: return {"a file could not be opened, read or written", io_error};
    }
    return {nullptr, success};
}

#if defined(__GNUC__) && !defined(__clang__)
// GCC minds that Boost's base has no virtual destructor, although nobody but this class can destroy it.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wnon-virtual-dtor"
#endif
class category_type final : public sys::error_category {
public:
    // Fixed and drawn at random, so that the category is one even where the library is linked twice into a process.
    constexpr category_type() noexcept : error_category(0x9d3c41f7a86be205) {}

    const char* name() const noexcept override { return "hearth"; }

    std::string message(int value) const override {
        const char* sentence = describe(static_cast<errc>(value)).sentence;
        return sentence != nullptr ? sentence : "unknown hearth error " + std::to_string(value);
    }

    const char* message(int value, char* buffer, std::size_t size) const noexcept override {
        if (const char* sentence = describe(static_cast<errc>(value)).sentence) return sentence;
        if (size == 0) return "";
        std::snprintf(buffer, size, "unknown hearth error %d", value);
        return buffer;
    }

    sys::error_condition default_error_condition(int value) const noexcept override {
        const auto [sentence, condition] = describe(static_cast<errc>(value));
        return sentence != nullptr ? sys::error_condition(condition, sys::generic_category())
                                   : sys::error_condition(value, *this);
    }
};

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif

constinit const category_type the_category;

bool is_one_of(errc e, std::initializer_list<errc> set) noexcept { return std::ranges::find(set, e) != set.end(); }

std::string_view doing(phase p) noexcept {
    switch (p) {
        case phase::validate: return "checking the request";
        case phase::pending: return "waiting for a connection";
        case phase::lookup: return "looking up the name";
        case phase::connect: return "connecting";
        case phase::tls: return "negotiating TLS";
        case phase::write: return "sending the request";
        case phase::headers: return "waiting for the response";
        case phase::body: return "reading the body";
        case phase::retry_wait: return "waiting to retry";
    }
    return "at work";
}

// The part of the sentence that follows "the server closed the connection" or "the server reset the connection".
std::string_view ending(const failure& f) noexcept {
    switch (f.evidence) {
        case evidence::not_sent: return " before any of the request was sent";
        case evidence::closed_before: return " before the request arrived";
        case evidence::reset_in_flight: return " before the request could arrive";
        case evidence::unacknowledged: return " and acknowledged nothing of the request";
        case evidence::half_closed: return ", then received the request and did not answer";
        case evidence::acknowledged: return " after receiving the request";
        case evidence::silent: return " and acknowledged nothing of the request, which was sent repeatedly";
        case evidence::unsolicited: return " after sending what is no answer to the request";
        case evidence::refused: return " without processing the request";
        case evidence::response_begun: return " in the middle of the response";
        case evidence::none: break;
    }
    switch (f.phase) {
        case phase::tls: return " during the TLS handshake";
        case phase::write: return " while the request was being sent";
        case phase::body: return " in the middle of the response";
        default: return " before it answered";
    }
}

// What happened, without what the system or the peer had to say about it.
std::string what_happened(const failure& f, errc e) {
    std::string sentence = describe(e).sentence;
    switch (e) {
        case errc::connection_closed: return "the server closed the connection" + std::string(ending(f));
        case errc::connection_reset: return "the server reset the connection" + std::string(ending(f));
        case errc::tls_failed:
            return f.phase == phase::tls ? "the TLS handshake failed" : sentence + " while " + std::string(doing(f.phase));
        case errc::connect_timeout:
        case errc::socket_timeout:
        case errc::deadline_exceeded:
        case errc::canceled: return sentence + " while " + std::string(doing(f.phase));
        default: return sentence;
    }
}

// The caller's mistakes, of which the detail says all there is to say.
bool detail_says_it_all(errc e) noexcept {
    return is_one_of(e, {errc::invalid_url, errc::unsupported_scheme, errc::invalid_method, errc::invalid_header,
                         errc::invalid_option, errc::invalid_body, errc::file_failed, errc::body_already_read});
}

bool cause_adds_something(const failure& f, errc e) noexcept {
    if (!f.cause || f.cause == f.code) return false;
    if (is_one_of(e, {errc::connection_closed, errc::connection_reset})) {
        return f.cause.category() == sys::system_category() && f.cause != sys::errc::connection_reset &&
               f.cause != sys::errc::broken_pipe;
    }
    return is_one_of(e,
                     {errc::lookup_failed, errc::connect_failed, errc::tls_failed, errc::invalid_body, errc::file_failed});
}

std::string idle_words(std::chrono::nanoseconds idle) {
    const double seconds = std::chrono::duration<double>(idle).count();
    char text[48];
    if (seconds < 1) {
        std::snprintf(text, sizeof text, "idle %.0f ms", seconds * 1000);
    } else {
        std::snprintf(text, sizeof text, "idle %.1f s", seconds);
    }
    return text;
}

// What a timeout knows about the request's bytes; the other errors say it in their sentence, or it does not matter to them.
std::string_view bytes_words(const failure& f) noexcept {
    if (!is_one_of(static_cast<errc>(f.code.value()),
                   {errc::socket_timeout, errc::headers_timeout, errc::deadline_exceeded})) {
        return {};
    }
    switch (f.evidence) {
        case evidence::not_sent: return ", request not sent";
        case evidence::unacknowledged:
        case evidence::silent: return ", request not acknowledged";
        case evidence::acknowledged: return ", request acknowledged";
        default: return {};
    }
}

std::string circumstances(const failure& f, errc e) {
    if (detail_says_it_all(e) || is_one_of(e, {errc::canceled, errc::agent_closed})) return {};
    const bool on_connection = f.phase == phase::write || f.phase == phase::headers || f.phase == phase::body;
    const std::string attempt = "attempt " + std::to_string(f.attempts);
    if (on_connection && f.attempts > 0) {
        return " (" + (f.reused ? "reused connection, " + idle_words(f.idle) : "fresh connection") + ", " + attempt +
               std::string(bytes_words(f)) + ")";
    }
    return f.attempts > 1 ? " (" + attempt + ")" : std::string();
}

std::string cause_words(const error_code& cause) {
    std::string words = cause.message();
    while (!words.empty() && (words.back() == '.' || words.back() == '\n')) words.pop_back();
    return words;
}

}  // namespace

const sys::error_category& category() noexcept { return the_category; }

std::string_view to_string(errc e) noexcept {
    switch (e) {
        case errc::invalid_url: return "invalid_url";
        case errc::unsupported_scheme: return "unsupported_scheme";
        case errc::invalid_method: return "invalid_method";
        case errc::invalid_header: return "invalid_header";
        case errc::invalid_option: return "invalid_option";
        case errc::invalid_body: return "invalid_body";
        case errc::too_many_pending: return "too_many_pending";
        case errc::pending_timeout: return "pending_timeout";
        case errc::name_not_found: return "name_not_found";
        case errc::lookup_failed: return "lookup_failed";
        case errc::connect_timeout: return "connect_timeout";
        case errc::connection_refused: return "connection_refused";
        case errc::connect_failed: return "connect_failed";
        case errc::out_of_descriptors: return "out_of_descriptors";
        case errc::out_of_ports: return "out_of_ports";
        case errc::tls_failed: return "tls_failed";
        case errc::certificate_untrusted: return "certificate_untrusted";
        case errc::certificate_expired: return "certificate_expired";
        case errc::certificate_host_mismatch: return "certificate_host_mismatch";
        case errc::connection_closed: return "connection_closed";
        case errc::connection_reset: return "connection_reset";
        case errc::socket_timeout: return "socket_timeout";
        case errc::headers_timeout: return "headers_timeout";
        case errc::body_timeout: return "body_timeout";
        case errc::unacknowledged_timeout: return "unacknowledged_timeout";
        case errc::deadline_exceeded: return "deadline_exceeded";
        case errc::malformed_response: return "malformed_response";
        case errc::ambiguous_framing: return "ambiguous_framing";
        case errc::head_too_large: return "head_too_large";
        case errc::too_many_headers: return "too_many_headers";
        case errc::response_too_large: return "response_too_large";
        case errc::truncated_response: return "truncated_response";
        case errc::too_many_informational: return "too_many_informational";
        case errc::canceled: return "canceled";
        case errc::agent_closed: return "agent_closed";
        case errc::body_already_read: return "body_already_read";
        case errc::file_failed: return "file_failed";
    }
    return "unknown";
}

std::string_view to_string(phase p) noexcept {
    switch (p) {
        case phase::validate: return "validate";
        case phase::pending: return "pending";
        case phase::lookup: return "lookup";
        case phase::connect: return "connect";
        case phase::tls: return "tls";
        case phase::write: return "write";
        case phase::headers: return "headers";
        case phase::body: return "body";
        case phase::retry_wait: return "retry_wait";
    }
    return "unknown";
}

std::string_view to_string(evidence e) noexcept {
    switch (e) {
        case evidence::none: return "none";
        case evidence::not_sent: return "not_sent";
        case evidence::closed_before: return "closed_before";
        case evidence::reset_in_flight: return "reset_in_flight";
        case evidence::unacknowledged: return "unacknowledged";
        case evidence::half_closed: return "half_closed";
        case evidence::acknowledged: return "acknowledged";
        case evidence::silent: return "silent";
        case evidence::unsolicited: return "unsolicited";
        case evidence::refused: return "refused";
        case evidence::response_begun: return "response_begun";
    }
    return "unknown";
}

std::string failure::message() const {
    const auto e = static_cast<errc>(code.value());
    const bool ours = code.category() == the_category && describe(e).sentence != nullptr;

    std::string text = method;
    if (!method.empty() && !url.empty()) text += ' ';
    text += url;
    if (!text.empty()) text += ": ";

    if (!ours) {
        text += code.message();
    } else if (detail.empty() || !detail_says_it_all(e)) {
        text += what_happened(*this, e);
    }
    if (!detail.empty()) {
        if (!ours || !detail_says_it_all(e)) text += ": ";
        text += detail;
    }
    if (ours && cause_adds_something(*this, e)) {
        if (const std::string words = cause_words(cause); detail.find(words) == std::string::npos) text += ": " + words;
    }
    if (ours) text += circumstances(*this, e);
    if (!verdict.empty()) text += "; " + verdict;
    return values::printable(text);
}

error::error(failure f) : std::system_error(std::error_code(f.code)) {
    std::string message = f.message();
    state_ = std::make_shared<const state>(state{std::move(f), std::move(message)});
}

error::error(errc e, std::string detail)
    : error([&] {
          failure f;
          f.code = e;
          f.detail = std::move(detail);
          return f;
      }()) {}

}  // namespace hearth
