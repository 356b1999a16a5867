// The same without Asio: blocking calls and futures, from any thread. Usage: quickstart_client http://HOST

#include <hearth/client.hpp>

#include <future>
#include <iostream>
#include <string>

int main(int argc, char** argv) try {
    if (argc != 2) return std::cerr << "usage: quickstart_client http://HOST\n", 2;
    const std::string site = argv[1];

    hearth::client client({.max_sockets = 50});

    hearth::client_response page = client.get(site + "/");
    std::cout << page.status() << ' ' << page.text();

    std::future<hearth::client_response> later = client.async_get(site + "/bytes/1000");
    hearth::client_response echo = client.post(site + "/echo", "two apples\n");
    std::cout << echo.status() << ' ' << echo.text() << later.get().discard() << " bytes\n";
} catch (const hearth::error& e) {
    return std::cerr << e.what() << '\n', 1;
}
