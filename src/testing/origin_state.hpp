// What the origin's server and connections share. All of it belongs to the origin's thread.
#pragma once

#include "testing/fates.hpp"
#include "testing/ledger.hpp"

#include <hearth/testing/faulty_origin.hpp>

#include <boost/asio/ssl/context.hpp>

#include <chrono>
#include <optional>
#include <unordered_set>
#include <utility>

namespace hearth::testing {

class origin_connection;

struct origin_state {
    /// Throws hearth::error when an option is wrong.
    explicit origin_state(faulty_origin_options o) : options((check(o), std::move(o))), faults(options) {}

    faulty_origin_options options;
    fates faults;
    faulty_origin_report report{};
    ledger executions{};
    std::optional<boost::asio::ssl::context> tls{};
    std::unordered_set<origin_connection*> open{};

    void tell(origin_event e) const {
        if (!options.on_event) return;
        e.at = std::chrono::steady_clock::now();
        options.on_event(e);
    }
};

}  // namespace hearth::testing
