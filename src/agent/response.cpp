#include <hearth/response.hpp>

#include "agent/core.hpp"
#include "agent/raw_stream.hpp"

#include <boost/asio/dispatch.hpp>

#include <utility>

namespace hearth {

namespace {

const headers no_headers;

bool is_over(const std::shared_ptr<detail::call>& c) noexcept {
    return !c || c->stage.load(std::memory_order_acquire) == detail::stage::over;
}

void let_go(std::shared_ptr<detail::call> c) {
    if (is_over(c)) return;  // needs nobody's attention, whichever thread this is
    const auto executor = c->core->executor();
    boost::asio::dispatch(executor, [c = std::move(c)] { c->abandon(); });
}

}  // namespace

response& response::operator=(response&& other) noexcept {
    if (this != &other) let_go(std::exchange(call_, std::move(other.call_)));
    return *this;
}

response::~response() { let_go(std::move(call_)); }

int response::status() const noexcept { return call_ ? call_->message().status : 0; }
std::string_view response::reason() const noexcept {
    return call_ ? std::string_view(call_->message().reason) : std::string_view();
}
int response::version() const noexcept { return call_ ? 10 + static_cast<int>(call_->message().minor) : 0; }
const headers& response::headers() const noexcept { return call_ ? call_->message().fields : no_headers; }
const headers& response::trailers() const noexcept { return call_ ? call_->message().trailers : no_headers; }

std::optional<std::uint64_t> response::content_length() const noexcept {
    if (!call_ || call_->message().framing != http1::body_framing::length) return {};
    return call_->message().length;
}

unsigned response::attempts() const noexcept { return call_ ? call_->attempts : 0; }
bool response::reused() const noexcept { return call_ && call_->reused; }
std::uint64_t response::connection() const noexcept { return call_ ? call_->connection_number : 0; }
std::string_view response::remote() const noexcept { return call_ ? std::string_view(call_->remote) : std::string_view(); }
response_timings response::timings() const noexcept { return call_ ? call_->timings : response_timings(); }
bool response::is_complete() const noexcept { return is_over(call_); }
const failure* response::failure() const noexcept { return call_ ? call_->failed.get() : nullptr; }

stream response::upgrade() {
    auto transport = call_ ? call_->take_upgraded() : nullptr;
    if (!transport) throw error(errc::body_already_read, "there is no upgraded connection to hand over");
    return stream(std::make_shared<detail::raw_stream>(call_->core->executor(), std::move(transport),
                                                       std::move(call_->upgraded_bytes)));
}

namespace {

std::uint64_t collected_max(const std::shared_ptr<detail::call>& c) { return c->core->options().max_collected_size; }

}  // namespace

const std::shared_ptr<detail::call>& response::held() const {
    if (!call_) throw error(errc::body_already_read, "an empty response has no body");
    return call_;
}

std::optional<std::string> response::take_text() {
    if (!call_ || !is_over(call_)) return {};
    return call_->take_whole(collected_max(call_));
}

void response::start_read_some(detail::completion<std::size_t> done, std::shared_ptr<detail::call> c,
                               boost::asio::mutable_buffer into) {
    c->read(detail::make_some_sink(std::move(done), into));
}
void response::start_text(detail::completion<std::string> done, std::shared_ptr<detail::call> c) {
    c->read(detail::make_text_sink(std::move(done), collected_max(c)));
}
void response::start_json(detail::completion<boost::json::value> done, std::shared_ptr<detail::call> c) {
    c->read(detail::make_json_sink(std::move(done), collected_max(c)));
}
void response::start_save(detail::completion<std::uint64_t> done, std::shared_ptr<detail::call> c,
                          const std::filesystem::path& path) {
    c->read(detail::make_file_sink(std::move(done), path));
}
void response::start_discard(detail::completion<std::uint64_t> done, std::shared_ptr<detail::call> c) {
    c->read(detail::make_discard_sink(std::move(done)));
}

}  // namespace hearth
