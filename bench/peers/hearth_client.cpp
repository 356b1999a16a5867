// Hearth's client: blocking calls from one thread, its own thread doing the I/O.
#include "peers/peer.hpp"

#include <hearth/client.hpp>

namespace {

class client {
public:
    client(const bench::target& t, std::size_t connections)
        : to_(t), client_(hearth::agent_options{.max_sockets = 1, .tls = {.ca_file = t.ca_file}}) {
        if (connections != 1) throw std::invalid_argument("CONNECTIONS: one thread that blocks has 1");
    }

    static std::string version() { return "Hearth " HEARTH_VERSION; }

    void get(std::size_t requests) {
        for (; requests > 0; --requests) {
            hearth::client_response r = client_.get(to_.url);
            const std::string body = r.text();
            bench::check(to_, r.status(), body.size());
        }
    }

private:
    bench::target to_;
    hearth::client client_;
};

}  // namespace

int main(int argc, char** argv) { return bench::run_peer<client>(argc, argv); }
