// Options that cannot work are refused, in words.
#include <hearth/error.hpp>
#include <hearth/testing/faulty_origin.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

namespace hearth::testing {
namespace {

using namespace std::chrono_literals;

struct wrong {
    faulty_origin_options options;
    const char* says;
};

faulty_origin_options with(fault f) { return {.faults = {f}}; }

TEST(options, wrong_ones_are_refused_by_name_value_and_range) {
    const std::vector<wrong> all{
        {{.idle_timeout = -1ms}, "idle_timeout is -1 ms; it must be from 0 to 24 h"},
        {{.idle_timeout = 25h}, "idle_timeout is 90000000 ms"},
        {{.told_timeout = -1s}, "told_timeout is -1 s; it must be from 0 to 1000000 s"},
        {{.restart_every = -1ms}, "restart_every is -1 ms"},
        {{.restart_downtime = 25h}, "restart_downtime is 90000000 ms"},
        {{.in_flight = 0ms}, "in_flight is 0 ms; it must be from 1 ms to 10 s"},
        {{.in_flight = 11s}, "in_flight is 11000 ms"},
        {{.work = -1us}, "work is -1 us"},
        {{.patience = 0ms}, "patience is 0 ms; it must be from 1 ms to 24 h"},
        {{.max_connections = 0}, "max_connections is 0; it must be at least 1"},
        {{.key = "k"}, "certificate and key go together"},
        {{.faults = std::vector<fault>(1'001)}, "faults has 1001 entries; it may have 1000"},
        {with({.kind = static_cast<fault_kind>(99)}), "there is no fault number 99"},
        {with({.kind = fault_kind::idle_fin, .weight = 0}), "fault idle_fin: weight is 0; it must be from 1 to 1000000"},
        {with({.kind = fault_kind::idle_fin, .weight = 1'000'001}), "weight is 1000001"},
        {with({.kind = fault_kind::idle_fin, .time = -1ms}), "fault idle_fin: time is -1 ms; it must be from 0 to 24 h"},
        {with({.kind = fault_kind::early_answer, .time = 1ms}), "fault early_answer has no time"},
        {with({.kind = fault_kind::idle_fin, .count = 1}), "fault idle_fin has no count"},
        {with({.kind = fault_kind::none, .count = 1}), "fault none has no count"},
        {with({.kind = fault_kind::slow_handshake}), "fault slow_handshake needs TLS"},
        {with({.kind = fault_kind::late_tickets}), "fault late_tickets needs TLS"},
        {with({.kind = fault_kind::idle_close_notify}), "fault idle_close_notify needs TLS"},
        {with({.kind = fault_kind::dribble, .in_flight = true}), "fault dribble: cannot be in flight"},
        {with({.kind = fault_kind::idle_silence, .in_flight = true}), "fault idle_silence: cannot be in flight"},
        {with({.kind = fault_kind::idle_fin, .time = 20ms, .in_flight = true}),
         "fault idle_fin: in_flight is 20 ms; it must be shorter than the 20 ms it comes before"},
        {{.idle_timeout = 0ms, .faults = {{.kind = fault_kind::idle_rst}}}, "fault idle_rst: say when"},
        {{.socket_path = "/tmp/s", .faults = {{.kind = fault_kind::idle_silence}}}, "fault idle_silence needs TCP"},
        {{.socket_path = "/tmp/s", .faults = {{.kind = fault_kind::idle_fin, .in_flight = true}}}, "in_flight needs TCP"},
    };
    for (const wrong& w : all) {
        try {
            faulty_origin origin(w.options);
            ADD_FAILURE() << "taken: " << w.says;
        } catch (const hearth::error& e) {
            EXPECT_EQ(e.info().code, errc::invalid_option);
            EXPECT_NE(std::string(e.what()).find(w.says), std::string::npos) << e.what() << "\nis not\n" << w.says;
            EXPECT_NE(std::string(e.what()).find("faulty_origin: "), std::string::npos) << e.what();
        }
    }
}

TEST(options, the_ends_of_ranges_are_taken) {
    EXPECT_NO_THROW(
        faulty_origin({.idle_timeout = 24h, .told_timeout = 1'000'000s, .in_flight = 10s, .work = 1h, .patience = 24h}));
    EXPECT_NO_THROW(
        faulty_origin({.idle_timeout = 0ms, .told_timeout = 0s, .in_flight = 1ms, .patience = 1ms, .max_connections = 1}));
    EXPECT_NO_THROW(
        faulty_origin(with({.kind = fault_kind::idle_fin, .weight = 1'000'000, .time = 21ms, .in_flight = true})));
    EXPECT_NO_THROW(faulty_origin({.faults = std::vector<fault>(1'000)}));
}

}  // namespace
}  // namespace hearth::testing
