#include "testing/ledger.hpp"

#include <algorithm>
#include <array>

namespace hearth::testing {
namespace {

/// Whether executing it twice does no more than executing it once (RFC 9110, 9.2.2).
bool is_idempotent(std::string_view method) {
    constexpr std::array<std::string_view, 6> methods{"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"};
    return std::ranges::find(methods, method) != methods.end();
}

}  // namespace

void ledger::note(std::string_view method, std::string_view id, bool has_key, faulty_origin_report& report) {
    if (id.empty()) return;
    std::string key(id.substr(0, max_id_size));
    auto at = times_.find(key);
    if (at == times_.end()) {
        if (times_.size() < max_ids_) times_.emplace(std::move(key), 1);
        return;
    }
    ++at->second;
    ++(has_key || is_idempotent(method) ? report.repeated : report.executed_twice);
}

std::uint64_t ledger::executed(std::string_view id) const {
    const auto at = times_.find(std::string(id.substr(0, max_id_size)));
    return at == times_.end() ? 0 : at->second;
}

}  // namespace hearth::testing
