// What the tests of docs/behaviours.md share. Each is named by its line's number there; the comment at its end names where
// the behaviour is known from. They were written from the behaviour, not from anyone's code.
#pragma once

#include "support/run.hpp"
#include "support/scripted_server.hpp"

#include <hearth/agent.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace hearth::test {

inline std::uint64_t closed(const agent& a, close_reason r) { return a.stats().count.closed[static_cast<std::size_t>(r)]; }

/// Answers every request with this.
inline scripted_server::script answer_all(std::string body = "x", std::string more_fields = {}) {
    return [body = std::move(body), more_fields = std::move(more_fields)](peer& p) {
        while (!p.read_head().empty()) p.send(ok_response(body, more_fields));
    };
}

/// A request under way, and what became of it.
struct started {
    bool done = false;
    std::optional<hearth::failure> failed{};
    response answer{};
};

inline std::shared_ptr<started> start(agent& a, request r) {
    auto state = std::make_shared<started>();
    a.send(std::move(r), [state](error_code ec, response answer) {
        state->done = true;
        if (ec) state->failed = *answer.failure();
        state->answer = std::move(answer);
    });
    return state;
}
inline std::shared_ptr<started> start(agent& a, std::string url) { return start(a, request("GET", std::move(url))); }

/// Counts connections by an agent's own hooks, which tell everything in the order in which it happens. Must outlive the
/// agent's context: hooks tell of what the agent's end closed after it.
struct connection_count {
    std::size_t open = 0;  // being opened, in use or idle
    std::size_t most = 0;
    std::vector<std::uint64_t> closed{};  // by number, in order

    event_hooks hooks() {
        return {.on_connection =
                    [this](const connection_event& e) {
                        if (e.kind == connection_event::kind::connecting) most = std::max(most, ++open);
                        if (e.kind != connection_event::kind::closed) return;
                        --open;
                        closed.push_back(e.connection);
                    },
                .on_request = {}};
    }
};

}  // namespace hearth::test
