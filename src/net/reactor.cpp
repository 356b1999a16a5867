#include "net/reactor.hpp"

#include "net/fd.hpp"

#include <boost/asio/post.hpp>
#include <boost/system/system_error.hpp>

#include <cerrno>
#include <utility>

namespace hearth::net {

namespace {

[[nodiscard]] error_code last_error() noexcept { return {errno, boost::system::system_category()}; }

[[noreturn]] void throw_no_epoll(error_code cause) {
    failure f;
    f.code = errc::out_of_descriptors;
    f.cause = cause;
    f.phase = phase::connect;
    f.detail = "no epoll set can be made";
    throw error(std::move(f));
}

using descriptor = boost::asio::posix::basic_stream_descriptor<boost::asio::any_io_executor>;

// The first descriptor of a context makes Asio open some of its own.
[[nodiscard]] descriptor make_descriptor(const boost::asio::any_io_executor& executor) {
    try {
        return descriptor(executor);
    } catch (const boost::system::system_error& e) {
        throw_no_epoll(e.code());
    }
}

[[nodiscard]] readiness meaning_of(std::uint32_t events) noexcept {
    return {.readable = (events & EPOLLIN) != 0,
            .writable = (events & EPOLLOUT) != 0,
            .hangup = (events & (EPOLLRDHUP | EPOLLHUP)) != 0,
            .error = (events & EPOLLERR) != 0};
}

}  // namespace

// Completes a wait, or goes on with a batch. It may run when the reactor is gone, so it asks the owner before it touches it.
struct reactor::wake {
    std::weak_ptr<void> owner;
    reactor* self;
    std::uint64_t wait;

    void operator()(error_code error = {}) const {
        const auto alive = owner.lock();
        if (!alive || error || wait != self->wait_ || self->stopped_) return;
        self->deliver();
    }
};

// A step, from `before` to `after`, and what comes then, also when a callback throws.
struct reactor::bracket {
    reactor& self;
    explicit bracket(reactor& r) : self(r) {
        if (self.before_) self.before_();
        self.in_step_ = true;
    }
    ~bracket() {
        if (self.after_) self.after_();
        self.in_step_ = false;
        self.go_on();
    }
    bracket(const bracket&) = delete;
    bracket& operator=(const bracket&) = delete;
};

reactor::reactor(const boost::asio::any_io_executor& executor) : epoll_(make_descriptor(executor)) {
    unique_fd fd(::epoll_create1(EPOLL_CLOEXEC));
    if (!fd) throw_no_epoll(last_error());
    error_code failed;
    epoll_.assign(fd.get(), failed);
    if (failed) throw_no_epoll(failed);
    static_cast<void>(fd.release());
}

reactor::~reactor() = default;

error_code reactor::add(int fd, watcher& w) {
    epoll_event event{};
    event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
    event.data.ptr = &w;
    if (::epoll_ctl(epoll_.native_handle(), EPOLL_CTL_ADD, fd, &event) != 0) return last_error();
    ++watched_;
    if (!in_step_) arm();
    return {};
}

void reactor::remove(int fd, watcher& w) noexcept {
    epoll_event unused{};
    ::epoll_ctl(epoll_.native_handle(), EPOLL_CTL_DEL, fd, &unused);
    for (auto i = batch_next_; i < batch_end_; ++i) {
        if (batch_[i].data.ptr == &w) batch_[i].data.ptr = nullptr;
    }
    if (watched_ > 0 && --watched_ == 0) disarm();
}

void reactor::start(std::weak_ptr<void> owner, std::function<void()> before, std::function<void()> after) {
    owner_ = std::move(owner);
    before_ = std::move(before);
    after_ = std::move(after);
    started_ = true;
    arm();
}

void reactor::stop() noexcept {
    stopped_ = true;
    disarm();
}

void reactor::step(const std::function<void()>& f) {
    if (in_step_) {
        f();
        return;
    }
    const auto alive = owner_.lock();
    if (!alive) return;
    const bracket within(*this);
    f();
}

void reactor::arm() {
    if (armed_ || watched_ == 0 || !started_ || stopped_) return;
    armed_ = true;
    epoll_.async_wait(boost::asio::posix::descriptor_base::wait_read, wake{owner_, this, ++wait_});
}

void reactor::disarm() noexcept {
    if (!armed_) return;
    armed_ = false;
    ++wait_;
    error_code ignored;
    epoll_.cancel(ignored);
}

void reactor::fill_batch() noexcept {
    const int n = ::epoll_wait(epoll_.native_handle(), batch_.data(), static_cast<int>(batch_size), 0);
    batch_next_ = 0;
    batch_end_ = n > 0 ? static_cast<std::size_t>(n) : 0;
}

void reactor::deliver() {
    armed_ = false;
    if (batch_next_ == batch_end_) fill_batch();
    const bracket within(*this);
    while (batch_next_ < batch_end_ && !stopped_) {
        const auto& event = batch_[batch_next_++];
        if (event.data.ptr != nullptr) static_cast<watcher*>(event.data.ptr)->on_ready(meaning_of(event.events));
    }
}

// A full batch, or one cut short by an exception, goes on behind whatever else the executor has to do.
void reactor::go_on() {
    const bool more = batch_next_ < batch_end_ || batch_end_ == batch_size;
    if (!more || stopped_ || watched_ == 0) {
        batch_next_ = batch_end_ = 0;
        arm();
        return;
    }
    if (batch_next_ == batch_end_) batch_next_ = batch_end_ = 0;
    armed_ = true;
    boost::asio::post(epoll_.get_executor(), wake{owner_, this, ++wait_});
}

}  // namespace hearth::net
