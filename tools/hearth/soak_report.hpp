// What the soak found, for people and for machines.
#pragma once

#include "cli_common.hpp"
#include "soak_pass.hpp"

#include <optional>
#include <string>

namespace hearth::cli {

/// Both passes. Hearth's is missing when Ctrl-C came before it.
struct soak_result {
    pass_result plain{};
    std::optional<pass_result> hearth{};
};

/// Whether Hearth failed no request and had none executed twice that must not be.
[[nodiscard]] bool kept_its_promise(const pass_result& hearth) noexcept;

/// A table, both side by side, and one sentence of verdict.
[[nodiscard]] std::string as_table(const soak_result& r, const painter& paint);
/// One line; `hearth help soak` documents its shape.
[[nodiscard]] std::string as_json(const soak_result& r);

}  // namespace hearth::cli
