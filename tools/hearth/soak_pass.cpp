#include "soak_pass.hpp"

#include "error_name.hpp"
#include "net/no_throw.hpp"

#include <hearth/agent.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>

namespace hearth::cli {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using net::no_throw;
using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;

// Longer than a monitor's interval.
constexpr auto last_look = 1'500ms;

/// What the callers share.
struct shared_state {
    const pass_options& options;
    pass_result result{};
    std::uint64_t begun = 0;
    bool over = false;

    /// How many of `wanted` requests may still be begun.
    std::uint64_t take(std::uint64_t wanted) {
        const std::uint64_t n = over ? 0 : std::min(wanted, options.requests - begun);
        begun += n;
        return n;
    }

    void fail(const failure& f) {
        ++result.requests;
        if (may_have_been_executed(f)) {
            ++result.maybe_executed;
            return;
        }
        ++result.failed;
        ++result.errors[error_name(f.code)];
    }

    void answer(int status, clock::duration latency) {
        ++result.requests;
        if (status >= 400) ++result.statuses;
        result.latencies.push_back(std::chrono::duration_cast<std::chrono::microseconds>(latency));
    }
};

/// Sends bursts, with pauses between them, through an agent of its own.
class caller {
public:
    caller(asio::io_context& context, shared_state& shared, std::uint64_t number)
        : shared_(shared),
          agent_(context, shared.options.agent),
          name_(fmt::format("{}-{}", shared.options.name, number)),
          // Far apart, so that no two callers' seeds meet for neighbouring --seed.
          gaps_(shared.options.seed * 1'000'003 + number, shared.options.closing),
          pause_(context),
          last_answer_(context, clock::time_point::max()) {}

    asio::awaitable<void> run() {
        co_await pause(gaps_.up_to(shared_.options.closing.idle / 2));
        while (const std::uint64_t size = shared_.take(shared_.options.burst)) {
            under_way_ = size;
            for (std::uint64_t i = 0; i < size; ++i) {
                asio::co_spawn(
                    pause_.get_executor(), [this, r = next_request()]() mutable { return fetch(std::move(r)); },
                    asio::detached);
            }
            while (under_way_ > 0) co_await last_answer_.async_wait(no_throw);
            co_await pause(gaps_.next());
        }
        finish();
    }

    void show_on(monitor& m, const std::string& as) { m.watch(agent_, as); }
    /// No pause from now on.
    void hurry() { pause_.cancel(); }
    /// Whatever is under way ends at once.
    void abort() { agent_.destroy(); }

private:
    request next_request() {
        std::string id = fmt::format("{}-{}", name_, ++sent_);
        request r("GET", shared_.options.url, headers({{"x-request-id", id}}));
        if (gaps_.chance(shared_.options.post_share)) {
            r.method = "POST";
            r.body = std::move(id);
        }
        return r;
    }

    asio::awaitable<void> fetch(request what) {
        const clock::time_point start = clock::now();
        try {
            response r = co_await agent_.send(std::move(what));
            co_await r.discard();
            shared_.answer(r.status(), clock::now() - start);
        } catch (const hearth::error& e) {
            // Our own doing, on Ctrl-C.
            if (e.info().code != errc::agent_closed) shared_.fail(e.info());
        }
        if (--under_way_ == 0) last_answer_.cancel();
    }

    asio::awaitable<void> pause(std::chrono::microseconds d) {
        if (shared_.over) co_return;
        pause_.expires_after(d);
        co_await pause_.async_wait(no_throw);
    }

    void finish() {
        const counters count = agent_.stats().count;
        const auto closed = [&](close_reason why) { return count.closed[static_cast<std::size_t>(why)]; };
        shared_.result.connections += count.opened;
        shared_.result.noticed += closed(close_reason::server_closed) + closed(close_reason::stale_at_use);
        shared_.result.replays += count.replays;
        for (std::size_t i = 0; i < evidence_count; ++i)
            shared_.result.replays_by_evidence[i] += count.replays_by_evidence[i];
        shared_.result.retries += count.retries;
        // One that is watched stays until its viewers have seen what came of it.
        if (shared_.options.watched_by == nullptr) agent_.destroy();
    }

    shared_state& shared_;
    agent agent_;
    std::string name_;
    gaps gaps_;
    asio::steady_timer pause_;
    asio::steady_timer last_answer_;
    std::uint64_t under_way_ = 0;
    std::uint64_t sent_ = 0;
};

class pass {
public:
    pass(const pass_options& options, const std::function<bool(const pass_result&)>& go_on)
        : shared_{.options = options}, go_on_(go_on) {
        shared_.result.latencies.reserve(options.requests);
        for (std::uint64_t i = 0; i < options.callers; ++i) {
            callers_.push_back(std::make_unique<caller>(context_, shared_, i));
            if (options.watched_by != nullptr) callers_.back()->show_on(*options.watched_by, options.shown_as);
        }
    }

    pass_result run() {
        time_up_.expires_after(shared_.options.duration);
        time_up_.async_wait([this](const error_code& error) {
            if (!error) end();
        });
        running_ = callers_.size();
        watch();
        for (auto& c : callers_) {
            asio::co_spawn(
                context_, [&c] { return c->run(); },
                [this](const std::exception_ptr& e) {
                    if (e) std::rethrow_exception(e);
                    if (--running_ == 0) wind_up();
                });
        }
        context_.run();
        std::ranges::sort(shared_.result.latencies);
        return std::move(shared_.result);
    }

private:
    void interrupt() {
        shared_.result.interrupted = true;
        end();
        for (auto& c : callers_) c->abort();
    }

    void end() {
        shared_.over = true;
        for (auto& c : callers_) c->hurry();
    }

    void watch() {
        look_.expires_after(100ms);
        look_.async_wait([this](const error_code& error) {
            // Cancelled too late, it may find all callers gone.
            if (error || running_ == 0) return;
            if (!go_on_(shared_.result)) return interrupt();
            watch();
        });
    }

    void wind_up() {
        time_up_.cancel();
        look_.cancel();
        if (shared_.options.watched_by == nullptr) return;
        look_.expires_after(last_look);
        look_.async_wait([this](const error_code&) {
            for (auto& c : callers_) c->abort();
        });
    }

    asio::io_context context_{1};
    shared_state shared_;
    const std::function<bool(const pass_result&)>& go_on_;
    std::vector<std::unique_ptr<caller>> callers_;
    std::size_t running_ = 0;
    asio::steady_timer time_up_{context_};
    asio::steady_timer look_{context_};
};

}  // namespace

bool may_have_been_executed(const failure& f) noexcept {
    if (f.method != "POST" || f.code == errc::deadline_exceeded) return false;
    if (f.phase != phase::write && f.phase != phase::headers && f.phase != phase::body) return false;
    switch (f.evidence) {
        case evidence::not_sent:
        case evidence::closed_before:
        case evidence::reset_in_flight:
        case evidence::refused: return false;
        case evidence::none:
        case evidence::unacknowledged:
        case evidence::half_closed:
        case evidence::acknowledged:
        case evidence::silent:
        case evidence::unsolicited:
        case evidence::response_begun: return true;
    }
    return true;
}

std::chrono::microseconds pass_result::latency(double share) const {
    if (latencies.empty()) return 0us;
    // The nearest rank.
    const auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(latencies.size())));
    return latencies[std::clamp<std::size_t>(rank, 1, latencies.size()) - 1];
}

pass_result run_pass(const pass_options& options, const std::function<bool(const pass_result&)>& go_on) {
    return pass(options, go_on).run();
}

}  // namespace hearth::cli
