// Rows of the replay table, from what the kernel tells.
#include "policy/evidence.hpp"

#include <gtest/gtest.h>

#include <string_view>

namespace hearth::policy {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t base = 1'001;
constexpr std::uint64_t answered = base + 120;

// A connection on a path of 20 ms on which `acked` bytes were acknowledged.
tcp_books books(std::uint64_t acked, bool is_reset = false) {
    return {.acked = acked, .is_reset = is_reset, .rtt = 21ms, .rtt_min = 20ms, .last_sent_ago = 5ms};
}
byte_facts facts(ending how, tcp_books b, std::chrono::nanoseconds since_write = 30ms) {
    return {.how = how, .sent = true, .base = base, .books = b, .since_write = since_write};
}

struct row {
    std::string_view name;
    byte_facts facts;
    evidence expected;
    bool awaits = false;
};

TEST(evidence, is_what_the_books_say) {
    const byte_facts unsent{.how = ending::reset, .sent = false, .base = base, .books = books(base, true)};
    byte_facts half_closed = facts(ending::end, books(answered));
    half_closed.ended_before_ack = true;
    byte_facts half_closed_and_reset = facts(ending::end, books(answered, true));
    half_closed_and_reset.ended_before_ack = true;
    tcp_books resent = books(base);
    resent.retransmits = 2;
    tcp_books lossy = books(base, true);
    lossy.resent = 1;
    const row rows[] = {
        {"nothing was sent", unsent, evidence::not_sent},
        {"FIN, then RST", facts(ending::end, books(base, true)), evidence::closed_before},
        {"FIN, no RST yet", facts(ending::end, books(base)), evidence::unacknowledged, true},
        {"FIN, then acknowledged", half_closed, evidence::half_closed},
        {"FIN, acknowledged, then RST", half_closed_and_reset, evidence::half_closed},
        {"acknowledged, then FIN", facts(ending::end, books(answered)), evidence::acknowledged},
        {"acknowledged, then RST", facts(ending::reset, books(answered, true)), evidence::acknowledged},
        {"one byte acknowledged", facts(ending::reset, books(base + 1, true), 1ms), evidence::acknowledged},
        {"RST at once", facts(ending::reset, books(base, true), 1ms), evidence::reset_in_flight},
        {"RST at once, the SYN was lost", facts(ending::reset, lossy, 1ms), evidence::unacknowledged},
        {"RST just before a round trip", facts(ending::reset, books(base, true), 19ms), evidence::reset_in_flight},
        {"RST about a round trip later", facts(ending::reset, books(base, true), 19'700us), evidence::unacknowledged},
        {"RST late", facts(ending::reset, books(base, true), 40ms), evidence::unacknowledged},
        {"the kernel gave up", facts(ending::expired, books(base, true)), evidence::silent},
        {"our timeout, sent again", facts(ending::ours, resent), evidence::silent},
        {"our timeout", facts(ending::ours, books(base)), evidence::unacknowledged},
        {"our timeout, acknowledged", facts(ending::ours, books(answered)), evidence::acknowledged},
    };
    for (const row& r : rows) {
        SCOPED_TRACE(r.name);
        EXPECT_EQ(weigh(r.facts), r.expected) << to_string(weigh(r.facts));
        EXPECT_EQ(awaits_reset(r.facts), r.awaits);
    }
}

TEST(evidence, is_none_where_the_kernel_keeps_no_books) {
    for (const ending how : {ending::end, ending::reset, ending::expired, ending::ours}) {
        byte_facts f = facts(how, books(base, true), 1ms);
        f.books.reset();
        EXPECT_EQ(weigh(f), evidence::none);
        EXPECT_FALSE(awaits_reset(f));
        EXPECT_FALSE(is_silent(f));
        f.books = books(0, true);  // fields that are not filled
        EXPECT_EQ(weigh(f), evidence::none);
        f.books = books(base - 1, true);
        EXPECT_EQ(weigh(f), evidence::none);
        EXPECT_FALSE(awaits_reset(f));
    }
}

// What a guard counts: segments that came, those with data, those that were lost or ignored.
TEST(evidence, of_a_guarded_reset) {
    struct guarded {
        std::string_view name;
        ending how;
        guard_facts guard;
        evidence expected;
    };
    const auto before = [](guard_facts g) {
        g.before_write = g.one_segment = true;
        return g;
    };
    const guard_facts resent{.resent = true};
    const guard_facts long_request{.before_write = true};
    const guarded rows[] = {
        {"a bare RST", ending::reset, before({.segments = 1}), evidence::closed_before},
        {"an abort that was lost, then a bare RST", ending::reset, before({.segments = 1, .dropped = 1}),
         evidence::closed_before},
        {"drawn by a retransmission", ending::reset, before(resent), evidence::unacknowledged},
        {"by the second segment, perhaps", ending::reset, long_request, evidence::unacknowledged},
        {"set up too late", ending::reset, {.one_segment = true, .segments = 1}, evidence::unacknowledged},
        {"FIN, RST", ending::end, before({.segments = 2}), evidence::closed_before},
        {"FIN, RST, seen from the FIN on", ending::end, {.segments = 1}, evidence::closed_before},
        {"FIN, a lost abort, RST", ending::end, before({.segments = 2, .dropped = 1}), evidence::unacknowledged},
        {"the same, seen from the FIN on", ending::end, {.segments = 1, .dropped = 1}, evidence::unacknowledged},
        {"close_notify, FIN, an ignored RST, RST", ending::end, before({.segments = 4, .data_segments = 1, .dropped = 1}),
         evidence::closed_before},
        {"close_notify, FIN, a lost abort, RST", ending::end, before({.segments = 3, .data_segments = 1, .dropped = 1}),
         evidence::unacknowledged},
        {"seen from close_notify on: an ignored RST, RST",
         ending::end,
         {.segments = 2, .dropped = 1},
         evidence::closed_before},
    };
    for (const guarded& r : rows) {
        SCOPED_TRACE(r.name);
        byte_facts f = facts(r.how, books(base, true));
        f.guard = r.guard;
        EXPECT_EQ(weigh(f), r.expected) << to_string(weigh(f));
    }
}

// On loopback a server can execute and abort within what clocks and queues blur.
TEST(evidence, of_a_reset_in_flight_needs_a_path_worth_the_name) {
    for (const auto least : {0us, 20us, 150us, 200us}) {
        tcp_books b = books(base, true);
        b.rtt_min = least;
        EXPECT_EQ(weigh(facts(ending::reset, b, 0ns)), evidence::unacknowledged) << least.count();
    }
    tcp_books b = books(base, true);
    b.rtt_min = 1ms;
    EXPECT_EQ(weigh(facts(ending::reset, b, 700us)), evidence::reset_in_flight);
    EXPECT_EQ(weigh(facts(ending::reset, b, 850us)), evidence::unacknowledged);
}

TEST(evidence, of_silence_waits_for_the_answer_to_a_retransmission) {
    byte_facts f = facts(ending::ours, books(base), 500ms);
    EXPECT_FALSE(is_silent(f)) << "nothing was sent again";
    f.books->retransmits = 1;
    f.books->last_sent_ago = 10ms;
    EXPECT_FALSE(is_silent(f)) << "its acknowledgement may be under way";
    f.books->last_sent_ago = 40ms;
    EXPECT_TRUE(is_silent(f));
    f.books->acked = base + 1;
    EXPECT_FALSE(is_silent(f));
    f.books->acked = base;
    f.sent = false;
    EXPECT_FALSE(is_silent(f));
}

}  // namespace
}  // namespace hearth::policy
