// Results to report on.
#pragma once

#include "load_result.hpp"

#include <chrono>

namespace hearth::cli {

/// A hundred requests over a second, of which four failed; latencies 1 ms to 96 ms.
inline load_result some_result() {
    using namespace std::chrono_literals;
    load_result r;
    r.urls = {"http://localhost:8080/"};
    r.method = "GET";
    r.started_ms = 1'764'000'000'123;
    r.concurrency = 10;
    r.duration = 1s;
    r.answered = 96;
    r.statuses[200] = 90;
    r.statuses[503] = 6;
    for (int i = 1; i <= 96; ++i) {
        r.latency.record(i * 1ms);
        r.series.at(i * 10ms).latency.record(i * 1ms);
    }
    failure f;
    f.code = errc::connection_reset;
    f.phase = phase::headers;
    f.evidence = evidence::acknowledged;
    f.method = "GET";
    f.url = "http://localhost:8080/";
    for (int i = 0; i < 4; ++i) r.add_failure(f);
    r.bytes_received = 4'000;
    r.opened = 12;
    r.reused = 88;
    r.replays = 2;
    r.replays_by_evidence = {{"closed_before", 2}};
    r.closed = {{"server_closed", 3}, {"stale_in_use", 2}, {"stale_at_use", 1}};
    r.cpu_user = 4ms;
    r.cpu_system = 6ms;
    r.cpu_share = 0.01;
    return r;
}

}  // namespace hearth::cli
