// What a snapshot has to say, in each of the forms in which it is asked for. Each is made when it is first wanted, once for
// all.
#pragma once

#include "monitor/snapshot.hpp"
#include "monitor/snapshot_json.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace hearth::detail {

class metric_series;

/// Bytes that several connections may be sending at a time.
using shared_text = std::shared_ptr<const std::string>;

class frames {
public:
    frames(snapshot s, std::size_t max_origins) : snapshot_(std::move(s)), max_origins_(max_origins) {}
    frames(const frames&) = delete;
    frames& operator=(const frames&) = delete;

    [[nodiscard]] const snapshot& what() const noexcept { return snapshot_; }

    /// With the last events of all.
    [[nodiscard]] shared_text json();
    /// The same as a server-sent event.
    [[nodiscard]] shared_text event_with_recent();
    /// For those who saw the event before: what is new.
    [[nodiscard]] shared_text event_with_news();
    /// Prometheus text. `series` learn of this snapshot when it is made.
    [[nodiscard]] shared_text metrics(metric_series& series, std::size_t viewers);

private:
    [[nodiscard]] const snapshot_json& in_json();

    snapshot snapshot_;
    std::size_t max_origins_;
    std::optional<snapshot_json> in_json_{};
    shared_text json_{};
    shared_text event_with_recent_{};
    shared_text event_with_news_{};
    shared_text metrics_{};
};

}  // namespace hearth::detail
