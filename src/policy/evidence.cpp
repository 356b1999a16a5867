#include "policy/evidence.hpp"

#include <algorithm>

namespace hearth::policy {
namespace {

using std::chrono::nanoseconds;
using namespace std::chrono_literals;

bool is_covered(const byte_facts& f) noexcept { return f.books && f.books->acked >= f.base; }
bool is_unacknowledged(const byte_facts& f) noexcept { return is_covered(f) && f.books->acked == f.base; }

// The least round trip seen may be more than the least there is, by what the samples were delayed in queues and by timers.
// A reset is called too early for the request only when it is so by more than that. What the SYN took, the only sample that
// no delayed acknowledgement spoils, is not among the samples when it was sent again.
bool is_before_arrival(const byte_facts& f) noexcept {
    if (f.books->resent > 0) return false;
    const nanoseconds least = f.books->rtt_min;
    const nanoseconds doubt = std::max<nanoseconds>(200us, least / 32);
    return f.since_write < least - doubt;
}

// A request that was written before the end was seen and arrives at a closed socket draws an RST. Does the one that has come
// stem from that, or from what the server sent when it had executed the request and aborted? That abort would have been
// lost to the guard, and counted. Counted too are resets that TCP ignores because data, a close_notify say, came in between:
// at most one for each segment that is neither data, nor the end, nor the reset that was taken.
bool may_be_an_abort(const guard_facts& g) noexcept {
    const std::uint32_t known = g.data_segments + (g.before_write ? 2 : 1);
    const std::uint32_t ignored_max = g.segments > known ? g.segments - known : 0;
    return g.dropped > ignored_max;
}

// No end has come, so nothing but the request itself was sent to a peer that has the connection no more.
bool met_no_socket(const guard_facts& g) noexcept { return g.before_write && g.one_segment && !g.resent; }

}  // namespace

evidence weigh(const byte_facts& f) noexcept {
    if (!f.sent) return evidence::not_sent;
    if (!is_covered(f)) return evidence::none;
    if (!is_unacknowledged(f)) return f.ended_before_ack ? evidence::half_closed : evidence::acknowledged;
    switch (f.how) {
        case ending::end:
            if (!f.books->is_reset) return evidence::unacknowledged;
            return f.guard && may_be_an_abort(*f.guard) ? evidence::unacknowledged : evidence::closed_before;
        case ending::reset:
            if (f.guard && met_no_socket(*f.guard)) return evidence::closed_before;
            return is_before_arrival(f) ? evidence::reset_in_flight : evidence::unacknowledged;
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
