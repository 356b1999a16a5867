#include "agent/call.hpp"

#include "agent/core.hpp"
#include "agent/recycling.hpp"

#include <boost/asio/dispatch.hpp>

#include <algorithm>
#include <utility>

namespace hearth::detail {

namespace {

constexpr std::size_t spare_fields_size = 4096;  // of a response's fields, to be worth keeping

}  // namespace

call::call(std::shared_ptr<agent_core> c, hearth::request&& r) : core(std::move(c)), request(std::move(r)) {
    (void)spares<headers>::take(message_.fields);
}

std::shared_ptr<call> make_call(std::shared_ptr<agent_core> core, request&& r) {
    return std::allocate_shared<call>(recycling<call>(), std::move(core), std::move(r));
}

call::~call() {
    if (message_.fields.capacity() > spare_fields_size) return;
    message_.fields.clear();
    spares<headers>::leave(std::move(message_.fields));
}

void call::start_reading(const http1::read_limits& limits) {
    buffer_.clear();
    reader_.start(message_, limits, {.head = request.method == "HEAD", .connect = false, .upgrade = plan.upgrade});
}

std::size_t call::room() const noexcept {
    if (draining) return drain_left_;
    if (sink_ && !sink_->satisfied()) return static_cast<std::size_t>(-1);
    const std::size_t held = buffer_.size() - buffer_at_;
    return held >= read_ahead_max ? 0 : read_ahead_max - held;
}

void call::deliver_head(failure_ptr f) {
    answered = true;
    core->ready(shared_from_this(), std::move(f));
}

void call::on_body(std::string_view piece) {
    if (draining) {
        drain_left_ -= std::min(drain_left_, piece.size());
        return;
    }
    if (sink_ && buffer_at_ == buffer_.size()) {
        piece.remove_prefix(sink_->take(piece));
        if (fail_sink()) return;
    }
    if (!piece.empty()) buffer_.append(piece);
    if (sink_ && sink_->satisfied()) finish_sink(nullptr);
}

void call::on_body_end() {
    body_ended_ = true;
    feed_sink();
}

void call::read(std::unique_ptr<body_sink> sink) {
    const agent_core::step in_step(*core, body_ended_);
    if (body_taken_ && !sink_ && !sink->takes_all()) return core->ready(std::move(sink), failed);  // its end, again
    if (sink_ || body_taken_ || !answered) {
        const char* why = sink_ ? "the body is being read" : "the body has been read";
        core->ready(std::move(sink),
                    core->make_failure(*this, {.code = errc::body_already_read, .phase = phase::body, .detail = why}, {}));
        return;
    }
    sink_ = std::move(sink);
    if (const auto slot = sink_->slot(); slot.is_connected()) {
        auto cancelling = slot;
        cancelling.assign([self = weak_from_this()](boost::asio::cancellation_type) {
            const auto me = self.lock();
            if (!me) return;
            boost::asio::dispatch(me->core->executor(), [me] { me->core->cancel(*me); });
        });
    }
    // What is all there is handed over as it is.
    if (message_.framing == http1::body_framing::length && !body_ended_ && buffer_at_ == 0) sink_->expect(message_.length);
    feed_sink();
    if (sink_ && conn != nullptr) conn->go_on_reading();
}

std::optional<std::string> call::take_whole(std::uint64_t size_max) {
    if (!body_ended_ || body_taken_ || sink_ || failed || buffer_at_ > 0 || buffer_.size() > size_max) return {};
    body_taken_ = true;
    return std::exchange(buffer_, {});
}

// Gives the reader what is there, and its end if that has come.
void call::feed_sink() {
    if (!sink_ || fail_sink()) return;
    if (buffer_at_ < buffer_.size()) {
        if (body_ended_ && buffer_at_ == 0 && sink_->takes_all()) {
            sink_->take_whole(std::exchange(buffer_, {}));
        } else {
            buffer_at_ += sink_->take(std::string_view(buffer_).substr(buffer_at_));
        }
        if (fail_sink()) return;
        if (buffer_at_ == buffer_.size()) {
            buffer_.clear();
            buffer_at_ = 0;
        }
    }
    if (sink_->satisfied()) return finish_sink(nullptr);
    if (failed) {
        body_taken_ = true;
        return finish_sink(failed);
    }
    if (!body_ended_) return;
    body_taken_ = true;
    sink_->ended();
    if (!fail_sink()) finish_sink(nullptr);
}

// A sink that cannot go on ends the call: what else would read the rest?
bool call::fail_sink() {
    const sink_error* wrong = sink_->error();
    if (wrong == nullptr) return false;
    body_taken_ = true;
    exchange_failure f{.code = wrong->code,
                       .cause = wrong->cause,
                       .phase = phase::body,
                       .evidence = evidence::response_begun,
                       .detail = wrong->detail};
    if (conn != nullptr) conn->give_up(close_reason::unread);
    if (stage != stage::over) {
        core->fail(*this, std::move(f));
    } else {
        finish_sink(core->make_failure(*this, std::move(f), {}));
    }
    return true;
}

void call::finish_sink(failure_ptr f) {
    if (!sink_) return;
    if (auto slot = sink_->slot(); slot.is_connected()) slot.clear();
    core->ready(std::move(sink_), std::move(f));
    if (abandoned_) abandon();
}

void call::fail(failure_ptr f) {
    failed = f;
    if (!answered) {
        message_.clear();  // half a head is none
        return deliver_head(std::move(f));
    }
    if (sink_) {
        body_taken_ = true;
        finish_sink(std::move(f));
    }
}

void call::abandon() {
    const agent_core::step in_step(*core);
    if (stage == stage::over) return;
    abandoned_ = true;
    if (sink_) return;  // what was begun goes on: its handler is still waiting
    draining = true;
    buffer_.clear();
    buffer_at_ = 0;
    if (conn != nullptr) {
        conn->drain();
    } else {
        core->cancel(*this);
    }
}

}  // namespace hearth::detail
