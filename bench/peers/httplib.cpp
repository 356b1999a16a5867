// cpp-httplib: blocking calls, a thread and a client for each connection.
#include "peers/peer.hpp"

#ifndef CPPHTTPLIB_OPENSSL_SUPPORT
#define CPPHTTPLIB_OPENSSL_SUPPORT
#endif
#include <httplib.h>

#include <atomic>
#include <deque>
#include <thread>
#include <vector>

namespace {

class client {
public:
    client(const bench::target& t, std::size_t connections) : to_(t) {
        for (std::size_t i = 0; i < connections; ++i) {
            httplib::Client& c = clients_.emplace_back(t.url.substr(0, t.url.size() - t.path.size()));
            c.set_keep_alive(true);
            if (!t.ca_file.empty()) c.set_ca_cert_path(t.ca_file);
        }
    }

    static std::string version() { return "cpp-httplib " CPPHTTPLIB_VERSION; }

    void get(std::size_t requests) {
        left_ = static_cast<std::ptrdiff_t>(requests);
        std::vector<std::thread> threads;
        for (httplib::Client& c : clients_) threads.emplace_back([this, &c] { work(c); });
        for (std::thread& t : threads) t.join();
        if (failure_) std::rethrow_exception(failure_);
    }

private:
    void work(httplib::Client& c) try {
        while (left_-- > 0) {
            const httplib::Result r = c.Get(to_.path);
            if (!r) throw std::runtime_error(httplib::to_string(r.error()));
            bench::check(to_, r->status, r->body.size());
        }
    } catch (...) {
        if (!failed_.exchange(true)) failure_ = std::current_exception();
        left_ = 0;
    }

    bench::target to_;
    std::deque<httplib::Client> clients_;
    std::atomic<std::ptrdiff_t> left_ = 0;
    std::atomic<bool> failed_ = false;
    std::exception_ptr failure_;
};

}  // namespace

int main(int argc, char** argv) { return bench::run_peer<client>(argc, argv); }
