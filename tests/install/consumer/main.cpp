// What a user's program does: keep a client, watch it, get a page. The origin is the one that Hearth brings for tests.
#include <hearth/agent.hpp>
#include <hearth/client.hpp>
#include <hearth/monitor.hpp>
#include <hearth/testing/faulty_origin.hpp>
#include <hearth/version.hpp>

#include <iostream>
#include <string>

int main() {
    hearth::testing::faulty_origin origin{{.body = "installed"}};
    hearth::client client;
    hearth::monitor monitor(client, {.address = "127.0.0.1:0"});
    auto response = client.get(origin.url());
    const std::string text = response.text();
    std::cout << "hearth " << hearth::version() << ": " << response.status() << ' ' << text << '\n';
    auto metrics = client.get(monitor.url() + "metrics").text();
    if (metrics.find("hearth_requests_total") == std::string::npos) return 1;
    return response.status() == 200 && text == "installed" ? 0 : 1;
}
