// What was executed how often.
#pragma once

#include <hearth/testing/faulty_origin.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

namespace hearth::testing {

/// Counts executions by x-request-id, so that "executed twice" is a fact.
class ledger {
public:
    static constexpr std::size_t max_id_size = 128;

    /// Remembers the first `max_ids` ids.
    explicit ledger(std::size_t max_ids = 1'000'000) : max_ids_(max_ids) {}

    /// Notes an execution, and counts it in `report` when the id had been executed before. An empty id is no id.
    /// `has_key`: whether the request has an Idempotency-Key.
    void note(std::string_view method, std::string_view id, bool has_key, faulty_origin_report& report);
    [[nodiscard]] std::uint64_t executed(std::string_view id) const;

private:
    std::size_t max_ids_;
    std::unordered_map<std::string, std::uint64_t> times_;
};

}  // namespace hearth::testing
