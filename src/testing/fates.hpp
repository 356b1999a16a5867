// Which fault happens when: draws by weight, from a seed.
#pragma once

#include "testing/fault_traits.hpp"

#include <hearth/testing/faulty_origin.hpp>

#include <array>
#include <cstdint>
#include <vector>

namespace hearth::testing {

/// The same options and the same arguments give the same fault, whatever else is drawn.
class fates {
public:
    /// REQUIRES: options that check() has let pass.
    explicit fates(const faulty_origin_options& options);

    /// The fault for this moment of a connection's `turn`-th exchange, its defaults filled in. `none` when nothing is to go
    /// wrong.
    [[nodiscard]] fault draw(moment m, std::uint64_t connection, std::uint64_t turn) const noexcept;

    /// Whether `kind` may be drawn at all.
    [[nodiscard]] bool may_draw(fault_kind kind) const noexcept;

private:
    struct family {
        std::vector<fault> faults{};
        std::uint64_t total = 0;
    };
    std::array<family, moments> families_;
    std::uint64_t seed_;
};

/// Throws hearth::error (errc::invalid_option) that names the option, its value and its range.
void check(const faulty_origin_options& options);

}  // namespace hearth::testing
