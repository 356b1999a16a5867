// What an origin did to whom, for people and for machines.
#pragma once

#include "cli_common.hpp"

#include <hearth/testing/faulty_origin.hpp>

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

namespace hearth::cli {

/// Keeps what an origin tells. Thread-safe.
class origin_journal {
public:
    /// One fault and who met it. All text is printable ASCII.
    struct victim {
        std::chrono::steady_clock::time_point at{};
        std::uint64_t connection = 0;
        std::string peer{};
        testing::fault_kind what{};
        bool caught = false;
        std::string method{};
        std::string target{};
        std::string request_id{};
    };
    // More are counted only.
    static constexpr std::size_t max_victims = 10'000;
    static constexpr std::size_t max_lines = 10'000;

    /// `keeps_lines`: whether somebody takes them.
    explicit origin_journal(bool keeps_lines) : keeps_lines_(keeps_lines) {}

    /// For faulty_origin_options::on_event. The journal must outlive the origin.
    void note(const testing::origin_event& e);
    /// A line for each event since the last call, of which there were too many perhaps.
    [[nodiscard]] std::vector<std::string> take_lines();
    [[nodiscard]] std::vector<victim> victims() const;
    [[nodiscard]] std::uint64_t victims_left_out() const;

    [[nodiscard]] std::chrono::steady_clock::time_point began() const noexcept { return began_; }

private:
    mutable std::mutex mutex_;
    const std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
    const bool keeps_lines_;
    std::deque<std::string> lines_;
    std::uint64_t lines_left_out_ = 0;
    std::vector<victim> victims_;
    std::uint64_t victims_left_out_ = 0;
};

struct origin_outcome {
    std::string url{};
    std::uint64_t seed = 0;
    std::chrono::milliseconds took{0};
    testing::faulty_origin_report report{};
    bool interrupted = false;
};

[[nodiscard]] std::string as_table(const origin_outcome& o, const painter& paint);
/// One line; `hearth help origin` documents its shape.
[[nodiscard]] std::string as_json(const origin_outcome& o, const origin_journal& journal);

}  // namespace hearth::cli
