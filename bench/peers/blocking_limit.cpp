// The limit of blocking clients: send and recv on one connection, again and again, that neither parses nor checks.
#include "peers/bare.hpp"

#include <array>

namespace {

class client {
public:
    client(const bench::target& t, std::size_t connections)
        : context_(bench::make_tls_context(t)),
          request_(bench::bare_request(t)),
          response_size_(bench::bare_response_size(t, context_.get())),
          socket_(t, context_.get()) {
        if (connections != 1) throw std::invalid_argument("CONNECTIONS: a blocking loop has 1");
    }

    static std::string version() { return "send and recv, " + std::string(OpenSSL_version(OPENSSL_VERSION)); }

    void get(std::size_t requests) {
        for (; requests > 0; --requests) {
            socket_.send(request_);
            for (std::size_t received = 0; received < response_size_;) received += socket_.receive(buffer_);
        }
    }

private:
    bench::tls_context context_;
    std::string request_;
    std::size_t response_size_;
    bench::bare_connection socket_;
    std::array<char, 65536> buffer_{};
};

}  // namespace

int main(int argc, char** argv) { return bench::run_peer<client>(argc, argv); }
