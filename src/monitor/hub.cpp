#include "monitor/hub.hpp"

#include "net/no_throw.hpp"

#include <boost/asio/post.hpp>

#include <atomic>
#include <exception>
#include <mutex>
#include <utility>

namespace hearth::detail {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using net::no_throw;
using namespace std::chrono_literals;

// What keeps a monitor from waiting for an agent whose thread is busy, blocked or not running.
constexpr auto patience = 1s;

}  // namespace

/// How agents' threads reach the hub, as long as there is one.
class hub::mailbox {
public:
    mailbox(asio::io_context& context, hub& to) : context_(&context), to_(to) {}

    void close() {
        const std::lock_guard held(mutex_);
        context_ = nullptr;
    }
    /// Calls f(hub) on its thread; it may never be called.
    template <class F>
    void post(F f) {
        const std::lock_guard held(mutex_);
        if (context_ != nullptr) asio::post(*context_, [&to = to_, f = std::move(f)]() mutable { f(to); });
    }

private:
    std::mutex mutex_;
    asio::io_context* context_;
    hub& to_;
};

/// Goes along with a question. An agent that ends drops it, which is an answer too.
class hub::reply {
public:
    reply(std::shared_ptr<mailbox> to, gathering::part_id id) : to_(std::move(to)), id_(id) {}
    reply(const reply&) = delete;
    reply& operator=(const reply&) = delete;
    ~reply() {
        if (quiet_) return;
        try {
            to_->post([id = id_](hub& h) { h.end(id); });
        } catch (...) {
            // Out of memory: it owes this answer for ever, and is shown as it was.
        }
    }
    void give(watch_report report) {
        quiet_ = true;
        to_->post([id = id_, r = std::move(report)](hub& h) mutable { h.take(id, std::move(r)); });
    }
    /// To be dropped means nothing from now on.
    void keep_quiet() noexcept { quiet_ = true; }

private:
    std::shared_ptr<mailbox> to_;
    gathering::part_id id_;
    std::atomic<bool> quiet_ = false;
};

hub::hub(asio::io_context& context, const monitor_options& options)
    : options_(options),
      gathering_(options.max_origins),
      mailbox_(std::make_shared<mailbox>(context, *this)),
      patience_(context),
      next_(context),
      changed_(context, clock::time_point::max()) {}

hub::~hub() { mailbox_->close(); }

void hub::add(const std::string& name, std::vector<std::shared_ptr<watched>> parts) {
    const auto ids = gathering_.add(name, parts.size());
    for (std::size_t i = 0; i < ids.size(); ++i) parts_[ids[i]].from = std::move(parts[i]);
    // Who asks next hears of it.
    begun_ = {};
}

void hub::close() {
    closed_ = true;
    asking_ = false;
    mailbox_->close();
    patience_.cancel();
    next_.cancel();
    changed_.cancel();
}

bool hub::is_stale() const { return !newest_ || clock::now() - begun_ >= options_.interval; }

asio::awaitable<std::shared_ptr<frames>> hub::fresh() {
    if (closed_ || !is_stale()) co_return newest_;
    if (!asking_) begin_round();
    const std::uint64_t round = round_;
    while (asking_ && round_ == round) co_await changed_.async_wait(no_throw);
    co_return newest_;
}

asio::awaitable<std::shared_ptr<frames>> hub::after(std::uint64_t sequence, const bool& wanted) {
    while (!closed_ && wanted && (!newest_ || newest_->what().sequence <= sequence)) co_await changed_.async_wait(no_throw);
    co_return closed_ || !wanted ? nullptr : newest_;
}

void hub::wake() noexcept { changed_.cancel(); }

void hub::viewer_came() {
    if (++viewers_ == 1) schedule();
}

void hub::viewer_left() noexcept {
    if (--viewers_ == 0) next_.cancel();
}

// The next round, an interval after the last one's begin.
void hub::schedule() {
    if (closed_ || asking_ || viewers_ == 0) return;
    next_.expires_at(begun_ + options_.interval);
    next_.async_wait([this](const error_code& error) {
        if (!error && !closed_ && !asking_ && viewers_ > 0) begin_round();
    });
}

void hub::begin_round() {
    ++round_;
    begun_ = clock::now();
    patience_.expires_after(patience);
    patience_.async_wait([this, round = round_](const error_code& error) {
        if (!error && asking_ && round_ == round) end_round();
    });
    // It ends, whatever is thrown from here on.
    asking_ = true;
    missing_ = 0;
    for (auto it = parts_.begin(); it != parts_.end();) {
        auto& [id, p] = *it++;  // it may go
        // One that still owes an earlier answer is not asked again: its thread is stuck, and questions would pile up.
        if (p.owes == 0) ask(id, p);
    }
    if (missing_ == 0) end_round();
}

void hub::ask(gathering::part_id id, part& p) {
    std::shared_ptr<reply> r;
    try {
        r = std::make_shared<reply>(mailbox_, id);
        p.owes = round_;
        ++missing_;
        // When it has ended, the reply says so when it is dropped.
        (void)p.from->ask({.events_after = gathering_.last_event(id)},
                          [r](watch_report report) { r->give(std::move(report)); });
    } catch (...) {
        // Out of memory, or the agent's executor took nothing: it is shown as it was, and asked again in the next round.
        if (r) r->keep_quiet();
        if (std::exchange(p.owes, 0) != 0) --missing_;
    }
}

void hub::take(gathering::part_id id, watch_report report) {
    const auto it = parts_.find(id);
    if (it == parts_.end()) return;
    const std::uint64_t owed = std::exchange(it->second.owes, 0);
    try {
        gathering_.take(id, std::move(report));
    } catch (const std::exception&) {
        // Out of memory: it is shown as it was.
    }
    note_answer(owed);
}

void hub::end(gathering::part_id id) {
    const auto it = parts_.find(id);
    if (it == parts_.end()) return;
    const std::uint64_t owed = it->second.owes;
    parts_.erase(it);
    gathering_.end(id);
    note_answer(owed);
}

void hub::note_answer(std::uint64_t round) {
    if (asking_ && round == round_ && --missing_ == 0) end_round();
}

void hub::end_round() {
    asking_ = false;
    patience_.cancel();
    try {
        newest_ = look();
    } catch (const std::exception&) {
        // Out of memory: the last ones stand, and whoever waits for others does so until the next round.
    }
    changed_.cancel();
    schedule();
}

std::shared_ptr<frames> hub::look() {
    snapshot s = gathering_.look();
    s.sequence = round_;
    s.time = std::chrono::system_clock::now();
    s.started = started_;
    s.interval = options_.interval;
    return std::make_shared<frames>(std::move(s), options_.max_origins);
}

}  // namespace hearth::detail
