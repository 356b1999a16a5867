// The containers that the pool is made of, each against the standard library's.
#include "pool/heap.hpp"
#include "pool/id_table.hpp"
#include "pool/slots.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <list>
#include <map>
#include <random>
#include <set>
#include <vector>

namespace hearth::pool {
namespace {

enum class thing_id : std::uint64_t { none = 0 };
struct thing {
    thing_id id = thing_id::none;
    links in_list{};
    slot place = nil;
};
using things = slots<thing>;

slot make(things& all) {
    const slot s = all.add();
    all[s].id = all.make_id(s);
    return s;
}

TEST(pool_slots, ids_find_their_record_until_it_is_removed) {
    things all;
    const slot a = make(all);
    const thing_id first = all[a].id;
    EXPECT_EQ(all.find(first), a);
    all.remove(a);
    EXPECT_EQ(all.find(first), nil);
    EXPECT_EQ(make(all), a) << "the slot is used again";
    EXPECT_EQ(all.find(first), nil) << "the id is not";
    EXPECT_EQ(all.find(thing_id::none), nil);
    EXPECT_EQ(all.size(), 1U);
}

TEST(pool_slots, ids_stay_new_when_the_memory_was_given_back) {
    things all;
    std::set<thing_id> seen;
    for (int round = 0; round < 3; ++round) {
        for (int i = 0; i < 3000; ++i) EXPECT_TRUE(seen.insert(all[make(all)].id).second);
        for (slot s = all.end(); s-- > 0;) all.remove(s);
        EXPECT_EQ(all.size(), 0U);
        EXPECT_EQ(all.end(), 0U);
    }
}

TEST(pool_list, behaves_as_a_list) {
    things all;
    list<thing, &thing::in_list> mine;
    std::list<slot> model;
    std::mt19937 random(1);
    for (int i = 0; i < 20'000; ++i) {
        if (model.empty() || random() % 2 != 0) {
            const slot s = make(all);
            if (random() % 2 != 0) {
                mine.push_back(all, s), model.push_back(s);
            } else {
                mine.push_front(all, s), model.push_front(s);
            }
        } else {
            const auto victim =
                std::next(model.begin(), static_cast<long>(random() % std::min<std::size_t>(model.size(), 5)));
            mine.erase(all, *victim);
            all.remove(*victim);
            model.erase(victim);
        }
        ASSERT_EQ(mine.size(), model.size());
        ASSERT_EQ(mine.head(), model.empty() ? nil : model.front());
        ASSERT_EQ(mine.tail(), model.empty() ? nil : model.back());
    }
    slot at = mine.head();
    for (const slot expected : model) {
        ASSERT_EQ(at, expected);
        at = all[at].in_list.next;
    }
    EXPECT_EQ(at, nil);
}

TEST(pool_heap, behaves_as_a_sorted_set) {
    things all;
    heap<thing, &thing::place, int> mine;
    std::map<slot, int> keys;
    std::set<std::pair<int, slot>> sorted;
    std::mt19937 random(2);
    for (int i = 0; i < 50'000; ++i) {
        const slot s = keys.size() < 200 || random() % 3 == 0
                           ? make(all)
                           : std::next(keys.begin(), static_cast<long>(random() % 100))->first;
        if (keys.size() > 250 || random() % 4 == 0) {
            mine.erase(all, s);
            if (const auto known = keys.find(s); known != keys.end()) {
                sorted.erase({known->second, s});
                keys.erase(known);
            }
            ASSERT_EQ(all[s].place, nil);
            all.remove(s);
        } else {
            const int key = static_cast<int>(random() % 1000);
            mine.set(all, s, key);
            if (const auto known = keys.find(s); known != keys.end()) sorted.erase({known->second, s});
            keys[s] = key;
            sorted.insert({key, s});
        }
        ASSERT_EQ(mine.size(), sorted.size());
        if (sorted.empty()) continue;
        ASSERT_EQ(mine.top().key, sorted.begin()->first);
        ASSERT_EQ(mine.at(all[mine.top().item].place).item, mine.top().item);
    }
}

TEST(pool_id_table, behaves_as_a_map) {
    id_table mine;
    std::map<std::uint64_t, slot> model;
    std::mt19937 random(3);
    for (int i = 0; i < 100'000; ++i) {
        // Few ids, far apart and close together, so that they collide and are erased in all orders.
        const std::uint64_t id = 1 + random() % 500 * (random() % 2 != 0 ? 1 : 1ULL << 40);
        if (model.contains(id)) {
            mine.erase(request_id{id});
            model.erase(id);
        } else {
            mine.insert(request_id{id}, static_cast<slot>(i));
            model[id] = static_cast<slot>(i);
        }
        ASSERT_EQ(mine.size(), model.size());
        const std::uint64_t other = 1 + random() % 500;
        const auto known = model.find(other);
        ASSERT_EQ(mine.find(request_id{other}), known == model.end() ? nil : known->second);
    }
    for (const auto& [id, where] : model) EXPECT_EQ(mine.find(request_id{id}), where);
}

}  // namespace
}  // namespace hearth::pool
