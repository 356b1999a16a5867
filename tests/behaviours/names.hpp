// Host names that a test decides about, beside those that the system knows.
#pragma once

#include <string>

namespace hearth::test {

/// "moving.test" is at this address from now on.
void move_to(const std::string& address);
/// From construction to destruction the lookup of "slow.test" takes for ever; after that it fails.
class slow_lookup {
public:
    slow_lookup();
    ~slow_lookup();
    slow_lookup(const slow_lookup&) = delete;
    slow_lookup& operator=(const slow_lookup&) = delete;
    /// Lookups that have begun.
    [[nodiscard]] static int begun();
};

}  // namespace hearth::test
