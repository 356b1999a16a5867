// How your own tests can see your code meet stale connections: an origin in the same process that closes them on request. It
// needs no framework; with one, main() is a test. Link hearth::testing.

#include <hearth/client.hpp>
#include <hearth/testing/faulty_origin.hpp>

#include <chrono>
#include <cstdlib>
#include <iostream>

using namespace std::chrono_literals;

void expect(bool condition, const char* what) {
    if (condition) return;
    std::cerr << "not so: " << what << '\n';
    std::exit(1);
}

int main() {
    hearth::testing::faulty_origin origin({.idle_timeout = 5s, .reset_on_idle = true, .body = "fine\n"});
    hearth::client client;
    const auto ask = [&] { return client.get(origin.url() + "/").text(); };

    expect(ask() == "fine\n", "a first request is answered");
    expect(ask() == "fine\n" && origin.report().connections == 1, "a second one uses the same connection");

    origin.close_idle();
    expect(ask() == "fine\n", "a request after the origin reset its idle connections is answered");

    origin.restart(0ms);
    expect(ask() == "fine\n", "so is one after the origin restarted");

    const auto report = origin.report();
    std::cout << report.requests << " requests answered over " << report.connections << " connections, none failed\n";
    expect(report.requests == 4 && report.connections == 3, "each dead connection cost one new one");
}
