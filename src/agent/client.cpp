#include <hearth/client.hpp>

#include "agent/client_core.hpp"

#include <hearth/url.hpp>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <exception>
#include <future>
#include <utility>

namespace hearth {

namespace detail {

/// A response that lives on an I/O thread and is read from others.
class client_exchange {
public:
    client_exchange(std::shared_ptr<client_core> core, client_thread& thread, response r)
        : core_(std::move(core)), thread_(thread), response_(std::move(r)), timings_at_head_(response_.timings()) {}
    ~client_exchange() {
        // Its end is the I/O thread's business; std::function wants to be copyable, hence the shared_ptr.
        auto r = std::make_shared<response>(std::move(response_));
        (void)thread_.post([r = std::move(r)] {});
    }
    client_exchange(const client_exchange&) = delete;
    client_exchange& operator=(const client_exchange&) = delete;

    /// The head does not change any more: any thread may look.
    [[nodiscard]] const response& head() const noexcept { return response_; }

    /// Timings alone go on changing, on the I/O thread, until the body has come.
    [[nodiscard]] response_timings timings() const noexcept {
        return response_.is_complete() ? response_.timings() : timings_at_head_;
    }

    /// Starts `read(response, handler)` on the I/O thread and waits for what the handler is given.
    template <class Result, class Read>
    [[nodiscard]] Result wait_for(Read read) {
        core_->refuse_io_thread();
        const auto promise = std::make_shared<std::promise<Result>>();
        auto result = promise->get_future();
        const bool posted = thread_.post([this, promise, read] {
            read(response_, [this, promise](error_code ec, Result value) {
                if (!ec) return promise->set_value(std::move(value));
                promise->set_exception(std::make_exception_ptr(why(ec)));
            });
        });
        if (!posted) throw error(errc::agent_closed);
        return result.get();
    }

private:
    // The sink's own failures (a second reader, a file) are not the response's.
    [[nodiscard]] error why(error_code ec) const {
        const failure* f = response_.failure();
        if (f != nullptr && f->code == ec) return error(*f);
        failure own;
        own.code = ec;
        own.phase = phase::body;
        return error(std::move(own));
    }

    std::shared_ptr<client_core> core_;
    client_thread& thread_;
    response response_;
    response_timings timings_at_head_;
};

namespace {

using sent = std::promise<client_response>;

std::future<client_response> send_on(const std::shared_ptr<client_core>& core, request r) {
    client_thread& thread = core->thread_of(r.url);
    const auto promise = std::make_shared<sent>();
    auto result = promise->get_future();
    const auto what = std::make_shared<request>(std::move(r));
    const bool posted = thread.post([core, &thread, promise, what] {
        thread.agent().send(std::move(*what), [core, &thread, promise](error_code ec, response answer) {
            if (ec) return promise->set_exception(std::make_exception_ptr(error(*answer.failure())));
            promise->set_value(client_response(std::make_shared<client_exchange>(core, thread, std::move(answer))));
        });
    });
    if (!posted) promise->set_exception(std::make_exception_ptr(error(errc::agent_closed)));
    return result;
}

/// Runs `start(agent, done)` on every thread and waits until each has called its `done`.
template <class Start>
void on_every_thread(client_core& core, Start start) {
    core.refuse_io_thread();
    std::vector<std::future<void>> all;
    for (const auto& thread : core.threads()) {
        const auto promise = std::make_shared<std::promise<void>>();
        auto done = promise->get_future();
        if (thread->post([t = thread.get(), start, promise] { start(t->agent(), [promise] { promise->set_value(); }); }))
            all.push_back(std::move(done));
    }
    for (auto& one : all) one.get();
}

}  // namespace
}  // namespace detail

client_response::client_response(std::shared_ptr<detail::client_exchange> e) noexcept : exchange_(std::move(e)) {}
client_response::client_response(client_response&&) noexcept = default;
client_response& client_response::operator=(client_response&&) noexcept = default;
client_response::~client_response() = default;

namespace {

const response nothing;

const response& head_of(const std::shared_ptr<detail::client_exchange>& e) noexcept { return e ? e->head() : nothing; }

detail::client_exchange& body_of(const std::shared_ptr<detail::client_exchange>& e) {
    if (!e) throw error(errc::body_already_read, "an empty response has no body");
    return *e;
}

}  // namespace

int client_response::status() const noexcept { return head_of(exchange_).status(); }
std::string_view client_response::reason() const noexcept { return head_of(exchange_).reason(); }
int client_response::version() const noexcept { return head_of(exchange_).version(); }
const headers& client_response::headers() const noexcept { return head_of(exchange_).headers(); }
const headers& client_response::trailers() const noexcept { return head_of(exchange_).trailers(); }
std::optional<std::uint64_t> client_response::content_length() const noexcept { return head_of(exchange_).content_length(); }
unsigned client_response::attempts() const noexcept { return head_of(exchange_).attempts(); }
bool client_response::reused() const noexcept { return head_of(exchange_).reused(); }
std::uint64_t client_response::connection() const noexcept { return head_of(exchange_).connection(); }
std::string_view client_response::remote() const noexcept { return head_of(exchange_).remote(); }
response_timings client_response::timings() const noexcept { return exchange_ ? exchange_->timings() : response_timings(); }

std::size_t client_response::read_some(std::span<char> into) {
    const boost::asio::mutable_buffer buffer(into.data(), into.size());
    return body_of(exchange_).wait_for<std::size_t>(
        [buffer](response& r, auto done) { r.read_some(buffer, std::move(done)); });
}
std::string client_response::text() {
    return body_of(exchange_).wait_for<std::string>([](response& r, auto done) { r.text(std::move(done)); });
}
std::uint64_t client_response::save(const std::filesystem::path& path) {
    return body_of(exchange_).wait_for<std::uint64_t>([path](response& r, auto done) { r.save(path, std::move(done)); });
}
std::uint64_t client_response::discard() {
    return body_of(exchange_).wait_for<std::uint64_t>([](response& r, auto done) { r.discard(std::move(done)); });
}

client::client(const client_options& options) : core_(std::make_shared<detail::client_core>(options)) {}
client::client(client&&) noexcept = default;
client& client::operator=(client&& other) noexcept {
    if (this != &other) {
        if (core_) core_->stop();
        core_ = std::move(other.core_);
    }
    return *this;
}
client::~client() {
    if (core_) core_->stop();
}

client_response client::send(request r) {
    core_->refuse_io_thread();
    return detail::send_on(core_, std::move(r)).get();
}
std::future<client_response> client::async_send(request r) { return detail::send_on(core_, std::move(r)); }

void client::warm(std::string_view url, std::size_t n) {
    (void)url::parse(url);
    detail::client_thread& thread = core_->thread_of(url);
    (void)thread.post([&thread, text = std::string(url), n] { thread.agent().warm(text, n); });
}

void client::close_idle() {
    for (const auto& thread : core_->threads()) (void)thread->post([t = thread.get()] { t->agent().close_idle(); });
}

void client::close() {
    detail::on_every_thread(*core_, [](agent& a, auto done) { a.close([done](error_code) { done(); }); });
}

void client::destroy() {
    detail::on_every_thread(*core_, [](agent& a, auto done) {
        a.destroy();
        done();
    });
}

stats client::stats() const {
    std::mutex mutex;
    hearth::stats all;
    detail::on_every_thread(*core_, [&](agent& a, auto done) {
        const hearth::stats part = a.stats();
        {
            const std::lock_guard lock(mutex);
            all += part;
        }
        done();
    });
    return all;
}

}  // namespace hearth
