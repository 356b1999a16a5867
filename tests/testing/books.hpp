// What a raw client's kernel knows of its connection.
#pragma once

#include "net/tcp_info.hpp"
#include "testing/raw_client.hpp"

#include <cstdint>

namespace hearth::testing {

/// Throws std::bad_optional_access when it is not TCP.
[[nodiscard]] policy::tcp_books books_of(const raw_client& client);
/// Waits for the RST that ends the client's socket; false after ten seconds.
[[nodiscard]] bool is_reset(const raw_client& client);

/// Waits until so many bytes, and its SYN, have been acknowledged: a peer may take its time. False after ten seconds.
[[nodiscard]] bool is_acked(const raw_client& client, std::uint64_t bytes);

}  // namespace hearth::testing
