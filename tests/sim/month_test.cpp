// A month of traffic in virtual time: how many requests meet a connection whose close is on its way, before a server's idle
// timeout has been learnt, after, and without learning.
#include "policy/learn.hpp"
#include "pool/pool.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace hearth {
namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;

constexpr nanoseconds one_way = 10ms;
constexpr nanoseconds month = 24h * 30;

/// One server's month: who closes when, and how the client fares.
class server_month {
public:
    struct counts {
        std::uint64_t requests = 0, opened = 0, raced = 0, raced_first_day = 0;
    };

    server_month(nanoseconds timeout, bool learns, std::uint64_t seed)
        : timeout_(timeout), learns_(learns), random_(seed), pool_(options(), seed), origin_(pool_.add_origin()) {}

    /// From then on the server keeps idle connections for so long.
    void reconfigure(nanoseconds at, nanoseconds timeout) { changes_.emplace_back(at, timeout); }

    counts run() {
        nanoseconds next_restart = 24h;
        for (now_ = 1h; now_ < month; now_ += gap()) {
            for (const auto& [at, timeout] : changes_) {
                if (now_ >= at) timeout_ = timeout;
            }
            live_until(now_);
            if (now_ > next_restart) {
                next_restart += 24h;
                restart();
            }
            send(1 + random_() % 3);
        }
        return counts_;
    }
    [[nodiscard]] std::optional<policy::idle_lesson::knowledge> known() const { return lesson_.known(now_); }

private:
    struct idler {
        nanoseconds since{0};
        nanoseconds closes_at{0};  // the server's end; the client hears of it one_way later
    };

    static agent_options options() {
        agent_options o;
        o.keep_alive_timeout = 120s;  // a client that nobody has configured for its server
        return o;
    }
    [[nodiscard]] pool::instant at(nanoseconds t) const { return {.mono = t, .boot = t}; }

    // Mostly short pauses, and some of minutes.
    nanoseconds gap() {
        const double u = std::uniform_real_distribution<>(std::log(0.1), std::log(300))(random_);
        return std::chrono::duration_cast<nanoseconds>(std::chrono::duration<double>(std::exp(u)));
    }

    void live_until(nanoseconds until) {
        for (;;) {
            const auto first = std::ranges::min_element(idle_, {}, [](const auto& e) { return e.second.closes_at; });
            const nanoseconds heard = first == idle_.end() ? until : first->second.closes_at + one_way;
            const nanoseconds due = pool_.next_deadline(at(clock_));
            const nanoseconds next = std::min({heard, due, until});
            clock_ = std::max(clock_, next);
            if (next == until) return;
            if (next == due) {
                pool_.tick(at(clock_));
            } else {
                closed(first->first, first->second);
            }
            obey();
        }
    }

    void closed(pool::conn_id id, const idler& i) {
        if (learns_) lesson_.closed(clock_ - i.since, clock_);
        pool_.peer_closed(id, close_reason::server_closed, at(clock_));
    }

    void restart() {
        for (auto& [id, i] : idle_) i.closes_at = std::min(i.closes_at, now_ - one_way);
        live_until(now_ + 1ms);
    }

    // So many requests at once, each answered at once.
    void send(std::uint64_t n) {
        clock_ = now_;
        if (learns_) pool_.learnt(origin_, lesson_.limit(2 * one_way, clock_), lesson_.canary_age(clock_), at(clock_));
        std::vector<pool::conn_id> busy;
        for (std::uint64_t i = 0; i < n; ++i) {
            ++counts_.requests;
            pool_.acquire(pool::request_id{++last_}, origin_, {}, at(clock_));
            for (pool::conn_id c = obey(); c != pool::conn_id::none; c = obey()) busy.push_back(c);
        }
        for (const pool::conn_id c : busy) release(c);
    }

    void release(pool::conn_id c) {
        const nanoseconds limit = learns_ ? lesson_.limit(2 * one_way, clock_) : pool::never;
        const auto jitter = nanoseconds(static_cast<std::int64_t>(random_() % 200'000'000));
        idle_[c] = {.since = clock_, .closes_at = clock_ + timeout_ + jitter};
        pool_.released(c, {.keep = true, .idle_limit = limit, .idle_reason = close_reason::learnt}, at(clock_));
        obey();
    }

    // Carries out the pool's actions; gives the connection that was granted, if one was.
    pool::conn_id obey() {
        pool::conn_id granted = pool::conn_id::none;
        while (pool_.has_actions()) {
            std::vector<pool::action> actions;
            pool_.take_actions(actions);
            for (const pool::action& a : actions) {
                if (a.kind == pool::action::kind::open) {
                    ++counts_.opened;
                    pool_.opened(a.conn, at(clock_));
                } else if (a.kind == pool::action::kind::close) {
                    if (learns_ && a.reason == close_reason::learnt) lesson_.outlived(a.idle_age, clock_);
                    idle_.erase(a.conn);
                } else if (a.kind == pool::action::kind::grant) {
                    granted = a.conn;
                    if (a.reused) meet(a);
                }
            }
        }
        return granted;
    }

    // The request arrives one_way from now: has the server closed by then?
    void meet(const pool::action& a) {
        const auto found = idle_.find(a.conn);
        if (found == idle_.end()) return;
        const bool raced = found->second.closes_at <= clock_ + one_way;
        idle_.erase(found);
        if (!raced) return;
        ++counts_.raced;
        if (clock_ < 25h) ++counts_.raced_first_day;
        if (learns_) lesson_.raced(a.idle_age, clock_);
    }

    nanoseconds timeout_;
    bool learns_;
    std::mt19937_64 random_;
    pool::machine pool_;
    pool::origin_id origin_;
    policy::idle_lesson lesson_;
    std::vector<std::pair<nanoseconds, nanoseconds>> changes_;
    std::map<pool::conn_id, idler> idle_;
    nanoseconds now_{0};
    nanoseconds clock_{0};
    std::uint64_t last_ = 0;
    counts counts_;
};

void print(const char* what, const server_month::counts& c) {
    std::printf("%-34s %9llu %9llu %7llu %9llu\n", what, static_cast<unsigned long long>(c.requests),
                static_cast<unsigned long long>(c.opened), static_cast<unsigned long long>(c.raced),
                static_cast<unsigned long long>(c.raced_first_day));
}

TEST(month, what_learning_spares) {
    std::printf("%-34s %9s %9s %7s %9s\n", "a month of a server that closes", "requests", "opened", "raced", "first day");
    for (const auto timeout : {5s, 60s, 65s}) {
        const auto without = server_month(timeout, false, 1).run();
        server_month learning(timeout, true, 1);
        const auto with = learning.run();
        const std::string name = "after " + std::to_string(timeout.count()) + " s";
        print((name + ", learning off").c_str(), without);
        print((name + ", learning on").c_str(), with);
        ASSERT_TRUE(learning.known());
        EXPECT_GE(learning.known()->timeout, timeout);
        EXPECT_LT(learning.known()->timeout, timeout + 500ms);
        EXPECT_GE(without.raced, 5U) << "there is something to spare";
        EXPECT_LE(with.raced - with.raced_first_day, (without.raced - without.raced_first_day) / 10);
        EXPECT_LT(with.opened, without.opened + without.opened / 5) << "and it does not cost many more connections";
    }
}

TEST(month, a_server_that_becomes_more_patient_is_believed_again) {
    server_month m(5s, true, 2);
    m.reconfigure(24h * 10, 60s);
    const auto counts = m.run();
    print("after 5 s, then 60 s", counts);
    ASSERT_TRUE(m.known());
    EXPECT_GE(m.known()->timeout, 60s);
}

TEST(month, a_server_that_becomes_less_patient_is_noticed) {
    server_month m(60s, true, 3);
    m.reconfigure(24h * 10, 5s);
    const auto counts = m.run();
    print("after 60 s, then 5 s", counts);
    ASSERT_TRUE(m.known());
    EXPECT_LT(m.known()->timeout, 6s);
}

}  // namespace
}  // namespace hearth
