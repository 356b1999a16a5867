// Who may see what: the token, and the Host header.
#pragma once

#include "monitor/address.hpp"

#include <string_view>

namespace hearth::detail {

/// Whether an Authorization header's value is "Bearer " and this token. How long it takes tells nothing of the token but its
/// length.
[[nodiscard]] bool bears(std::string_view authorization, std::string_view token) noexcept;

/// Whether a Host header's value names an endpoint that listens on loopback. Anything else there is a page of some site
/// whose name was made to lead to this machine ("DNS rebinding"), so that a browser would let it read the answers.
[[nodiscard]] bool names_this_machine(std::string_view host, const listen_address& address) noexcept;

}  // namespace hearth::detail
