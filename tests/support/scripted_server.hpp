// A raw server that does on each connection exactly what a test says.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace hearth::test {

/// The server's end of one connection, used by its script. Every wait ends with an exception after 20 s, or when the server
/// ends.
class peer {
public:
    peer(int fd, int number) : fd_(fd), number_(number) {}
    ~peer();
    peer(const peer&) = delete;
    peer& operator=(const peer&) = delete;

    /// Up to and with the empty line; "" when the client closed before sending anything.
    std::string read_head();
    std::string read_exactly(std::size_t n);
    /// Waits until the client has closed; true for a FIN, false for a reset.
    bool wait_closed();
    /// Does nothing until the server ends.
    void hold();
    /// Sends everything. False when the client has gone.
    bool send(std::string_view text);
    /// A 200 with this body and Content-Length.
    bool respond(std::string_view body);
    /// FIN: the client sees the end; it may still send.
    void half_close();
    void close();
    /// RST.
    void reset();
    /// The kernel drops what comes, as if it had never arrived: nothing of it is acknowledged. What this end sends goes out.
    void go_deaf();
    /// The end of that: what the client sends again arrives.
    void hear_again();
    /// What comes is acknowledged by the kernel without the usual delay (for a while).
    void acknowledge_at_once();
    /// 0 for the first connection.
    [[nodiscard]] int number() const noexcept { return number_; }
    /// The blocking socket, for what speaks on top of it (secure_peer.hpp).
    [[nodiscard]] int fd() const noexcept { return fd_; }

private:
    friend class scripted_server;
    bool receive_more();
    int fd_;
    int number_;
    std::string received_;
    std::mutex mutex_;  // against the server's end
};

class scripted_server {
public:
    using script = std::function<void(peer&)>;

    /// Connection n runs scripts[n], or the last one. `path`: a unix socket instead of a port of 127.0.0.1; or, without a
    /// slash, another IPv4 address.
    explicit scripted_server(std::vector<script> scripts, std::string path = {});
    explicit scripted_server(script one) : scripted_server(std::vector<script>{std::move(one)}) {}
    ~scripted_server();
    scripted_server(const scripted_server&) = delete;
    scripted_server& operator=(const scripted_server&) = delete;

    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
    [[nodiscard]] std::string url(std::string_view path = "/") const;
    /// Connections accepted so far.
    [[nodiscard]] int connections() const noexcept { return accepted_.load(); }
    /// Request heads read so far.
    [[nodiscard]] int requests() const noexcept { return requests_.load(); }
    /// Waits until so many scripts have ended.
    void wait_for_ended(int n);
    /// What scripts threw, in words; empty when all went as written.
    [[nodiscard]] std::string complaints();

private:
    struct session {
        std::unique_ptr<peer> p;
        std::thread thread;
    };
    void accept_all();
    void serve(peer& p);

    std::vector<script> scripts_;
    std::string address_ = "127.0.0.1";
    std::string path_;
    std::uint16_t port_ = 0;
    int listener_ = -1;
    std::atomic<int> accepted_{0};
    std::atomic<int> requests_{0};
    std::atomic<bool> ending_{false};
    std::mutex mutex_;
    std::condition_variable ended_;
    int ended_count_ = 0;
    std::string complaints_;
    std::list<session> sessions_;
    std::thread thread_;

    friend class peer;
    static thread_local scripted_server* current_;
};

/// "HTTP/1.1 200 OK" with this body.
[[nodiscard]] std::string ok_response(std::string_view body, std::string_view more_fields = {});

}  // namespace hearth::test
