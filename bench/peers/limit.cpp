// The limit: one epoll loop over keep-alive connections, plain or over OpenSSL, that neither parses nor pools nor checks
// anything. It sends the same bytes again as soon as as many bytes as the first response had have come back.
#include "net/fd.hpp"
#include "peers/bare.hpp"

#include <sys/epoll.h>

#include <array>
#include <cerrno>
#include <system_error>
#include <vector>

namespace {

class client {
public:
    client(const bench::target& t, std::size_t connections)
        : context_(bench::make_tls_context(t)),
          request_(bench::bare_request(t)),
          response_size_(bench::bare_response_size(t, context_.get())),
          epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
        all_.reserve(connections);
        for (std::size_t i = 0; i < connections; ++i) {
            connection& c = all_.emplace_back(connection{bench::bare_connection(t, context_.get())});
            c.socket.do_not_block();
            epoll_event e{};
            e.events = EPOLLIN;
            e.data.ptr = &c;
            if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, c.socket.fd(), &e) != 0)
                throw std::system_error(errno, std::generic_category(), "epoll_ctl");
        }
    }

    static std::string version() { return "epoll, " + std::string(OpenSSL_version(OPENSSL_VERSION)); }

    void get(std::size_t requests) {
        to_send_ = to_answer_ = requests;
        for (connection& c : all_) send_next(c);
        std::array<epoll_event, 256> events{};
        while (to_answer_ > 0) {
            const int n = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), -1);
            for (int i = 0; i < n; ++i) read(*static_cast<connection*>(events[static_cast<std::size_t>(i)].data.ptr));
        }
    }

private:
    struct connection {
        bench::bare_connection socket;
        std::size_t received = 0;
    };

    void send_next(connection& c) {
        if (to_send_ == 0) return;
        --to_send_;
        c.socket.send(request_);
    }

    void read(connection& c) {
        std::size_t got = 0;
        do {
            got = c.socket.receive(buffer_);
            c.received += got;
            if (c.received >= response_size_) {
                c.received = 0;
                --to_answer_;
                send_next(c);
                return;
            }
            // A socket that gave less than was asked for is empty; OpenSSL gives a record at a time.
        } while (got == buffer_.size() || (got > 0 && c.socket.tls()));
    }

    bench::tls_context context_;
    std::string request_;
    std::size_t response_size_;
    hearth::net::unique_fd epoll_;
    std::vector<connection> all_;
    std::size_t to_send_ = 0;
    std::size_t to_answer_ = 0;
    std::array<char, 65536> buffer_{};
};

}  // namespace

int main(int argc, char** argv) { return bench::run_peer<client>(argc, argv); }
