// Objects side by side.
#include "net/slab.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

namespace hearth::net {
namespace {

struct object : slab_allocated<object> {
    explicit object(int v) : value(v) {}
    int value;
    std::array<char, 300> more{};
};

std::vector<std::unique_ptr<object>> make(int count) {
    std::vector<std::unique_ptr<object>> all;
    for (int i = 0; i < count; ++i) all.push_back(std::make_unique<object>(i));
    return all;
}

TEST(slab, objects_keep_what_they_hold) {
    auto all = make(1'000);
    for (std::size_t i = 0; i < all.size(); i += 2) all[i].reset();
    auto others = make(700);
    for (std::size_t i = 1; i < all.size(); i += 2) EXPECT_EQ(all[i]->value, static_cast<int>(i));
    for (std::size_t i = 0; i < others.size(); ++i) EXPECT_EQ(others[i]->value, static_cast<int>(i));
    std::vector<std::uintptr_t> places;
    for (const auto* some : {&all, &others}) {
        for (const auto& one : *some) {
            if (one) places.push_back(reinterpret_cast<std::uintptr_t>(one.get()));
        }
    }
    std::ranges::sort(places);
    for (std::size_t i = 1; i < places.size(); ++i) EXPECT_GE(places[i] - places[i - 1], sizeof(object));
}

TEST(slab, objects_lie_side_by_side_whatever_is_allocated_between) {
    if (object::separate) GTEST_SKIP() << "under sanitizers each object has memory of its own";
    std::vector<std::unique_ptr<object>> all;
    std::vector<std::unique_ptr<char[]>> between;
    for (int i = 0; i < 200; ++i) {
        all.push_back(std::make_unique<object>(i));
        between.push_back(std::make_unique<char[]>(3'000));
    }
    std::size_t apart = 0;
    for (std::size_t i = 1; i < all.size(); ++i) {
        const auto a = reinterpret_cast<std::uintptr_t>(all[i - 1].get());
        const auto b = reinterpret_cast<std::uintptr_t>(all[i].get());
        if (std::max(a, b) - std::min(a, b) != sizeof(object)) ++apart;
    }
    EXPECT_LE(apart, 200 * sizeof(object) / (15 * 1024) + 1);  // once a chunk
}

TEST(slab, an_object_may_end_on_another_thread) {
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([] {
            for (int round = 0; round < 20; ++round) {
                auto mine = make(200);
                std::thread([given = std::move(mine)]() mutable { given.clear(); }).join();
            }
        });
    }
    for (std::thread& t : threads) t.join();
}

}  // namespace
}  // namespace hearth::net
