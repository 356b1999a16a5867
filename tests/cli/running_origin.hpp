// `hearth origin` as a process of its own.
#pragma once

#include "cli/get_support.hpp"
#include "cli/process.hpp"

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

namespace hearth::test {

inline std::vector<std::string> origin_command(std::vector<std::string> arguments) {
    std::vector<std::string> all{HEARTH_BINARY, "origin"};
    std::ranges::move(arguments, std::back_inserter(all));
    return all;
}

/// An origin that has begun to listen.
class running_origin {
public:
    explicit running_origin(std::vector<std::string> arguments) : process_(origin_command(std::move(arguments))) {
        EXPECT_TRUE(process_.wait_for_out("\n"));
        const std::string& out = process_.out();
        const std::size_t from = out.find("http");
        url_ = from == std::string::npos ? "" : out.substr(from, out.find_first_of("\"\n ", from) - from);
        EXPECT_NE(url_, "") << out;
    }
    [[nodiscard]] const std::string& url() const noexcept { return url_; }
    [[nodiscard]] process& its_process() noexcept { return process_; }
    /// Ends it with Ctrl-C.
    ended interrupt() {
        process_.send_signal(SIGINT);
        ended e = process_.wait();
        EXPECT_EQ(e.status, 130);
        return e;
    }
    /// The same, of one with --json: its report.
    boost::json::object report() {
        const auto lines = objects(interrupt().out);
        EXPECT_EQ(lines.size(), 2U);
        return lines.size() == 2 ? lines[1] : boost::json::object();
    }

private:
    process process_;
    std::string url_;
};

}  // namespace hearth::test
