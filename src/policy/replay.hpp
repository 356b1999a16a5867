// May a request whose connection died be sent again at once? The replay table, as a function.
#pragma once

#include <hearth/error.hpp>
#include <hearth/options.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace hearth::policy {

/// What is known of the request and the exchange that failed.
struct replay_facts {
    std::string_view method{};    ///< for the words
    bool repeatable = false;      ///< policy::repeatable()
    bool body_replayable = true;  ///< nothing of the body was consumed, or all of it can be produced again
    bool reused = false;          ///< the connection had idled, or carried another exchange, before this one
    bool response_begun = false;  ///< a byte of the answer has come (not an unsolicited one)
    bool never_replay = false;    ///< request_options::never_replay
    unsigned replays_so_far = 0;
    replay_options options{};
};

enum class replay_action : std::uint8_t {
    replay,  ///< send it again at once, on a fresh connection
    retry,   ///< not by replay; sending it again does no harm, so the retry policy may
    fail,    ///< it must not be sent again
};

struct replay_decision {
    replay_action action = replay_action::fail;
    /// Close the old connection with a reset (SO_LINGER {1, 0}) before anything is sent again: bytes of the request may
    /// still be in the kernel's hands, and would arrive after the new ones.
    bool abort_first = false;
    /// Why it was not replayed, for failure::verdict: "not replayed because POST may have been executed". Empty for replay.
    std::string verdict{};
};

/// Decides by evidence. What `evidence` proves is in its enum's comments; `none` and `unsolicited` prove nothing about the
/// request.
[[nodiscard]] replay_decision decide(evidence what, const replay_facts& facts);

/// Whether `what` proves that the server did not process the request.
[[nodiscard]] bool proves_unprocessed(evidence what, const replay_options& options) noexcept;

/// Whether the request could be replayed whatever the evidence, so that it may take any live connection.
[[nodiscard]] bool always_replayable(const replay_facts& facts) noexcept;

}  // namespace hearth::policy
