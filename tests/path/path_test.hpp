// The fixture of tests that need the path.
#pragma once

#include "path/delayed_path.hpp"

#include <gtest/gtest.h>

#include <optional>

namespace hearth::test {

struct path_test : testing::Test {
    void SetUp() override {
        if (!delayed_path::unavailable().empty()) GTEST_SKIP() << delayed_path::unavailable();
        path.emplace();
    }
    std::optional<delayed_path> path;
};

}  // namespace hearth::test
