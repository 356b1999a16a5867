// Records in slots, and lists linked by slot number. Nothing allocates once it has grown, and everything is O(1).
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace hearth::pool {

using slot = std::uint32_t;
inline constexpr slot nil = ~slot{0};

/// Ids are a serial number above a slot number: 2^24 records at a time, 2^40 over a machine's life, which is 3,000 new
/// connections a second for eleven years.
inline constexpr unsigned slot_bits = 24;
template <class Id>
[[nodiscard]] constexpr slot slot_of(Id id) noexcept {
    return static_cast<slot>(static_cast<std::uint64_t>(id) & ((1U << slot_bits) - 1));
}

/// Where a record stands in a list.
struct links {
    slot prev = nil;
    slot next = nil;
};

/// Records of type T by slot. `T::id` says whose the slot is; a free slot's id is Id::none.
/// References last until the next add() or remove().
template <class T>
class slots {
    using id_type = decltype(T::id);
    static constexpr std::size_t worth_freeing = 1024;

public:
    [[nodiscard]] slot add() {
        ++size_;
        if (free_.empty()) {
            items_.emplace_back();
            return static_cast<slot>(items_.size() - 1);
        }
        const slot s = free_.back();
        free_.pop_back();
        return s;
    }

    void remove(slot s) {
        items_[s] = T{};
        if (--size_ == 0 && items_.size() > worth_freeing) {
            std::vector<T>{}.swap(items_);
            std::vector<slot>{}.swap(free_);
        } else {
            free_.push_back(s);
        }
    }

    /// A new id for the record in `s`; none is ever made twice.
    [[nodiscard]] id_type make_id(slot s) { return static_cast<id_type>(++serial_ << slot_bits | s); }

    /// The slot of the record that make_id() gave `id`; nil when it was removed.
    [[nodiscard]] slot find(id_type id) const {
        const slot s = slot_of(id);
        return s < items_.size() && items_[s].id == id && id != id_type::none ? s : nil;
    }

    [[nodiscard]] T& operator[](slot s) { return items_[s]; }
    [[nodiscard]] const T& operator[](slot s) const { return items_[s]; }
    [[nodiscard]] std::size_t size() const { return size_; }
    /// Slots run from 0 to here; those whose id is none are free.
    [[nodiscard]] slot end() const { return static_cast<slot>(items_.size()); }
    [[nodiscard]] bool used(slot s) const { return items_[s].id != id_type::none; }

private:
    std::vector<T> items_;
    std::vector<slot> free_;
    std::size_t size_ = 0;
    std::uint64_t serial_ = 0;
};

/// A list of records through their member `Links`. The records live in a slots<T>, given with each call.
template <class T, links T::*Links>
class list {
public:
    [[nodiscard]] slot head() const { return head_; }
    [[nodiscard]] slot tail() const { return tail_; }
    [[nodiscard]] std::uint32_t size() const { return size_; }
    [[nodiscard]] bool empty() const { return size_ == 0; }

    void push_back(slots<T>& in, slot s) {
        in[s].*Links = {tail_, nil};
        (tail_ == nil ? head_ : (in[tail_].*Links).next) = s;
        tail_ = s;
        ++size_;
    }
    void push_front(slots<T>& in, slot s) {
        in[s].*Links = {nil, head_};
        (head_ == nil ? tail_ : (in[head_].*Links).prev) = s;
        head_ = s;
        ++size_;
    }
    /// REQUIRES: `s` is in this list.
    void erase(slots<T>& in, slot s) {
        const links at = in[s].*Links;
        (at.prev == nil ? head_ : (in[at.prev].*Links).next) = at.next;
        (at.next == nil ? tail_ : (in[at.next].*Links).prev) = at.prev;
        --size_;
    }

private:
    slot head_ = nil;
    slot tail_ = nil;
    std::uint32_t size_ = 0;
};

}  // namespace hearth::pool
