// A network path of 20 ms, with real TCP at both ends, in a network namespace of this process's own.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace hearth::test {

/// One TCP segment on the path.
struct segment {
    bool from_server = false;
    bool syn = false, fin = false, rst = false, ack = false;
    std::size_t payload = 0;  ///< bytes
    std::uint16_t client_port = 0;
};

/// What the path saw of its connections.
struct path_report {
    std::size_t connections = 0;
    /// Connections on which a request reached the server after the server's FIN or RST had left it: caught in the race.
    std::size_t crossed = 0;
    /// Connections that the server ended when a request had arrived that it had not answered.
    std::size_t unanswered = 0;
};

/// A TUN device whose far end sends every packet back with its addresses exchanged, after a delay. So a server that listens
/// on `server_address` is reached at `address`, through the kernel's TCP twice and `one_way` in each direction.
///
/// The first one moves the calling thread into a network namespace of its own, and with it the threads it starts from then
/// on: make the path before servers and agents. One at a time. Its functions may be called from any thread.
class delayed_path {
public:
    static constexpr const char* address = "10.77.0.2";
    static constexpr const char* server_address = "10.77.0.1";

    /// Why there can be no path here, in words; empty when there can.
    [[nodiscard]] static const std::string& unavailable();

    /// Throws std::system_error. REQUIRES: unavailable() is empty.
    explicit delayed_path(std::chrono::microseconds one_way = std::chrono::milliseconds(10));
    ~delayed_path();
    delayed_path(const delayed_path&) = delete;
    delayed_path& operator=(const delayed_path&) = delete;

    [[nodiscard]] std::chrono::microseconds round_trip() const noexcept { return 2 * one_way_; }
    /// A server's URL as a client on the far side writes it.
    [[nodiscard]] static std::string through(std::string url);
    /// As a NAT that was restarted: nothing gets through any more on the connections there are.
    void forget();
    /// Asked of each segment that enters the path, on the path's thread: true loses it. Empty: none.
    void lose_if(std::function<bool(const segment&)> lost);
    [[nodiscard]] path_report report();

private:
    using clock = std::chrono::steady_clock;
    struct flow {
        bool forgotten = false;
        bool unanswered = false;  // the server has a request
        bool ended = false;       // the server's FIN or RST has left it
        bool unanswered_at_end = false;
        bool crossed = false;
    };
    using flow_key = std::pair<std::uint16_t, std::uint16_t>;  // ports of client and server
    struct packet {
        clock::time_point due;
        std::optional<std::pair<flow_key, segment>> what;  // none for what is not TCP
        std::vector<char> bytes;
    };

    void carry();
    void take_all();
    void give_due();
    [[nodiscard]] std::optional<std::pair<flow_key, segment>> parse(const std::vector<char>& bytes);
    [[nodiscard]] bool enters(const flow_key& key, const segment& s);
    void arrives(const flow_key& key, const segment& s);

    std::chrono::microseconds one_way_;
    int tun_ = -1;
    int wake_ = -1;
    std::deque<packet> under_way_;  // of the thread alone
    std::mutex mutex_;
    std::map<flow_key, flow> flows_;
    std::function<bool(const segment&)> lose_;
    std::thread thread_;
};

}  // namespace hearth::test
