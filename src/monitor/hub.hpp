// Asks agents for reports while somebody looks, and not otherwise.
#pragma once

#include "agent/watch.hpp"
#include "monitor/frames.hpp"
#include "monitor/snapshot.hpp"

#include <hearth/monitor.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace hearth::detail {

/// Lives on the monitor's own thread: all but its constructor and destructor run there. REQUIRES: when it is destroyed, that
/// thread runs no more.
class hub {
public:
    hub(boost::asio::io_context& context, const monitor_options& options);
    ~hub();
    hub(const hub&) = delete;
    hub& operator=(const hub&) = delete;

    void add(const std::string& name, std::vector<std::shared_ptr<watched>> parts);
    /// Asks no more; who waits gets what there is.
    void close();

    /// What there is to see, no older than an interval: agents are asked first, where need be. One that does not answer
    /// within a second is shown as it was. Null when the hub was closed first.
    [[nodiscard]] boost::asio::awaitable<std::shared_ptr<frames>> fresh();

    /// While there are viewers, there are new frames every interval.
    void viewer_came();
    void viewer_left() noexcept;
    [[nodiscard]] std::size_t viewers() const noexcept { return viewers_; }
    /// The next frames after those with this sequence number, at once if they are there; null when the hub is closed, or
    /// when they are not `wanted` any more: who turns that off calls wake() then.
    [[nodiscard]] boost::asio::awaitable<std::shared_ptr<frames>> after(std::uint64_t sequence, const bool& wanted);
    void wake() noexcept;

private:
    using clock = std::chrono::steady_clock;
    class mailbox;
    class reply;
    struct part {
        std::shared_ptr<watched> from;
        std::uint64_t owes = 0;  // its answer to this round's question; 0: none
    };

    [[nodiscard]] bool is_stale() const;
    void begin_round();
    void ask(gathering::part_id id, part& p);
    void take(gathering::part_id id, watch_report report);
    void end(gathering::part_id id);
    void note_answer(std::uint64_t round);
    void end_round();
    [[nodiscard]] std::shared_ptr<frames> look();
    void schedule();

    monitor_options options_;
    std::chrono::system_clock::time_point started_ = std::chrono::system_clock::now();
    gathering gathering_;
    std::map<gathering::part_id, part> parts_{};
    std::shared_ptr<mailbox> mailbox_;
    std::size_t viewers_ = 0;

    std::uint64_t round_ = 0;
    bool asking_ = false;
    bool closed_ = false;
    std::size_t missing_ = 0;    // answers of this round
    clock::time_point begun_{};  // this round, or the last
    std::shared_ptr<frames> newest_{};

    boost::asio::steady_timer patience_;  // with this round's answers
    boost::asio::steady_timer next_;      // round
    boost::asio::steady_timer changed_;   // never expires: cancelled when there are new frames, or somebody left
};

}  // namespace hearth::detail
