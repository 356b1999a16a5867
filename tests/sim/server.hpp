// A simulated origin: a small HTTP/1.1 server with habits, good and bad, and the truth about what it was asked.
#pragma once

#include "tcp.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace hearth::sim {

enum class goodbye : std::uint8_t {
    fin,
    reset,
    half_close,  ///< goes on reading
    say_408,     ///< and FIN
    silence,     ///< not the server: something on the way forgets the connection
};

enum class restart_kind : std::uint8_t {
    drain,       ///< idle connections first, the others when they have answered
    kill,        ///< the kernel closes everything
    power_loss,  ///< nobody says anything; what comes afterwards is answered by resets
};

/// What a server does. Chances in per mille.
struct habits {
    nanoseconds idle_timeout{0};  ///< 0: never closes
    goodbye idle_ends_by = goodbye::fin;
    unsigned hint_s = 0;        ///< told in Keep-Alive: timeout=; 0: nothing. May be a lie
    unsigned requests_max = 0;  ///< then it closes, 0: never
    bool announces_close = true;
    bool executes_when_half_closed = false;
    nanoseconds read_delay{0};  ///< its program is so late to read, at most
    nanoseconds work{0};        ///< and takes so long to answer, at most
    unsigned drops_unanswered = 0, executes_and_resets = 0, cuts_short = 0, answers_early = 0, adds_junk = 0, loses_path = 0;
    std::size_t body_max = 200;    ///< at most 60'000: fits the send buffer
    nanoseconds restart_every{0};  ///< 0: never
    nanoseconds downtime{0};
    restart_kind restarts_by = restart_kind::drain;
};

class server {
public:
    server(network& net, const habits& h);
    server(const server&) = delete;
    server& operator=(const server&) = delete;

    sim::host host;
    /// The application has read a request to its end; called with its id.
    std::function<void(std::uint64_t)> delivered;
    /// No more restarts.
    void settle() { settled_ = true; }
    /// Everything is closed.
    void stop();

    /// What a response to `id` must say.
    [[nodiscard]] static std::string body_for(std::uint64_t id, std::size_t size);

    struct tally {
        std::uint64_t deliveries = 0, idle_closes = 0, restarts = 0, faults = 0;
    };
    [[nodiscard]] const tally& counts() const { return counts_; }

private:
    /// The application's view of one connection.
    struct session {
        connection* on = nullptr;
        std::string in{};
        unsigned served = 0;
        bool busy = false;     // reading or working
        bool reading = false;  // a read is due
        bool closes = false;   // after the answer at hand
        bool half_closed = false;
        std::uint64_t turn = 0;  // moves on with each request: voids the idle timer
    };

    void accept(connection& c);
    void changed(session& s);
    void read(session& s);
    void work(session& s, std::uint64_t id, bool is_head);
    void finish(session& s, std::uint64_t id, bool is_head);
    void wait_idle(session& s);
    void say_goodbye(session& s);
    void close(session& s);
    void restart();
    void come_back();
    void listen();
    [[nodiscard]] bool has_half_open() const;

    network& net_;
    habits habits_;
    std::vector<std::unique_ptr<session>> sessions_;
    tally counts_;
    bool draining_ = false;
    bool settled_ = false;
    bool stopped_ = false;
};

}  // namespace hearth::sim
