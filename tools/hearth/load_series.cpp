#include "load_series.hpp"

#include <algorithm>
#include <bit>
#include <utility>

namespace hearth::cli {

void load_slot::merge_later(const load_slot& other) noexcept {
    latency.merge(other.latency);
    failed += other.failed;
    statuses += other.statuses;
    connections = std::max(connections, other.connections);
    in_flight = std::max(in_flight, other.in_flight);
    opened += other.opened;
    sent_again += other.sent_again;
}

load_series::load_series() { slots_.reserve(slots_max); }

load_slot& load_series::at(std::chrono::nanoseconds at) {
    const std::int64_t since = std::max<std::int64_t>(at.count(), 0);
    const auto index = [&] { return static_cast<std::size_t>(since / std::chrono::nanoseconds(width_).count()); };
    while (index() >= slots_max) halve();
    if (index() >= slots_.size()) slots_.resize(index() + 1);
    return slots_[index()];
}

void load_series::halve() {
    for (std::size_t i = 0; i < slots_.size(); ++i) {
        if (i % 2 == 1) {
            slots_[i / 2].merge_later(slots_[i]);
        } else if (i > 0) {
            slots_[i / 2] = slots_[i];
        }
    }
    slots_.resize((slots_.size() + 1) / 2);
    width_ *= 2;
}

bool load_series::is_width(std::chrono::milliseconds width) noexcept {
    const auto times = static_cast<std::uint64_t>(std::max<std::int64_t>(width / first_width, 0));
    return width % first_width == std::chrono::milliseconds(0) && std::has_single_bit(times);
}

void load_series::widen_to(std::chrono::milliseconds width) {
    while (width_ < width) halve();
}

void load_series::merge(const load_series& other) {
    load_series same = other;
    same.widen_to(width_);
    widen_to(same.width_);
    if (slots_.size() < same.slots_.size()) slots_.resize(same.slots_.size());
    for (std::size_t i = 0; i < same.slots_.size(); ++i) {
        load_slot& into = slots_[i];
        const load_slot& from = same.slots_[i];
        const std::uint32_t connections = into.connections + from.connections;
        const std::uint32_t in_flight = into.in_flight + from.in_flight;
        into.merge_later(from);
        into.connections = connections;
        into.in_flight = in_flight;
    }
}

}  // namespace hearth::cli
