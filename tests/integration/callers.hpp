// Callers of real servers, and what must hold of their requests.
#pragma once

#include "support/descriptors.hpp"
#include "support/run.hpp"
#include "support/server_process.hpp"
#include "values/sanitizers.hpp"

#include <hearth/agent.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace hearth::test {

// Sanitizers slow everything down tenfold and more.
inline constexpr int slowness = values::address_sanitizer || values::thread_sanitizer ? 10 : 1;

/// One request, and what became of it.
struct sent_request {
    std::string id{};  ///< its x-request-id
    std::string method{};
    bool repeatable = false;  ///< may be executed more than once, so that Hearth must not let it fail
    bool refused = false;     ///< answered 408: the server says that it did not get it
    std::optional<hearth::failure> failed{};
};

/// What all callers of a test saw.
struct outcomes {
    std::vector<sent_request> requests{};
    std::vector<std::size_t> ended_of{};  ///< requests, of each caller of call_during()
    hearth::counters count{};             ///< of the agents that have ended

    void add(const hearth::stats& s) { count += s.count; }
    [[nodiscard]] std::size_t failed() const;
    [[nodiscard]] std::size_t failed_after(hearth::evidence what) const;
    [[nodiscard]] std::uint64_t replayed_after(hearth::evidence what) const {
        return count.replays_by_evidence[static_cast<std::size_t>(what)];
    }
};

/// Sends one request: GET, PUT, POST, or POST with an Idempotency-Key, as drawn. The server must answer with its id,
/// or refuse a POST that may not be sent again.
awaitable<void> send_any(agent& a, std::string url, std::string id, std::minstd_rand& random, outcomes& all);

/// Callers of which each has an agent with one connection, so that its gaps are that connection's idle times: most lie
/// within `spread` of the server's idle timeout, some further off.
struct gap_plan {
    const char* name = "gaps";  ///< the requests' ids begin with it
    int callers = 100;
    int requests = 6;  ///< of each caller
    std::chrono::milliseconds timeout{1'000};
    std::chrono::milliseconds spread{20};
    unsigned seed = 1;
};
awaitable<void> call_with_gaps(std::string url, gap_plan plan, agent_options options, outcomes& all);

/// With neither a watch on idle connections nor a look before use: every close meets a request, as if it had been in flight,
/// and evidence must mend it alone.
[[nodiscard]] agent_options by_evidence_alone();

/// Keeps `callers` busy, without gaps, until `disturb` has ended.
awaitable<void> call_during(agent& a, std::string url, int callers, outcomes& all, std::function<awaitable<void>()> disturb);
/// Until so many more requests have ended.
awaitable<void> until_ended(const outcomes& all, std::size_t more);
/// Until each caller of call_during() has had two more: none of them waits for anything from before, so that no request
/// meets more disturbances than a server's restarts would make it meet.
awaitable<void> until_each_ended_two(const outcomes& all);
/// What would block the callers' thread.
awaitable<void> on_another_thread(std::function<void()> work);

inline constexpr std::chrono::milliseconds default_patience = hearth::retry_options().max_downtime;

/// Twenty callers through one agent, their server disturbed so many times, each time after they have had some hundreds of
/// requests. `patience`: the agent's retry.max_downtime.
awaitable<void> call_disturbed(std::string url, std::chrono::milliseconds patience, int times, outcomes& all,
                               std::function<void()> disturb);
/// The same while their server is away each time, for less than 50 s: `restart` may block.
awaitable<void> call_through_restarts(std::string url, int times, outcomes& all, std::function<void()> restart);

/// Whether the server's books have every request that was answered; those of a killed process may lack some.
enum class books_are : std::uint8_t { complete, wanting };

/// No request that may be sent again has failed; others only where they may have been executed, and say so; none of those
/// was executed twice. Prints what happened.
void expect_promise_kept(const outcomes& all, const std::map<std::string, int>& executed,
                         books_are books = books_are::complete);

/// No test leaves a descriptor open.
struct real_servers : testing::Test {
    ~real_servers() override { EXPECT_EQ(open_descriptors(), open_before_); }

private:
    std::size_t open_before_ = open_descriptors();
};

/// Skips when a server is not there.
#define HEARTH_NEED_SERVER(server)                      \
    if (!server_process::is_installed(server::program)) \
    GTEST_SKIP() << server::program << " is not installed; scripts/setup test installs it"

}  // namespace hearth::test
