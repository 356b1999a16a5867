// What calls of a client fail with.
#pragma once

#include <hearth/error.hpp>

#include <functional>

namespace hearth::test {

/// The code that `work` throws; errc{} when it throws none.
inline errc code_of(const std::function<void()>& work) {
    try {
        work();
    } catch (const error& e) {
        return static_cast<errc>(e.info().code.value());
    }
    return errc{};
}

}  // namespace hearth::test
