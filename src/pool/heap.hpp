// A priority queue of records that know their place in it, so that any of them can be moved or taken out in O(log n).
#pragma once

#include "pool/slots.hpp"

#include <algorithm>
#include <cstddef>
#include <vector>

namespace hearth::pool {

/// Least key first. A record's member `Place` is nil while it is not in the heap. The records live in a slots<T>, given with
/// each call that changes the heap.
template <class T, slot T::*Place, class Key>
class heap {
    static constexpr std::size_t arity = 4;  // shallower than two, and four entries share a cache line
    static constexpr std::size_t worth_freeing = 1024;

public:
    struct entry {
        Key key;
        slot item;
    };

    [[nodiscard]] bool empty() const { return entries_.empty(); }
    [[nodiscard]] std::size_t size() const { return entries_.size(); }
    /// REQUIRES: not empty.
    [[nodiscard]] const entry& top() const { return entries_.front(); }
    [[nodiscard]] const entry& at(slot place) const { return entries_[place]; }

    /// Puts `item` in, or moves it to where `key` belongs.
    void set(slots<T>& in, slot item, Key key) {
        std::size_t at = in[item].*Place;
        if (at == nil) {
            at = entries_.size();
            entries_.push_back({key, item});
        }
        entries_[at].key = key;
        settle(in, at);
    }

    /// Takes `item` out, if it is in.
    void erase(slots<T>& in, slot item) {
        const std::size_t at = in[item].*Place;
        if (at == nil) return;
        in[item].*Place = nil;
        const entry last = entries_.back();
        entries_.pop_back();
        if (at < entries_.size()) {
            entries_[at] = last;
            settle(in, at);
        } else if (entries_.empty() && entries_.capacity() > worth_freeing) {
            std::vector<entry>{}.swap(entries_);
        }
    }

private:
    void put(slots<T>& in, std::size_t at, entry e) {
        entries_[at] = e;
        in[e.item].*Place = static_cast<slot>(at);
    }

    void settle(slots<T>& in, std::size_t at) {
        const entry e = entries_[at];
        while (at > 0) {
            const std::size_t parent = (at - 1) / arity;
            if (!(e.key < entries_[parent].key)) break;
            put(in, at, entries_[parent]);
            at = parent;
        }
        for (;;) {
            const std::size_t first = at * arity + 1;
            const std::size_t last = std::min(first + arity, entries_.size());
            if (first >= last) break;
            std::size_t least = first;
            for (std::size_t child = first + 1; child < last; ++child) {
                if (entries_[child].key < entries_[least].key) least = child;
            }
            if (!(entries_[least].key < e.key)) break;
            put(in, at, entries_[least]);
            at = least;
        }
        put(in, at, e);
    }

    std::vector<entry> entries_;
};

}  // namespace hearth::pool
