// libcurl's multi interface, driven by sockets: epoll tells it which have something, and its timer when to look.
#include "net/fd.hpp"
#include "peers/peer.hpp"

#include <curl/curl.h>

#include <sys/epoll.h>

#include <array>
#include <cerrno>
#include <memory>
#include <vector>

namespace {

void must(CURLcode code) {
    if (code != CURLE_OK) throw std::runtime_error(curl_easy_strerror(code));
}
void must(CURLMcode code) {
    if (code != CURLM_OK) throw std::runtime_error(curl_multi_strerror(code));
}

class client {
public:
    client(const bench::target& t, std::size_t connections) : to_(t), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
        curl_global_init(CURL_GLOBAL_DEFAULT);
        multi_.reset(curl_multi_init());
        must(curl_multi_setopt(multi_.get(), CURLMOPT_SOCKETFUNCTION, &client::watch));
        must(curl_multi_setopt(multi_.get(), CURLMOPT_SOCKETDATA, this));
        must(curl_multi_setopt(multi_.get(), CURLMOPT_TIMERFUNCTION, &client::set_timer));
        must(curl_multi_setopt(multi_.get(), CURLMOPT_TIMERDATA, this));
        must(curl_multi_setopt(multi_.get(), CURLMOPT_MAXCONNECTS, static_cast<long>(connections)));
        for (std::size_t i = 0; i < connections; ++i) {
            transfer& x = *transfers_.emplace_back(std::make_unique<transfer>());
            x.easy.reset(curl_easy_init());
            must(curl_easy_setopt(x.easy.get(), CURLOPT_URL, t.url.c_str()));
            must(curl_easy_setopt(x.easy.get(), CURLOPT_WRITEFUNCTION, &client::append));
            must(curl_easy_setopt(x.easy.get(), CURLOPT_WRITEDATA, &x.body));
            must(curl_easy_setopt(x.easy.get(), CURLOPT_PRIVATE, &x));
            if (!t.ca_file.empty()) must(curl_easy_setopt(x.easy.get(), CURLOPT_CAINFO, t.ca_file.c_str()));
        }
    }
    client(const client&) = delete;
    client& operator=(const client&) = delete;

    static std::string version() {
        const curl_version_info_data* v = curl_version_info(CURLVERSION_NOW);
        return std::string("libcurl ") + v->version + " (" + v->ssl_version + ")";
    }

    void get(std::size_t requests) {
        to_send_ = to_answer_ = requests;
        for (const auto& x : transfers_) send_next(*x);
        std::array<epoll_event, 256> events{};
        int running = 0;
        while (to_answer_ > 0) {
            const int n =
                ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), static_cast<int>(timer_ms_));
            if (n == 0) must(curl_multi_socket_action(multi_.get(), CURL_SOCKET_TIMEOUT, 0, &running));
            for (int i = 0; i < n; ++i) {
                const epoll_event& e = events[static_cast<std::size_t>(i)];
                const int what = ((e.events & EPOLLOUT) != 0 ? CURL_CSELECT_OUT : 0) |
                                 ((e.events & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0 ? CURL_CSELECT_IN : 0);
                must(curl_multi_socket_action(multi_.get(), e.data.fd, what, &running));
            }
            take_finished();
        }
    }

private:
    struct free_curl {
        void operator()(CURLM* m) const noexcept { curl_multi_cleanup(m); }
    };
    struct free_easy {
        void operator()(CURL* c) const noexcept { curl_easy_cleanup(c); }
    };
    struct transfer {
        std::unique_ptr<CURL, free_easy> easy;
        std::string body;
    };

    static std::size_t append(const char* data, std::size_t, std::size_t size, void* body) {
        static_cast<std::string*>(body)->append(data, size);
        return size;
    }

    static int watch(CURL*, curl_socket_t fd, int what, void* self, void*) {
        epoll_event e{};
        e.data.fd = fd;
        if ((what & CURL_POLL_IN) != 0) e.events |= EPOLLIN;
        if ((what & CURL_POLL_OUT) != 0) e.events |= EPOLLOUT;
        const int epoll = static_cast<client*>(self)->epoll_.get();
        if (what == CURL_POLL_REMOVE) {
            ::epoll_ctl(epoll, EPOLL_CTL_DEL, fd, nullptr);
        } else if (::epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &e) != 0 && errno == ENOENT) {
            ::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &e);
        }
        return 0;
    }

    static int set_timer(CURLM*, long ms, void* self) {
        static_cast<client*>(self)->timer_ms_ = ms;
        return 0;
    }

    void send_next(transfer& x) {
        if (to_send_ == 0) return;
        --to_send_;
        x.body.clear();
        must(curl_multi_add_handle(multi_.get(), x.easy.get()));
    }

    void take_finished() {
        int queued = 0;
        while (const CURLMsg* m = curl_multi_info_read(multi_.get(), &queued)) {
            if (m->msg != CURLMSG_DONE) continue;
            must(m->data.result);
            CURL* const easy = m->easy_handle;
            transfer* x = nullptr;
            long status = 0;
            must(curl_easy_getinfo(easy, CURLINFO_PRIVATE, &x));
            must(curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status));
            bench::check(to_, static_cast<int>(status), x->body.size());
            must(curl_multi_remove_handle(multi_.get(), easy));
            --to_answer_;
            send_next(*x);
        }
    }

    bench::target to_;
    hearth::net::unique_fd epoll_;
    long timer_ms_ = -1;
    // Transfers go before the multi handle that knows them.
    std::unique_ptr<CURLM, free_curl> multi_;
    std::vector<std::unique_ptr<transfer>> transfers_;
    std::size_t to_send_ = 0;
    std::size_t to_answer_ = 0;
};

}  // namespace

int main(int argc, char** argv) { return bench::run_peer<client>(argc, argv); }
