#include "agent/outgoing.hpp"

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/dispatch.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace hearth::detail {

namespace asio = boost::asio;
using http1::request_body;

namespace {

std::string in_words(int error) { return std::generic_category().message(error); }

}  // namespace

body_plan plan_body(const body& b) {
    if (const std::string* bytes = b.bytes()) return {request_body::length, bytes->size(), {}};
    if (const auto* part = b.as_file()) {
        struct stat info {};
        const std::string name = part->path.string();
        const auto bad = [&](const std::string& why) {
            return body_plan{request_body::length, 0, http1::fault{errc::file_failed, name + ": " + why}};
        };
        if (::stat(name.c_str(), &info) != 0) return bad(in_words(errno));
        if (!S_ISREG(info.st_mode)) return bad("not a regular file");
        if (::access(name.c_str(), R_OK) != 0) return bad(in_words(errno));
        return {request_body::length, static_cast<std::uint64_t>(info.st_size), {}};
    }
    if (const auto* part = b.as_source()) {
        if (part->length) return {request_body::length, *part->length, {}};
        return {request_body::chunked, 0, {}};
    }
    return {};
}

/// A read of a source. It outlives the attempt that asked for it when the source is slower than the failure.
struct outgoing::reading {
    outgoing* owner = nullptr;  // null: abandoned
    bool inside = false;        // async_read has not returned yet
    bool arrived = false;
    error_code ec;
    std::size_t size = 0;
};

void outgoing::begin(std::string_view head, const body& b, const body_plan& plan, bool hold_body) {
    abandon();
    front_ = head;
    back_ = {};
    memory_ = {};
    held_ = hold_body && plan.framing != request_body::none;
    done_ = false;
    chunk_open_ = false;
    chunked_ = plan.framing == request_body::chunked;
    left_ = plan.length;
    from_ = origin::none;
    if (const std::string* bytes = b.bytes()) {
        from_ = origin::memory;
        memory_ = *bytes;
        if (!held_) back_ = std::exchange(memory_, {});
    } else if (const auto* part = b.as_file()) {
        from_ = origin::file;
        file_.reset(::open(part->path.c_str(), O_RDONLY | O_CLOEXEC));
        if (!file_) wrong_ = {errc::file_failed, part->path.string() + ": " + in_words(errno)};
    } else if (const auto* given = b.as_source()) {
        from_ = origin::source;
        source_ = given->source;
    }
}

void outgoing::listen(const asio::any_io_executor& executor, std::function<void()> resume) {
    executor_ = executor;
    resume_ = std::move(resume);
}

outgoing::state outgoing::next() {
    if (!front_.empty() || !back_.empty()) return state::ready;
    if (done_) return state::done;
    if (held_) return state::held;
    return refill();
}

void outgoing::wrote(std::size_t n) noexcept {
    const std::size_t of_front = std::min(n, front_.size());
    front_ = front_.subspan(of_front);
    back_ = back_.subspan(n - of_front);
}

void outgoing::stash() {
    if (front_.empty()) return;
    small_.assign(front_.begin(), front_.end());
    front_ = small_;
}

outgoing::state outgoing::refill() {
    switch (from_) {
        case origin::none: return finish();
        case origin::memory: back_ = std::exchange(memory_, {}); return back_.empty() ? finish() : state::ready;
        case origin::file: return refill_from_file();
        case origin::source: return refill_from_source();
    }
    return finish();
}

outgoing::state outgoing::refill_from_file() {
    if (!file_) return state::failed;
    if (left_ == 0) return finish();
    if (!piece_) piece_ = std::make_shared<std::vector<char>>(piece_size);
    ssize_t n = 0;
    do {
        n = ::read(file_.get(), piece_->data(), static_cast<std::size_t>(std::min<std::uint64_t>(left_, piece_size)));
    } while (n < 0 && errno == EINTR);
    if (n < 0) return fail(errc::file_failed, "reading the body: " + in_words(errno));
    if (n == 0) return fail(errc::invalid_body, "the file became shorter while it was sent");
    left_ -= static_cast<std::uint64_t>(n);
    back_ = {piece_->data(), static_cast<std::size_t>(n)};
    return state::ready;
}

outgoing::state outgoing::refill_from_source() {
    if (!chunked_ && left_ == 0) return finish();
    if (!reading_) {
        // The source may go on writing into the piece after this attempt has ended: both hold it.
        piece_ = std::make_shared<std::vector<char>>(piece_size);
        reading_ = std::make_shared<reading>();
        reading_->owner = this;
        reading_->inside = true;
        consumed_ = true;
        const std::size_t room =
            chunked_ ? piece_size : static_cast<std::size_t>(std::min<std::uint64_t>(left_, piece_size));
        source_->async_read(
            {piece_->data(), room},
            asio::bind_executor(executor_, [r = reading_, piece = piece_, ex = executor_](error_code ec, std::size_t n) {
                asio::dispatch(ex, [r, ec, n] {
                    r->arrived = true;
                    r->ec = ec;
                    r->size = n;
                    if (r->owner != nullptr && !r->inside) r->owner->resume_();
                });
            }));
        if (!reading_) return state::failed;
        reading_->inside = false;
    }
    if (!reading_->arrived) return state::waiting;
    const std::shared_ptr<reading> read = std::exchange(reading_, nullptr);
    read->owner = nullptr;
    if (read->ec) return fail(errc::invalid_body, "the body's source failed: " + read->ec.message());
    if (read->size > piece_size)
        return fail(errc::invalid_body, "the body's source claims to have read more than there was room for");
    return take_from_source(read->size);
}

outgoing::state outgoing::take_from_source(std::size_t n) {
    if (!chunked_) {
        if (n == 0) return fail(errc::invalid_body, "the body's source ended " + std::to_string(left_) + " bytes early");
        if (n > left_) return fail(errc::invalid_body, "the body's source gave more than its length");
        left_ -= n;
        back_ = {piece_->data(), n};
        return state::ready;
    }
    small_.assign(std::exchange(chunk_open_, n > 0) ? http1::chunk_end : std::string_view());
    if (n == 0) {
        small_.append(http1::last_chunk);
        front_ = small_;
        from_ = origin::none;
        return state::ready;
    }
    small_.append(http1::chunk_header(n).view());
    front_ = small_;
    back_ = {piece_->data(), n};
    return state::ready;
}

outgoing::state outgoing::finish() {
    done_ = true;
    file_.reset();
    if (from_ != origin::none) piece_.reset();
    return state::done;
}

outgoing::state outgoing::fail(errc code, std::string detail) {
    wrong_ = {code, std::move(detail)};
    return state::failed;
}

bool outgoing::replayable(const body& b) const noexcept {
    if (b.as_source() == nullptr) return true;
    return reading_ == nullptr && (!consumed_ || b.replayable());
}

bool outgoing::rewind(const body& b) {
    if (const auto* part = b.as_source(); part != nullptr && consumed_) {
        if (!part->source->rewind()) return false;
        consumed_ = false;
    }
    return true;
}

void outgoing::abandon() noexcept {
    if (reading_) reading_->owner = nullptr;
    reading_.reset();
    front_ = back_ = {};
    file_.reset();
}

}  // namespace hearth::detail
