// What the tests of `hearth load` share.
#pragma once

#include "cli/get_support.hpp"

#include <boost/json.hpp>

#include <chrono>
#include <cstdint>
#include <future>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

namespace hearth::test {

inline std::vector<std::string> load_command(std::vector<std::string> arguments) {
    std::vector<std::string> all{HEARTH_BINARY, "load"};
    std::ranges::move(arguments, std::back_inserter(all));
    return all;
}

inline ended load(std::vector<std::string> arguments, std::string_view in = {}) {
    return run(load_command(std::move(arguments)), in);
}

/// hearth load --json ARGUMENTS, which is to end with `status`: the object.
inline boost::json::object load_json(std::vector<std::string> arguments, int status = 0, std::string_view in = {}) {
    arguments.emplace_back("--json");
    const ended r = load(std::move(arguments), in);
    EXPECT_EQ(r.status, status) << r.err << r.out;
    EXPECT_EQ(r.err, "");
    return only_object(r.out);
}

inline std::uint64_t count_of(const boost::json::object& o, std::string_view key) {
    return o.at(key).to_number<std::uint64_t>();
}

/// How many values of a histogram are over so much, by the lower ends of its buckets.
inline std::uint64_t over(const boost::json::value& histogram, std::chrono::nanoseconds limit) {
    std::uint64_t n = 0;
    for (const auto& bucket : histogram.at("buckets").as_array()) {
        if (bucket.at(0).to_number<std::int64_t>() >= limit.count()) n += bucket.at(1).to_number<std::uint64_t>();
    }
    return n;
}

/// An origin that says when so many requests have been executed.
class counting_origin {
public:
    explicit counting_origin(std::uint64_t wanted)
        : wanted_(wanted), origin_({.on_event = [this](const testing::origin_event& e) {
              if (e.kind == testing::origin_event_kind::executed && ++executed_ == wanted_) reached_.set_value();
          }}) {}
    [[nodiscard]] std::string url() const { return origin_.url(); }
    [[nodiscard]] bool wait() {
        return reached_.get_future().wait_for(std::chrono::seconds(60)) == std::future_status::ready;
    }

private:
    std::uint64_t wanted_;
    std::uint64_t executed_ = 0;  // on the origin's thread
    std::promise<void> reached_;
    faulty_origin origin_;
};

}  // namespace hearth::test
