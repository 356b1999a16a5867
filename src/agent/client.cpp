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

/// Counts a call into its loop's load, from before it is posted until its head has arrived.
class counted_call {
public:
    explicit counted_call(client_loop& loop) noexcept : loop_(loop) { loop_.count_load(1); }
    ~counted_call() { loop_.count_load(-1); }
    counted_call(const counted_call&) = delete;
    counted_call& operator=(const counted_call&) = delete;

private:
    client_loop& loop_;
};

/// A response that lives on a loop and is read from any thread. Made on the loop.
class client_exchange {
public:
    client_exchange(std::shared_ptr<client_core> core, client_loop& loop, response r)
        : core_(std::move(core)), loop_(loop), response_(std::move(r)), timings_at_head_(response_.timings()) {}
    ~client_exchange() {
        if (response_.is_complete()) return;
        // Its end is the loop's business; std::function wants to be copyable, hence the shared_ptr.
        auto r = std::make_shared<response>(std::move(response_));
        (void)loop_.post([r = std::move(r)] {});
    }
    client_exchange(const client_exchange&) = delete;
    client_exchange& operator=(const client_exchange&) = delete;

    /// The head does not change any more: any thread may look.
    [[nodiscard]] const response& head() const noexcept { return response_; }

    /// Timings alone go on changing, on the loop, until the body has come.
    [[nodiscard]] response_timings timings() const noexcept {
        return response_.is_complete() ? response_.timings() : timings_at_head_;
    }

    [[nodiscard]] std::string text() {
        // A small body comes with its head, and the loop has done with it.
        if (auto whole = response_.take_text()) return std::move(*whole);
        return wait_for<std::string>([](response& r, auto done) { r.text(std::move(done)); });
    }

    /// Starts `read(response, handler)` on the loop and waits for what the handler is given.
    template <class Result, class Read>
    [[nodiscard]] Result wait_for(Read read) {
        struct reading final : client_loop::wait {
            reading(client_exchange& e, Read r) : exchange(e), read(std::move(r)) {}
            void begin() override {
                read(exchange.response_, [this](error_code ec, Result value) {
                    error = ec;
                    result = std::move(value);
                    exchange.loop_.finish(*this);
                });
            }
            client_exchange& exchange;
            Read read;
            error_code error;
            Result result{};
        } reading(*this, std::move(read));
        core_->refuse_loops_thread();
        if (!loop_.run(reading)) throw error(errc::agent_closed);
        if (reading.error) throw why(reading.error);
        return std::move(reading.result);
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
    client_loop& loop_;
    response response_;
    response_timings timings_at_head_;
};

namespace {

// What waits holds the core itself: the client may be destroyed meanwhile.
client_response send_and_wait(std::shared_ptr<client_core> core, request r) {
    struct sending final : client_loop::wait {
        sending(const std::shared_ptr<client_core>& c, client_loop& l, hearth::request what)
            : core(c), loop(l), request(std::move(what)) {}
        void begin() override {
            loop.agent().send(std::move(request), [this](error_code ec, response r) {
                if (ec)
                    failed.emplace(*r.failure());
                else
                    answer = std::make_shared<client_exchange>(core, loop, std::move(r));
                loop.finish(*this);
            });
        }
        const std::shared_ptr<client_core>& core;
        client_loop& loop;
        hearth::request request;
        std::optional<error> failed;
        std::shared_ptr<client_exchange> answer;
    };
    core->refuse_loops_thread();
    client_loop& loop = core->loop_for(r.url);
    const counted_call counted(loop);
    sending s(core, loop, std::move(r));
    if (!loop.run(s)) throw error(errc::agent_closed);
    if (s.failed) throw error(*s.failed);
    return client_response(std::move(s.answer));
}

std::future<client_response> send_later(const std::shared_ptr<client_core>& core, request r) {
    using sent = std::promise<client_response>;
    client_loop& loop = core->loop_for(r.url);
    const auto promise = std::make_shared<sent>();
    auto result = promise->get_future();
    const auto what = std::make_shared<request>(std::move(r));
    const auto counted = std::make_shared<counted_call>(loop);
    const bool posted = loop.post([core, &loop, promise, what, counted] {
        loop.count_unattended(1);
        loop.agent().send(std::move(*what), [core, &loop, promise, counted](error_code ec, response answer) {
            loop.count_unattended(-1);
            if (ec) return promise->set_exception(std::make_exception_ptr(error(*answer.failure())));
            promise->set_value(client_response(std::make_shared<client_exchange>(core, loop, std::move(answer))));
        });
    });
    if (!posted) promise->set_exception(std::make_exception_ptr(error(errc::agent_closed)));
    return result;
}

/// Runs `start(agent, done)` on every loop and waits until each has called its `done`.
template <class Start>
void on_every_loop(std::shared_ptr<client_core> core, Start start) {
    core->refuse_loops_thread();
    std::vector<std::future<void>> all;
    for (const auto& loop : core->loops()) {
        const auto promise = std::make_shared<std::promise<void>>();
        auto done = promise->get_future();
        if (loop->post([l = loop.get(), start, promise] { start(l->agent(), [promise] { promise->set_value(); }); }))
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
std::string client_response::text() { return body_of(exchange_).text(); }
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

client_response client::send(request r) { return detail::send_and_wait(core_, std::move(r)); }
std::future<client_response> client::async_send(request r) { return detail::send_later(core_, std::move(r)); }

void client::warm(std::string_view url, std::size_t n) {
    (void)url::parse(url);
    const auto warm_one = [&](detail::client_loop& loop, std::size_t some) {
        (void)loop.post([&loop, text = std::string(url), some] { loop.agent().warm(text, some); });
    };
    if (!core_->spreads()) return warm_one(core_->loop_for(url), n);
    const auto& loops = core_->loops();
    for (std::size_t i = 0; i < loops.size(); ++i) {
        const std::size_t some = n / loops.size() + (i < n % loops.size() ? 1 : 0);
        if (some > 0) warm_one(*loops[i], some);
    }
}

void client::close_idle() {
    for (const auto& loop : core_->loops()) (void)loop->post([l = loop.get()] { l->agent().close_idle(); });
}

void client::close() {
    detail::on_every_loop(core_, [](agent& a, auto done) { a.close([done](error_code) { done(); }); });
}

void client::destroy() {
    detail::on_every_loop(core_, [](agent& a, auto done) {
        a.destroy();
        done();
    });
}

stats client::stats() const {
    std::mutex mutex;
    hearth::stats all;
    detail::on_every_loop(core_, [&](agent& a, auto done) {
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
