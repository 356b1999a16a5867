// Which slot a waiting request is in, by the id that its caller gave it.
#pragma once

#include "pool/slots.hpp"
#include "pool/types.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace hearth::pool {

/// A hash table with open addressing (linear probing, no tombstones), so that a queue that fills and drains allocates
/// nothing.
class id_table {
public:
    [[nodiscard]] slot find(request_id id) const {
        if (size_ == 0) return nil;
        for (std::size_t at = home(id);; at = next(at)) {
            if (cells_[at].id == id) return cells_[at].at;
            if (cells_[at].id == request_id::none) return nil;
        }
    }

    /// REQUIRES: `id` is not in.
    void insert(request_id id, slot where) {
        if (4 * (size_ + 1) > 3 * cells_.size()) resize(cells_.empty() ? 64 : 2 * cells_.size());
        place({id, where});
        ++size_;
    }

    /// REQUIRES: `id` is in.
    void erase(request_id id) {
        std::size_t hole = home(id);
        while (cells_[hole].id != id) hole = next(hole);
        // Close the gap: whoever was pushed past it by a collision moves back.
        for (std::size_t at = next(hole); cells_[at].id != request_id::none; at = next(at)) {
            const std::size_t wanted = home(cells_[at].id);
            if (((at - wanted) & mask()) >= ((at - hole) & mask())) {
                cells_[hole] = cells_[at];
                hole = at;
            }
        }
        cells_[hole] = {};
        if (--size_ == 0 && cells_.size() > worth_freeing) std::vector<cell>{}.swap(cells_);
    }

    [[nodiscard]] std::size_t size() const { return size_; }

private:
    struct cell {
        request_id id = request_id::none;
        slot at = nil;
    };
    static constexpr std::size_t worth_freeing = 4096;

    [[nodiscard]] std::size_t mask() const { return cells_.size() - 1; }
    [[nodiscard]] std::size_t next(std::size_t at) const { return (at + 1) & mask(); }
    [[nodiscard]] std::size_t home(request_id id) const {
        // Scattered, though callers count upwards: side by side they would make one long run, and each erase walk it.
        return static_cast<std::size_t>((static_cast<std::uint64_t>(id) * 0x9E3779B97F4A7C15ULL) >> 32) & mask();
    }
    void place(cell c) {
        std::size_t at = home(c.id);
        while (cells_[at].id != request_id::none) at = next(at);
        cells_[at] = c;
    }
    void resize(std::size_t n) {
        std::vector<cell> old(n);
        old.swap(cells_);
        for (const cell& c : old) {
            if (c.id != request_id::none) place(c);
        }
    }

    std::vector<cell> cells_;
    std::size_t size_ = 0;
};

}  // namespace hearth::pool
