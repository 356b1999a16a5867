// What a client and its responses share.
#pragma once

#include "agent/client_loop.hpp"

#include <hearth/client.hpp>

#include <atomic>
#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

namespace hearth::detail {

/// Shared by a client and the responses that it gave, which may outlive it.
class client_core {
public:
    explicit client_core(const client_options& options);

    /// The loop for a request to this URL: the one that its origin belongs to or, where origins are spread, one with little
    /// to do. A URL that does not parse belongs to any: the agent says what is wrong with it.
    [[nodiscard]] client_loop& loop_for(std::string_view url) const;
    [[nodiscard]] const std::vector<std::unique_ptr<client_loop>>& loops() const noexcept { return loops_; }
    [[nodiscard]] bool spreads() const noexcept { return spreads_; }
    /// Throws std::logic_error on a thread that runs one of the loops: what it would wait for could never happen.
    void refuse_loops_thread() const;
    void stop();

private:
    [[nodiscard]] client_loop& least_loaded() const;

    std::vector<std::unique_ptr<client_loop>> loops_;
    bool spreads_;
};

}  // namespace hearth::detail
