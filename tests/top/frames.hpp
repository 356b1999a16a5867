// Frames as a monitor sends them.
#pragma once

#include "top_view.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace hearth::test {

inline std::string numbers_json(std::uint64_t pending, std::uint64_t in_use, std::uint64_t requests, std::uint64_t caught) {
    return fmt::format(
        R"("pending":{},"in_use":{},"free":3,"connecting":1,"count":{{"requests":{},"failed":0,"stale_seen":0}},)"
        R"("caught":{{"left":{},"watched":0,"looked":0,"matched":0,"replayed":0,"silent":0,"total":{}}})",
        pending, in_use, requests, caught, caught);
}

inline std::string origin_json(std::string_view name, std::uint64_t pending, std::uint64_t requests,
                               std::string_view connections = "") {
    return fmt::format(R"({{"name":"{}",{},"connections":[{}],"connections_left_out":0}})", name,
                       numbers_json(pending, 1, requests, 0), connections);
}

inline std::string event_json(std::uint64_t sequence, std::string_view event, std::string_view more = "") {
    return fmt::format(R"({{"agent":"client","sequence":{},"time_ms":0,"level":"info","event":"{}","origin":"http://a"{}}})",
                       sequence, event, more);
}

inline std::string frame_json(std::string_view origins, std::uint64_t requests = 0, std::int64_t time_ms = 1'000,
                              std::string_view events = "") {
    return fmt::format(
        R"({{"version":"0.1.0","time_ms":{},"started_ms":0,"interval_s":1.0,"sequence":1,)"
        R"("agents":[{{"name":"client","loops":1,"alive":true}}],)"
        R"("totals":{{{},"budget_taken":0,"budget_size":3}},"origins":[{}],"origins_left_out":{{"origins":0}},"events":[{}]}})",
        time_ms, numbers_json(0, 1, requests, 412), origins, events);
}

}  // namespace hearth::test
