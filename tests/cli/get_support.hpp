// What the tests of `hearth get` share.
#pragma once

#include "cli/process.hpp"

#include <hearth/testing/faulty_origin.hpp>

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace hearth::test {

using testing::faulty_origin;

/// hearth get ARGUMENTS, with a test's patience and no retries, so that failures show at once.
inline std::vector<std::string> get_command(std::vector<std::string> arguments) {
    std::vector<std::string> all{HEARTH_BINARY, "get", "--retry", "0"};
    std::ranges::move(arguments, std::back_inserter(all));
    return all;
}

inline ended get(std::vector<std::string> arguments, std::string_view in = {}) {
    return run(get_command(std::move(arguments)), in);
}

inline std::vector<boost::json::object> objects(const std::string& lines) {
    std::vector<boost::json::object> all;
    std::istringstream in(lines);
    for (std::string line; std::getline(in, line);) all.push_back(boost::json::parse(line).as_object());
    return all;
}

inline boost::json::object only_object(const std::string& lines) {
    auto all = objects(lines);
    EXPECT_EQ(all.size(), 1U) << lines;
    return all.size() == 1 ? all.front() : boost::json::object();
}

/// What the origin's /bytes/N and /chunked/N give.
inline std::string alphabet(std::size_t size) {
    std::string text(size, ' ');
    for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + i % 26);
    return text;
}

inline std::string content_of(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    EXPECT_TRUE(in) << path;
    return {std::istreambuf_iterator<char>(in), {}};
}

/// Whether it is one line and says `part`.
inline ::testing::AssertionResult one_line_with(const std::string& text, std::string_view part) {
    if (std::ranges::count(text, '\n') != 1 || !text.ends_with('\n'))
        return ::testing::AssertionFailure() << "not one line: " << text;
    if (text.find(part) == std::string::npos) return ::testing::AssertionFailure() << "no '" << part << "' in: " << text;
    return ::testing::AssertionSuccess();
}

/// A folder of its own, removed at the end.
class temporary_folder {
public:
    temporary_folder() {
        std::string name = (std::filesystem::temp_directory_path() / "hearth-cli-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) throw std::system_error(errno, std::generic_category(), "mkdtemp");
        path_ = name;
    }
    ~temporary_folder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    temporary_folder(const temporary_folder&) = delete;
    temporary_folder& operator=(const temporary_folder&) = delete;
    [[nodiscard]] std::string operator/(std::string_view name) const { return (path_ / name).string(); }
    [[nodiscard]] std::string path() const { return path_.string(); }

private:
    std::filesystem::path path_;
};

}  // namespace hearth::test
