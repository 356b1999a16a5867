#include "monitor/visitor.hpp"

#include "monitor/access.hpp"
#include "monitor/page_files.hpp"
#include "net/no_throw.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/read.hpp>

#include <algorithm>
#include <array>
#include <exception>
#include <utility>
#include <vector>

namespace hearth::detail {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;
using net::no_throw;
using namespace std::chrono_literals;

constexpr std::uint32_t head_max = 8 * 1024 - 1;  // less than the buffer, so that its own limit is met first
constexpr auto head_time = 5s;                    // from a head's first byte, or a connection's begin, to its end
constexpr auto idle_time = 75s;                   // between requests; Prometheus comes every minute or sooner
constexpr auto write_time = 10s;                  // an answer, or one event
constexpr auto never = visitor::clock::time_point::max();

constexpr std::string_view metrics_type = "text/plain; version=0.0.4; charset=utf-8";

std::string_view path_of(std::string_view target) { return target.substr(0, target.find('?')); }

const page_file* find_page_file(std::string_view path) {
    const auto all = page_files();
    const auto it = std::ranges::find(all, path, &page_file::path);
    return it == all.end() ? nullptr : &*it;
}

std::string_view to_view(boost::beast::string_view s) { return {s.data(), s.size()}; }

}  // namespace

void visitors::sweep() {
    const auto now = visitor::clock::now();
    for (visitor* v : std::vector(all.begin(), all.end())) {
        if (v->deadline() <= now) v->close();
    }
}

bool visitors::make_room() {
    const auto it = std::ranges::min_element(all, {}, [](const visitor* v) { return v->waiting_since(); });
    if (it == all.end() || (*it)->waiting_since() == never) return false;
    (*it)->close();
    return true;
}

void visitors::close() {
    closing = true;
    for (visitor* v : std::vector(all.begin(), all.end())) v->close();
}

visitor::visitor(visitors& others, socket_type socket) : others_(others), socket_(std::move(socket)) {
    others_.all.insert(this);
}

visitor::~visitor() { others_.all.erase(this); }

void visitor::start() {
    asio::co_spawn(
        socket_.get_executor(), [self = shared_from_this()] { return self->run(); }, asio::detached);
}

void visitor::close() noexcept {
    deadline_ = waiting_since_ = never;
    others_.all.erase(this);
    error_code ignored;
    // A peer that still sends is to read what was written to it all the same.
    socket_.shutdown(socket_type::shutdown_send, ignored);
    socket_.close(ignored);
    // Else its seat would stay taken until the next frames.
    if (std::exchange(watching_, false)) others_.pool.wake();
}

asio::awaitable<void> visitor::run() {
    try {
        bool more = co_await serve_one(true);
        while (more && socket_.is_open()) more = co_await serve_one(false);
    } catch (const std::exception&) {
        // Out of memory: there is no answer.
    }
    close();
}

asio::awaitable<bool> visitor::await_bytes(bool first) {
    waiting_since_ = clock::now();
    if (buffer_.size() > 0) co_return true;
    allow(first ? visitor::clock::duration(head_time) : idle_time);
    const auto [error] = co_await socket_.async_wait(socket_type::wait_read, no_throw);
    co_return !error && socket_.is_open();
}

asio::awaitable<bool> visitor::serve_one(bool first) {
    if (!co_await await_bytes(first)) co_return false;
    allow(head_time);
    parser p;
    p.header_limit(head_max);
    const auto [error, size] = co_await http::async_read_header(socket_, buffer_, p, no_throw);
    if (!socket_.is_open()) co_return false;
    waiting_since_ = never;
    if (error) {
        if (error.category() != make_error_code(http::error::bad_method).category() || error == http::error::end_of_stream ||
            error == http::error::partial_message) {
            co_return false;
        }
        const bool large = error == http::error::header_limit || error == http::error::buffer_overflow;
        const answer a =
            large ? refusal(431, "A request's head has at most 8 KiB.\n") : refusal(400, "This is no HTTP request.\n");
        (void)co_await write(a.head(false), a.body());
        co_return false;
    }
    const request& r = p.get();
    // What would follow is not read: there is nothing that one could send.
    const bool has_body = p.chunked() || p.content_length().value_or(0) > 0;
    const answer a = co_await answer_to(r);
    if (!socket_.is_open()) co_return false;
    const bool keep = r.keep_alive() && !has_body && !a.endless && a.status < 500 && !others_.closing;
    const bool head_only = r.method() == http::verb::head;
    if (!co_await write(a.head(keep), head_only ? std::string_view() : a.body())) co_return false;
    if (a.endless && !head_only) co_await show_frames();
    co_return keep;
}

// What keeps a request from being looked at; a status of 200 when nothing does.
answer visitor::refuse(const request& r) const {
    if (r.method() != http::verb::get && r.method() != http::verb::head)
        return refusal(405, "Only GET and HEAD are answered here.\n");
    const auto hosts = r.count(http::field::host);
    if (hosts > 1 || (hosts == 0 && r.version() > 10)) return refusal(400, "A request has one Host header.\n");
    const listen_address& here = others_.address;
    if (here.loopback && hosts == 1 && !names_this_machine(to_view(r[http::field::host]), here)) {
        return refusal(
            421, "This monitor listens on loopback and answers to localhost, 127.0.0.1, [::1] and its own address only.\n");
    }
    return {};
}

asio::awaitable<answer> visitor::answer_to(const request& r) {
    answer a = refuse(r);
    if (a.status != 200) co_return a;
    const std::string_view path = path_of(to_view(r.target()));
    // The page itself holds no data: anyone may have it, and it asks its user for the token.
    if (const page_file* f = find_page_file(path)) co_return answer{.content_type = f->content_type, .text = f->content};
    if (path != "/metrics" && path != "/stats.json" && path != "/events") {
        co_return refusal(404, "There are /, /metrics, /stats.json and /events.\n");
    }
    const std::string& token = others_.options.token;
    if (!token.empty() && !bears(to_view(r[http::field::authorization]), token)) {
        co_return refusal(401, "This monitor wants a token: Authorization: Bearer TOKEN\n");
    }
    if (path == "/events") {
        if (others_.pool.viewers() >= others_.options.max_viewers)
            co_return refusal(503, "There are too many viewers already.\n");
        a.content_type = "text/event-stream";
        a.endless = true;
        co_return a;
    }
    const auto what = co_await others_.pool.fresh();
    if (!what) co_return refusal(503, "This monitor is ending.\n");
    const bool json = path == "/stats.json";
    a.content_type = json ? "application/json" : metrics_type;
    a.shared = json ? what->json() : what->metrics(others_.series, others_.pool.viewers());
    co_return a;
}

asio::awaitable<bool> visitor::write(std::string_view head, std::string_view body) {
    allow(write_time);
    const std::array<asio::const_buffer, 2> both = {asio::buffer(head), asio::buffer(body)};
    const auto [error, size] = co_await asio::async_write(socket_, both, no_throw);
    co_return !error && socket_.is_open();
}

// One event at a time is on its way: what a slow viewer cannot take is left out, and never waits in memory.
asio::awaitable<void> visitor::show_frames() {
    // There may be others by now, who came while the head was written.
    if (others_.pool.viewers() >= others_.options.max_viewers) co_return;
    struct seat {
        explicit seat(hub& p) : pool(p) { pool.viewer_came(); }
        ~seat() { pool.viewer_left(); }
        seat(const seat&) = delete;
        seat& operator=(const seat&) = delete;
        hub& pool;
    };
    const seat mine(others_.pool);
    watching_ = true;
    end_with_peer();
    auto what = co_await others_.pool.fresh();
    std::uint64_t seen = 0;
    while (what && socket_.is_open()) {
        const std::uint64_t sequence = what->what().sequence;
        const shared_text text = sequence == seen + 1 && seen > 0 ? what->event_with_news() : what->event_with_recent();
        seen = sequence;
        // A slow viewer holds the text, and nothing that it was made from.
        what.reset();
        if (!co_await write({}, *text)) co_return;
        // However long the interval is.
        deadline_ = never;
        what = co_await others_.pool.after(seen, watching_);
    }
}

// A viewer has nothing more to say: what can be read is its end, or a misunderstanding.
void visitor::end_with_peer() {
    socket_.async_wait(socket_type::wait_read, [self = shared_from_this()](const error_code& error) {
        if (!error) self->close();
    });
}

}  // namespace hearth::detail
