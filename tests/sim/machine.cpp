#include "sim/machine.hpp"

#include <algorithm>
#include <utility>

namespace hearth::sim {

using namespace std::chrono_literals;

namespace {

machine* running = nullptr;
constexpr nanoseconds turn_takes = 20us;

}  // namespace

machine::machine(network& net, boost::asio::io_context& context) : net_(net), context_(context) { running = this; }
machine::~machine() { running = nullptr; }
machine& machine::here() { return *running; }

int machine::open(const std::string& name, nanoseconds probe_after) {
    host& to = *hosts.at(name);
    const int fd = first_fd + static_cast<int>(sockets_.size());
    sockets_.push_back({.to = &net_.add(to)});
    ++to.client_sockets;
    if (on_socket) on_socket(to);
    socket(fd).changed = [this, fd] { announce(fd); };
    socket(fd).connect(probe_after);
    return fd;
}

void machine::close(int fd, bool abort) {
    --at(fd).to->to().client_sockets;
    abort ? socket(fd).abort() : socket(fd).close();
}

void machine::announce(int fd) {
    if (std::exchange(at(fd).announced, true)) return;
    announced_.push_back(fd);
    wake(now());
}

std::vector<int> machine::take_announced() {
    auto ready = std::exchange(announced_, {});
    for (const int fd : ready) at(fd).announced = false;
    return ready;
}

void machine::call(nanoseconds at, std::function<void()> what) {
    net_.time.at(at, [this, what = std::move(what)]() mutable {
        tasks_.push_back(std::move(what));
        wake(now());
    });
}

void machine::ring_at(nanoseconds at) {
    alarm_ = at;
    if (at != nanoseconds::max()) wake(at);
}

void machine::wake(nanoseconds at) {
    at = std::max({at, busy_until_, now()});
    if (at >= next_turn_) return;
    next_turn_ = at;
    net_.time.at(at, [this, at] {
        if (next_turn_ == at) turn();
    });
}

void machine::run_posted() {
    context_.restart();
    context_.poll();
}

// What is due is done in any order, as an executor may: sockets, the alarm, the program's own calls. Between two of them,
// and at the end, what was posted.
void machine::turn() {
    next_turn_ = nanoseconds::max();
    std::vector<std::function<void()>> due = std::exchange(tasks_, {});
    if (alarm_ <= now()) {
        due.emplace_back([this] {
            if (alarm_ > now()) return;  // moved meanwhile
            alarm_ = nanoseconds::max();
            if (ring) ring();
        });
    }
    if (!announced_.empty()) {
        due.emplace_back([this] { deliver ? deliver() : void(take_announced()); });
    }
    while (!due.empty()) {
        const auto next = due.begin() + static_cast<std::ptrdiff_t>(pick().below(due.size()));
        const auto what = std::move(*next);
        due.erase(next);
        what();
        if (pick().one_in(2)) run_posted();
    }
    run_posted();
    if (on_turn) on_turn();
    busy_until_ = now() + turn_takes;
    if (pick().one_in(late_one_in)) busy_until_ += pick().within(late_max);
    if (alarm_ != nanoseconds::max()) wake(alarm_);
    if (!tasks_.empty() || !announced_.empty()) wake(now());
}

}  // namespace hearth::sim
