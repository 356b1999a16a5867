// Calls and connections by the ids that the pool knows them by: an index and a comparison each.
#pragma once

#include "agent/call.hpp"
#include "agent/connection.hpp"
#include "pool/slots.hpp"
#include "pool/types.hpp"

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace hearth::detail {

/// The calls that are under way. Gives them their ids.
class call_table {
public:
    /// A new id: none is ever given twice.
    pool::request_id add(std::shared_ptr<call> who) {
        const pool::slot at = entries_.add();
        entries_[at].who = std::move(who);
        return entries_[at].id = entries_.make_id(at);
    }
    [[nodiscard]] call* find(pool::request_id id) const {
        const pool::slot at = entries_.find(id);
        return at == pool::nil ? nullptr : entries_[at].who.get();
    }
    /// Null when there is no such call.
    [[nodiscard]] std::shared_ptr<call> take(pool::request_id id) {
        const pool::slot at = entries_.find(id);
        if (at == pool::nil) return nullptr;
        auto who = std::move(entries_[at].who);
        entries_.remove(at);
        return who;
    }
    /// Those of which `is_meant(call&)` says so. They may be taken out while one goes through them.
    template <class Predicate>
    [[nodiscard]] std::vector<std::shared_ptr<call>> those(Predicate is_meant) const {
        std::vector<std::shared_ptr<call>> some;
        for (pool::slot at = 0; at < entries_.end(); ++at) {
            if (entries_.used(at) && is_meant(*entries_[at].who)) some.push_back(entries_[at].who);
        }
        return some;
    }
    [[nodiscard]] bool empty() const { return entries_.size() == 0; }

private:
    struct entry {
        pool::request_id id = pool::request_id::none;
        std::shared_ptr<call> who;
    };
    pool::slots<entry> entries_;
};

/// Connections, from the pool's word to open one until its word to close it.
class connection_table {
public:
    connection& add(std::unique_ptr<connection> made) {
        const pool::slot at = pool::slot_of(made->id());
        if (at >= entries_.size()) entries_.resize(at + 1);
        entries_[at] = std::move(made);
        return *entries_[at];
    }
    [[nodiscard]] connection* find(pool::conn_id id) const {
        const pool::slot at = pool::slot_of(id);
        if (at >= entries_.size() || !entries_[at] || entries_[at]->id() != id) return nullptr;
        return entries_[at].get();
    }
    /// Null when there is no such connection.
    [[nodiscard]] std::unique_ptr<connection> take(pool::conn_id id) {
        return find(id) == nullptr ? nullptr : std::move(entries_[pool::slot_of(id)]);
    }
    template <class F>
    void for_each(F f) {
        for (const auto& c : entries_) {
            if (c) f(*c);
        }
    }
    void clear() { entries_.clear(); }

private:
    std::vector<std::unique_ptr<connection>> entries_;  // by slot
};

}  // namespace hearth::detail
