// A simulated TCP: two kernels, the path between them, and the books that each end keeps. As Linux behaves, as far as it
// bears on when a byte was acknowledged, how a connection ends, and what its owner is told of that.
//
// Left out: windows and congestion, selective acknowledgement (what comes out of order is thrown away and sent again),
// reordering, SYN queues.
#pragma once

#include "choices.hpp"
#include "policy/evidence.hpp"
#include "timeline.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hearth::sim {

struct segment {
    std::uint64_t seq = 0, ack = 0;
    std::string data{};
    bool has_ack = false, syn = false, fin = false, rst = false;
    [[nodiscard]] std::uint64_t end() const { return seq + data.size() + (syn ? 1 : 0) + (fin ? 1 : 0); }
};

class connection;

/// One end of a connection, in its kernel. Sequence numbers: the SYN is 0, the first byte 1.
class tcp_socket {
public:
    enum class stage : std::uint8_t {
        absent,      ///< the kernel knows of no such socket
        connecting,  ///< a SYN was sent
        open,
        closed,  ///< TCP_CLOSE: reset or given up; its owner still has it
    };

    explicit tcp_socket(connection& on) : on_(on) {}

    /// Its owner is told: there is something to read, room to write, an end.
    std::function<void()> changed;

    // The owner's calls.
    void connect(nanoseconds probe_after);
    /// How much was taken; 0 when there is no room. REQUIRES: open, no error waits.
    std::size_t write(std::string_view bytes);
    [[nodiscard]] std::string& received() { return in_; }
    [[nodiscard]] int take_error() { return std::exchange(error_, 0); }
    void shutdown_write();
    /// As close(2): a reset if something is unread, else FIN; what was written goes on being sent.
    void close();
    /// Close with SO_LINGER {1, 0}.
    void abort();
    /// Its machine lost power.
    void vanish();
    void set_user_timeout(nanoseconds patience) { user_timeout_ = patience; }

    // What its owner can see.
    [[nodiscard]] enum stage stage() const { return stage_; }
    [[nodiscard]] bool has_end() const { return fin_in_ || stage_ == stage::closed; }
    [[nodiscard]] bool has_fin() const { return fin_in_; }
    [[nodiscard]] bool has_error() const { return error_ != 0; }
    [[nodiscard]] bool is_writable() const { return stage_ == stage::open && out_.size() < send_buffer; }
    [[nodiscard]] bool is_quiet() const { return in_.empty() && !has_end() && !has_error(); }
    [[nodiscard]] policy::tcp_books books() const;
    [[nodiscard]] nanoseconds rtt() const { return srtt_; }
    [[nodiscard]] bool is_orphan() const { return orphan_; }

    // The network's calls.
    void receive(const segment& s);
    /// A SYN has come and is answered.
    void listen();

private:
    void send(segment s);
    void send_new();
    void send_ack();
    void send_reset();
    void refuse(const segment& s);
    void owe_ack();
    void take_ack(std::uint64_t ack);
    void take_data(const segment& s);
    void sample_rtt(nanoseconds took);
    void arm_retransmission();
    void retransmit();
    void probe();
    void end_with(int error);
    void leave();
    void tell() {
        if (changed) changed();
    }
    void later(nanoseconds wait, void (tcp_socket::*what)(), std::uint64_t& generation);
    [[nodiscard]] nanoseconds now() const;

    static constexpr std::size_t send_buffer = 64 * 1024;

    connection& on_;
    enum stage stage_ = stage::absent;
    bool orphan_ = false;  // its owner has closed it
    bool fin_out_ = false;
    bool fin_in_ = false;
    int error_ = 0;

    std::string in_;
    std::uint64_t expected_ = 0;  // the next sequence number to come
    bool ack_owed_ = false;

    std::string out_;               // accepted and not acknowledged
    std::uint64_t una_ = 0;         // the first number not acknowledged
    std::uint64_t next_ = 0;        // the next to send
    std::uint64_t sent_ = 0;        // past the last ever sent
    std::uint64_t written_ = 1;     // past the last byte accepted
    nanoseconds last_sent_{0};      // data
    nanoseconds stalled_since_{0};  // when what is unacknowledged was first sent, or the last progress
    std::uint32_t retransmits_ = 0;
    bool ever_retransmitted_ = false;
    nanoseconds rto_ = std::chrono::seconds(1);
    nanoseconds srtt_{0}, rttvar_{0}, rtt_min_{0};
    std::uint64_t timed_end_ = 0;  // the segment whose round trip is measured; 0 for none
    nanoseconds timed_since_{0};
    nanoseconds user_timeout_{0};

    nanoseconds probe_after_{0};
    nanoseconds last_heard_{0};
    unsigned probes_ = 0;

    // Timers: a newer generation makes older ones void.
    std::uint64_t retransmission_timer_ = 0, ack_timer_ = 0, probe_timer_ = 0, linger_timer_ = 0;
};

/// A server's machine, and the path to it.
struct host {
    nanoseconds delay{0};   ///< one way, at least
    nanoseconds jitter{0};  ///< at most so much more
    unsigned lost_per_mille = 0;
    bool up = true;  ///< the machine
    /// Who takes new connections; null when nobody listens.
    std::function<void(connection&)> accept{};
    std::size_t client_sockets = 0;  ///< that the client has to it now
};

/// A connection: both ends and what lies between. Lives as long as its network.
class connection {
public:
    connection(class network& in, host& to) : in_(in), to_(to) {}
    connection(const connection&) = delete;
    connection& operator=(const connection&) = delete;

    tcp_socket client{*this};
    tcp_socket server{*this};
    bool forgotten = false;  ///< by something on the way, which drops everything from now on
    bool accepted = false;

    [[nodiscard]] host& to() { return to_; }
    [[nodiscard]] network& in() { return in_; }
    void send(const tcp_socket& from, segment s);

private:
    void arrive_at_server(const segment& s);

    network& in_;
    host& to_;
    nanoseconds last_arrival_[2] = {};
};

class network {
public:
    network(timeline& t, choices& c) : time(t), pick(c) {}

    connection& add(host& to) {
        connections_.push_back(std::make_unique<connection>(*this, to));
        return *connections_.back();
    }
    [[nodiscard]] const std::vector<std::unique_ptr<connection>>& connections() const { return connections_; }

    timeline& time;
    choices& pick;

private:
    std::vector<std::unique_ptr<connection>> connections_;
};

}  // namespace hearth::sim
