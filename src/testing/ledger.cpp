#include "testing/ledger.hpp"

namespace hearth::testing {

void ledger::note(std::string_view method, std::string_view id, faulty_origin_report& report) {
    if (id.empty()) return;
    std::string key(id.substr(0, max_id_size));
    auto at = times_.find(key);
    if (at == times_.end()) {
        if (times_.size() < max_ids_) times_.emplace(std::move(key), 1);
        return;
    }
    ++at->second;
    ++(method == "POST" ? report.executed_twice : report.repeated);
}

std::uint64_t ledger::executed(std::string_view id) const {
    const auto at = times_.find(std::string(id.substr(0, max_id_size)));
    return at == times_.end() ? 0 : at->second;
}

}  // namespace hearth::testing
