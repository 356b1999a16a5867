// The whole agent in a simulated world: callers, servers with habits, a network that delays and loses, a clock that jumps
// from event to event. All of it follows from a seed. What must always hold is checked as it happens.
#pragma once

#include "choices.hpp"
#include "machine.hpp"
#include "server.hpp"
#include "tcp.hpp"
#include "timeline.hpp"

#include <hearth/agent.hpp>

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/io_context.hpp>

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace hearth::sim {

class agent_world {
public:
    /// `polite`: servers close by FIN only what is idle, nothing is lost, and restarts drain. No request may fail then.
    agent_world(std::uint64_t seed, boost::asio::io_context& context);
    ~agent_world();
    agent_world(const agent_world&) = delete;
    agent_world& operator=(const agent_world&) = delete;

    /// To the end of all things: the callers have what they asked for, the agent is closed, the network still.
    void run();
    /// The first rule that was broken, in words; empty when all were kept.
    [[nodiscard]] const std::string& broken() const { return broken_; }

    struct tally {
        std::uint64_t worlds = 0, polite = 0, events = 0, requests = 0, answered = 0, failed = 0, canceled = 0, replays = 0,
                      retries = 0, reused = 0, stale_at_use = 0, server_closed = 0, repeated = 0, restarts = 0, faults = 0,
                      trace = 0;
        std::array<std::uint64_t, evidence_count> replays_by{};
        std::array<std::uint64_t, evidence_count> refused_by{};  // unrepeatable ones that failed, by evidence
        tally& operator+=(const tally& other);
    };
    [[nodiscard]] const tally& counts() const { return counts_; }
    [[nodiscard]] nanoseconds now() const { return time_.now(); }

private:
    /// One request, and the truth about it.
    struct errand {
        std::uint64_t id = 0;
        std::string method{};
        bool repeatable = false;
        int ended = 0;           // how often its handler was called
        unsigned delivered = 0;  // how often a server's application read it
        const host* to = nullptr;
        bool goes_fresh = false;  // it was replayed, and no dial has failed since: its next connection must be new
        std::size_t caller = 0;
        boost::asio::cancellation_signal cancel{};
    };
    struct origin {
        std::string name{};
        habits ways{};
        std::unique_ptr<sim::server> server{};
    };

    void draw_options();
    void draw_origin(std::size_t at);
    void draw_faults(habits& h);
    void next_errand(std::size_t caller);
    void send(errand& e, origin& to);
    void has_response(errand& e, const error_code& ec, response r);
    void has_body(errand& e, const error_code& ec, const std::string& text, const response& r);
    void ended(errand& e);
    void wind_up();

    // The rules (agent_world_rules.cpp). They note what is broken and do not throw: the agent is under way.
    void rule(bool kept, std::string_view what, std::string_view detail = {});
    void check_exchange(const exchange_begin& x);
    void check_socket(const host& to);
    void check_turn();
    void check_failure(const errand& e, const failure& f);
    void check_end();
    void told(const request_event& e);

    seeded pick_;
    timeline time_;
    network net_{time_, pick_};
    machine machine_;
    bool polite_;
    agent_options options_;
    std::vector<origin> origins_;
    std::optional<hearth::agent> agent_;

    std::unordered_map<std::uint64_t, std::unique_ptr<errand>> errands_;
    std::deque<std::uint64_t> submitted_;  // until the agent's hook has told its number for it
    std::unordered_map<std::uint64_t, std::uint64_t> ids_by_number_;
    std::vector<int> errands_left_;  // by caller
    std::size_t callers_busy_ = 0;
    std::uint64_t last_id_ = 0;
    bool winding_up_ = false;
    bool closed_ = false;
    std::string broken_;
    tally counts_;
};

}  // namespace hearth::sim
