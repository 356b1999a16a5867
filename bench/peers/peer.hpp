// What the clients in this folder share: their command line, their measure, their check of each answer.
#pragma once

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <string>
#include <string_view>

namespace bench {

/// http(s)://HOST:PORT/SIZE, a server whose answers have bodies of SIZE bytes.
struct target {
    std::string url;
    bool tls = false;
    std::string host;
    std::string port;
    std::string path;
    std::string ca_file;  ///< empty for the system's authorities
    std::size_t body_size = 0;
};

struct job {
    target to;
    std::size_t connections = 0;
    std::size_t requests = 0;

    /// Opens every connection, and warms what can be warmed, the server's caches too.
    [[nodiscard]] std::size_t warm_up() const noexcept { return std::max(connections, requests / 20); }
};

/// Throws std::invalid_argument with a usage line.
[[nodiscard]] job parse_job(int argc, char** argv);

/// Throws std::runtime_error unless it is 200 and the body has its length.
void check(const target& t, int status, std::size_t body_size);

/// CPU time and wall time from its construction on.
class meter {
public:
    meter();
    /// One line of JSON: user_us, system_us (a request), rate (a second), peak_kib.
    void print(std::size_t requests) const;

private:
    rusage usage_{};
    std::chrono::steady_clock::time_point began_;
};

/// The main function of a peer. Client(target, connections) opens connections when it likes and keeps them; get(n) makes n
/// requests, `connections` at a time; version() names the library.
template <class Client>
int run_peer(int argc, char** argv) try {
    if (argc == 2 && std::string_view(argv[1]) == "--version") {
        std::puts(Client::version().c_str());
        return 0;
    }
    const job j = parse_job(argc, argv);
    Client client(j.to, j.connections);
    client.get(j.warm_up());
    const meter m;
    client.get(j.requests);
    m.print(j.requests);
    return 0;
} catch (const std::invalid_argument& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 2;
} catch (const std::exception& e) {
    std::fprintf(stderr, "%s: %s\n", argv[0], e.what());
    return 1;
}

}  // namespace bench
