#include "error_name.hpp"

#include <hearth/error.hpp>

#include <fmt/format.h>

namespace hearth::cli {
namespace {

// No default label: the compiler finds the errc that was forgotten.
const char* name_of(errc e) noexcept {
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
    return nullptr;
}

}  // namespace

std::string error_name(const boost::system::error_code& code) {
    if (code.category() == category()) {
        if (const char* name = name_of(static_cast<errc>(code.value()))) return name;
    }
    return fmt::format("{}_{}", code.category().name(), code.value());
}

}  // namespace hearth::cli
