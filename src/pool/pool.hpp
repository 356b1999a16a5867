// The pool: who gets which connection, when connections are opened and closed, and who waits.
// A pure machine: no sockets, no clock, no threads. Each call is an event; what must be done comes out as actions.
#pragma once

#include "pool/heap.hpp"
#include "pool/id_table.hpp"
#include "pool/records.hpp"
#include "pool/slots.hpp"
#include "pool/types.hpp"
#include "pool/view.hpp"
#include "pool/waiting_line.hpp"

#include <cstdint>
#include <string_view>
#include <vector>

namespace hearth::pool {

/// How it decides. A request takes an idle connection if one suits it; else it waits in its origin's line. The free slots
/// go, one by one, to the oldest waiter of all origins that no dial works for yet and whose origin is below max_sockets and
/// max_connecting; idle connections give way to it, for they suit nobody who waits. A connection that is opened or released
/// goes to the oldest waiter of its origin whom it suits, else it goes idle.
///
/// Every event costs O(1), or O(log n) where a deadline or the order of waiters over several origins is concerned, plus as
/// much for each action that it causes. Nothing allocates once it has grown to its peak.
///
/// Calls about connections and requests that the pool has forgotten are ignored: they crossed with an action.
class machine {
public:
    /// REQUIRES: validated options. `seed` feeds the jitter of max_connection_age.
    machine(const agent_options& options, std::uint64_t seed);

    // Events. `now` never goes back.
    /// Makes an origin known. Its entry lives until forget_unused() finds it unused; it counts as used at the latest event.
    [[nodiscard]] origin_id add_origin();
    /// A request wants a connection. The caller makes the ids; each is new. Fails with too_many_pending if no connection can
    /// be granted, no dial is or can be under way for it, and max_pending requests are in that state already; so max_pending
    /// = 0 still lets max_sockets requests dial, max_connecting of an origin at a time. REQUIRES: `origin` is known.
    void acquire(request_id request, origin_id origin, const needs& what, instant now);
    /// A request that waits does so no more. For one that was granted a connection, call released() instead. Unknown:
    /// nothing.
    void cancel(request_id request, instant now);
    void opened(conn_id conn, instant now);
    /// Fails the request that `conn` was dialled for, if that still waits. No close action follows.
    void open_failed(conn_id conn, errc error, error_code cause, instant now);
    /// The look before use found the granted connection stale: it is closed (stale_at_use) and the request goes to the head
    /// of all that wait, and tries again: the next idle connection that suits it, else a dial in the slot that this one
    /// frees.
    void refused(conn_id conn, request_id request, instant now);
    /// The exchange on `conn` ended.
    void released(conn_id conn, const verdict& v, instant now);
    /// The exchange on `conn` ended for a stale connection; its request goes out again on a fresh one, in the slot this one
    /// frees, ahead of all that wait: a dial is opened in this very call, unless one is under way that nobody waits for.
    void replay(conn_id conn, request_id request, const needs& what, close_reason reason, instant now);
    /// An idle connection was closed by its peer (or is of no more use for another reason). Ignored when it is not idle.
    void peer_closed(conn_id conn, close_reason reason, instant now);
    /// The idle connections of an origin retire after at most `limit` idle (close_reason::learnt). The next one that does,
    /// if `canary_age` is not never, is a canary: it stays, idle but never granted, the first to go where room is wanted,
    /// until its peer closes it or it has idled for `canary_age`. At most one an origin, and canaries_max in all.
    void learnt(origin_id origin, nanoseconds limit, nanoseconds canary_age, instant now);
    static constexpr std::size_t canaries_max = 64;
    /// Opens connections until `n` are free or connecting and unclaimed, within the limits. Says how many it opened.
    std::size_t warm(origin_id origin, std::size_t n, instant now);
    /// Dials for a request that may soon be replayed: what it opens goes idle if nobody waits for it by then. False, and no
    /// dial, when there is no slot for one, or it could not go idle.
    [[nodiscard]] bool dial_ahead(origin_id origin, instant now);
    /// Time passed: expires what is due.
    void tick(instant now);
    /// Closes every idle connection.
    void close_idle(instant now);
    /// Refuses new requests, fails those that wait for their first connection (errc::agent_closed), closes idle connections
    /// and the dials that nobody needs any more. Those in use close when released; their requests may still be refused or
    /// replayed and then get the dials they need, so that what was begun can end well.
    void shutdown(instant now);

    /// What must be done, oldest first.
    [[nodiscard]] bool has_actions() const noexcept { return !actions_.empty(); }
    /// Swaps them into `into`, which is cleared first; so two vectors that keep their memory take turns.
    void take_actions(std::vector<action>& into);

    /// When tick() should be called next, on the mono clock; never when nothing is due. May be early (a connection that was
    /// idle and is in use again still counts), never late; after tick(now) it lies after `now`.
    [[nodiscard]] nanoseconds next_deadline(instant now) const;

    struct gauges {
        std::size_t pending = 0, in_use = 0, free = 0, connecting = 0;
    };
    [[nodiscard]] gauges totals() const noexcept;
    [[nodiscard]] gauges of(origin_id id) const;
    /// Appends an origin's idle connections.
    void idle_of(origin_id id, std::vector<conn_id>& into) const;
    /// Appends what is known of connections: those in use, those being opened, then those that idle, an origin's warmest
    /// first; the rest is left out where there are more than `most` says. O(all connections).
    void view(const view_limits& most, instant now, std::vector<connection_view>& into) const;
    /// How many requests were acquired that passed idle connections by, since those had idled for longer than
    /// needs::max_idle_age.
    [[nodiscard]] std::uint64_t passed_by() const noexcept { return passed_by_; }
    /// Forgets origins with no connections and no requests, that were not used for `age`; appends their ids.
    void forget_unused(nanoseconds age, instant now, std::vector<origin_id>& forgotten);
    [[nodiscard]] bool is_shut() const noexcept { return shut_; }

    /// Aborts with a message when the pool contradicts itself. O(everything); for tests and fuzzers.
    void check_invariants() const;

private:
    struct limits {
        std::size_t sockets, connecting, free, total, pending, warm;
        bool keep_alive, lifo;
        nanoseconds idle, age;  // never for none
        std::uint64_t requests;
    };
    using expiries = heap<connection, &connection::expiry, nanoseconds>;
    using deadlines = heap<waiter, &waiter::deadline, nanoseconds>;
    using wanters = heap<origin, &origin::wanting, std::int64_t>;

    // Requests (pool.cpp).
    [[nodiscard]] slot must_find(origin_id id) const;
    [[nodiscard]] slot enter_line(request_id request, slot o, const needs& what, bool begun);
    void leave_line(slot w);
    void drop(slot w, errc error, error_code cause = {}, conn_id conn = conn_id::none);
    void grant(slot c, request_id request, const needs& what, nanoseconds idle_age);
    void fail(request_id request, slot o, errc error, error_code cause = {}, conn_id conn = conn_id::none);

    // Connections (connections.cpp).
    [[nodiscard]] slot take_idle(slot o, const needs& what);
    void dial(slot o, request_id request);
    void close(slot c, close_reason reason);
    [[nodiscard]] bool serve(slot c, slot w);
    void to_idle(slot c, nanoseconds limit, close_reason idle_reason);
    void unlink_idle(slot c);
    [[nodiscard]] bool expire_next();
    [[nodiscard]] bool become_canary(slot c);
    void expire_at(slot c, nanoseconds at);

    // Slots (connections.cpp).
    [[nodiscard]] bool may_begin_dial(const origin& o) const { return o.line.dials() < limits_.connecting; }
    void rank(slot o);
    void hand_out_slots();
    void keep_warm(slot o);
    std::size_t dial_spares(slot o, std::size_t n);
    [[nodiscard]] std::size_t total() const noexcept { return conns_.size(); }
    [[nodiscard]] nanoseconds draw_age();

    [[nodiscard]] connection_view view_of(const connection& conn, instant now) const;

    void check_connections() const;
    void check_waiters() const;
    void check_origin(slot at) const;

    limits limits_;
    bool shut_ = false;
    instant now_{};  // of the latest event
    std::uint64_t random_;

    slots<origin> origins_;
    slots<connection> conns_;
    slots<waiter> waiters_;
    id_table waiting_;                                 // request id -> waiter
    list<connection, &connection::in_coldness> idle_;  // of all origins, coldest first
    list<origin, &origin::in_unused> unused_;          // without connection or request, longest first
    wanters wanting_;                                  // origins that want a dial, by the place of who needs it
    expiries expiries_;  // on the boot clock. Lazy: a key may be earlier than the connection's expiry, and it may be active
    deadlines deadlines_;  // of waiters, on the mono clock
    std::int64_t last_place_ = 0;
    std::int64_t first_place_ = 0;
    std::size_t connecting_ = 0;
    std::size_t canaries_ = 0;
    std::size_t uncovered_ = 0;  // waiters without a dial
    std::uint64_t opened_ = 0;   // connections ever
    std::uint64_t closed_ = 0;   // of those
    std::uint64_t passed_by_ = 0;
    std::vector<action> actions_;
};

}  // namespace hearth::pool
