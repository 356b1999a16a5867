#include "policy/evidence.hpp"

#include <algorithm>

namespace hearth::policy {
namespace {

using std::chrono::nanoseconds;
using namespace std::chrono_literals;

bool is_covered(const byte_facts& f) noexcept { return f.books && f.books->acked >= f.base; }
bool is_unacknowledged(const byte_facts& f) noexcept { return is_covered(f) && f.books->acked == f.base; }

// The least round trip seen may be more than the least there is, by what the samples were delayed in queues and by timers.
// A reset is called too early for the request only when it is so by more than that.
bool is_before_arrival(const byte_facts& f) noexcept {
    const nanoseconds least = f.books->rtt_min;
    const nanoseconds doubt = std::max<nanoseconds>(200us, least / 32);
    return f.since_write < least - doubt;
}

}  // namespace

evidence weigh(const byte_facts& f) noexcept {
    if (!f.sent) return evidence::not_sent;
    if (!is_covered(f)) return evidence::none;
    if (!is_unacknowledged(f)) return f.ended_before_ack ? evidence::half_closed : evidence::acknowledged;
    switch (f.how) {
        case ending::end: return f.books->is_reset ? evidence::closed_before : evidence::unacknowledged;
        case ending::reset: return is_before_arrival(f) ? evidence::reset_in_flight : evidence::unacknowledged;
        case ending::expired: return evidence::silent;
        case ending::ours: return f.books->retransmits > 0 ? evidence::silent : evidence::unacknowledged;
    }
    return evidence::none;
}

bool awaits_reset(const byte_facts& f) noexcept {
    return f.how == ending::end && f.sent && is_unacknowledged(f) && !f.books->is_reset;
}

bool is_silent(const byte_facts& f) noexcept {
    if (!f.sent || !is_unacknowledged(f) || f.books->retransmits == 0) return false;
    // tcpi_last_data_sent has a resolution of milliseconds.
    return f.books->last_sent_ago > f.books->rtt + f.books->rtt / 4 + 2ms;
}

}  // namespace hearth::policy
