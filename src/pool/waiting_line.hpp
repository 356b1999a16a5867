// The requests of one origin that wait for a connection, and how many of them have a dial working for them.
#pragma once

#include "pool/slots.hpp"
#include "pool/types.hpp"

#include <cstdint>

namespace hearth::pool {

/// A request that waits.
struct waiter {
    request_id id = request_id::none;
    needs wants{};
    std::int64_t place = 0;  ///< in the order of all that wait, over all origins: lesser goes first
    slot origin = nil;
    bool begun = false;   ///< had a connection already and came back: refused or replayed
    links in_line{};      ///< all of the origin's waiters
    links in_takers{};    ///< those that also take a connection which was used before
    slot deadline = nil;  ///< its place among the pending deadlines
};

/// Waiters, oldest first. Whichever dial succeeds first serves the oldest (late binding), so n dials in progress cover the n
/// oldest waiters, whoever they were made for; first_uncovered() is the next that a dial is needed for.
class waiting_line {
public:
    using waiters = slots<waiter>;

    [[nodiscard]] std::uint32_t size() const { return all_.size(); }
    [[nodiscard]] bool empty() const { return all_.empty(); }
    [[nodiscard]] std::uint32_t dials() const { return dials_; }
    /// Waiters without a dial.
    [[nodiscard]] std::uint32_t uncovered() const { return size() > dials_ ? size() - dials_ : 0; }
    /// Dials without a waiter: what they open goes idle.
    [[nodiscard]] std::uint32_t spare_dials() const { return dials_ > size() ? dials_ - size() : 0; }
    [[nodiscard]] slot oldest() const { return all_.head(); }
    [[nodiscard]] slot oldest_taker() const { return takers_.head(); }
    [[nodiscard]] slot first_uncovered() const { return uncovered_; }

    /// REQUIRES: `w` has a place after (before) all others.
    void push_back(waiters& in, slot w);
    void push_front(waiters& in, slot w);
    void erase(waiters& in, slot w);
    void add_dial(const waiters& in);
    void remove_dial(const waiters& in);

private:
    friend class machine;  // for check_invariants

    list<waiter, &waiter::in_line> all_;
    list<waiter, &waiter::in_takers> takers_;
    slot uncovered_ = nil;  // the waiter number dials_, counted from 0; nil when there are no more than dials_
    std::uint32_t dials_ = 0;
};

}  // namespace hearth::pool
