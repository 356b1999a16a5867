// What goes wrong with the soak's own server.
#pragma once

#include <hearth/testing/fault.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace hearth::cli {

/// A fault that the user asked for, and in how many of a hundred of its moments it is to happen.
struct wanted_fault {
    testing::fault_kind kind = testing::fault_kind::none;
    unsigned percent = 1;
};

/// "execute_then_rst=5,cut_short": a list of kinds with their percentages, 1 unless given. Throws usage_error that says what
/// is wrong with it.
[[nodiscard]] std::vector<wanted_fault> parse_faults(std::string_view list);

/// The kinds that may be asked for, for the help: a line each.
[[nodiscard]] std::string fault_list();

/// The faults of the soak's server: idle connections are closed by FIN, in flight, except as `wanted` says; all else goes
/// wrong only as `wanted` says. REQUIRES: parse_faults() made it.
[[nodiscard]] std::vector<testing::fault> weigh_faults(const std::vector<wanted_fault>& wanted);

}  // namespace hearth::cli
