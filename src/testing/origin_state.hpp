// What the origin's server and connections share. All of it belongs to the origin's thread.
#pragma once

#include "testing/ledger.hpp"

#include <hearth/testing/faulty_origin.hpp>

#include <boost/asio/ssl/context.hpp>

#include <optional>
#include <unordered_set>

namespace hearth::testing {

class origin_connection;

struct origin_state {
    faulty_origin_options options;
    faulty_origin_report report{};
    ledger executions{};
    std::optional<boost::asio::ssl::context> tls{};
    std::unordered_set<origin_connection*> open{};
};

}  // namespace hearth::testing
