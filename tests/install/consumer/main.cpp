// What a user's program does: keep a client, get a page. The origin is the one that Hearth brings for tests.
#include <hearth/agent.hpp>
#include <hearth/client.hpp>
#include <hearth/testing/faulty_origin.hpp>
#include <hearth/version.hpp>

#include <iostream>

int main() {
    hearth::testing::faulty_origin origin{{.body = "installed"}};
    hearth::client client;
    auto response = client.get(origin.url());
    const std::string text = response.text();
    std::cout << "hearth " << hearth::version() << ": " << response.status() << ' ' << text << '\n';
    return response.status() == 200 && text == "installed" ? 0 : 1;
}
