#include "top_run.hpp"

#include "cli_common.hpp"
#include "get_streams.hpp"
#include "top_screen.hpp"
#include "top_view.hpp"

#include "values/text.hpp"

#include <hearth/agent.hpp>
#include <hearth/url.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include <unistd.h>

namespace hearth::cli {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

constexpr std::array<std::chrono::milliseconds, 5> waits{500ms, 1s, 2s, 4s, 5s};  // between tries; the last again and again
constexpr auto quiet_max = 15s;          // an answer that stands still for longer is given up
constexpr auto stream_quiet_max = 3min;  // a stream: three of the longest intervals, its own not being known at the request
constexpr std::size_t plain_width = 120;

std::string token() {
    const char* value = std::getenv("HEARTH_MONITOR_TOKEN");
    return value == nullptr ? std::string() : std::string(value);
}

agent_options make_options(const top_place& place) {
    agent_options o;
    o.socket_path = place.socket_path;
    o.connect_timeout = 5s;
    o.headers_timeout = 10s;
    o.body_timeout = quiet_max;
    o.retry.max_retries = 0;  // trying again is told, and so done, here
    o.max_collected_size = event_reader::event_max;
    if (const std::string t = token(); !t.empty()) o.headers.add("Authorization", "Bearer " + t);
    return o;
}

class top_run {
public:
    explicit top_run(const top_options& options)
        : options_(options),
          place_(parse_place(options.address)),
          executor_(context_.get_executor()),
          agent_(executor_, make_options(place_)),
          signals_(executor_),
          wait_(executor_) {}

    int run() {
        std::signal(SIGPIPE, SIG_IGN);
        once_ = options_.once || (!options_.json && !is_terminal(stdout));
        if (!once_ && !options_.json) screen_.emplace();
        for (const int s : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH, SIGTSTP, SIGCONT}) {
            if (screen_ || s == SIGINT || s == SIGTERM) signals_.add(s);
        }
        watch_signals();
        const auto rethrow = [](const std::exception_ptr& e) {
            if (e) std::rethrow_exception(e);
        };
        asio::co_spawn(executor_, once_ ? show_once() : follow(), rethrow);
        if (screen_ && is_terminal(stdin)) asio::co_spawn(executor_, read_keys(), rethrow);
        draw();
        context_.run();
        screen_.reset();
        return status_;
    }

private:
    // A monitor's answer with status 200; else throws, saying what it was.
    asio::awaitable<response> ask(const char* path, std::chrono::milliseconds quiet) {
        request r("GET", place_.base + path);
        r.options.body_timeout = quiet;
        response answer = co_await agent_.send(std::move(r));
        if (answer.status() == 401 || answer.status() == 403)
            throw std::runtime_error(token().empty() ? "it asks for a token: set HEARTH_MONITOR_TOKEN"
                                                     : "it does not accept the token in HEARTH_MONITOR_TOKEN");
        if (answer.status() == 503) throw std::runtime_error("it has as many viewers as it allows");
        if (answer.status() != 200) throw std::runtime_error(fmt::format("it answered {}", answer.status()));
        co_return answer;
    }

    asio::awaitable<void> show_once() {
        std::exception_ptr failed;
        try {
            response answer = co_await ask("/stats.json", quiet_max);
            const std::string text = co_await answer.text();
            if (options_.json) {
                pass_on(text);
            } else {
                model_.take(parse_frame(text));
                const auto extent = top_screen::size();
                const top_paper paper{.width = is_terminal(stdout) ? extent.width : plain_width,
                                      .color = wants_color(stdout),
                                      .unicode = terminal_has_unicode()};
                for (const std::string& line : draw_top(model_, choices_, "live", paper)) print(line);
            }
        } catch (const std::exception&) {
            failed = std::current_exception();
        }
        stop();
        if (failed && status_ == exit_done) std::rethrow_exception(failed);
    }

    asio::awaitable<void> follow() {
        std::size_t failures = 0;
        while (!stopping_) {
            std::string why;
            try {
                co_await read_events(failures);
                why = "it ended the stream";
            } catch (const std::exception& e) {
                why = e.what();
            }
            if (stopping_) break;
            model_.lose();
            const auto wait = waits.at(std::min(failures++, waits.size() - 1));
            if (lost_since_.empty()) lost_since_ = clock_text();
            tell(
                fmt::format("lost since {}: {}; trying again in {}", lost_since_, terminal_text(why), short_duration(wait)));
            wait_.expires_after(wait);
            boost::system::error_code ignored;
            co_await wait_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        }
    }

    asio::awaitable<void> read_events(std::size_t& failures) {
        response answer = co_await ask("/events", stream_quiet_max);
        event_reader events;
        std::vector<char> piece(64 * 1024);
        while (const std::size_t n = co_await answer.read_some(asio::buffer(piece))) {
            events.push({piece.data(), n}, [&](std::string_view data) { take(data); });
            failures = 0;
        }
    }

    void take(std::string_view data) {
        lost_since_.clear();
        link_ = "live";
        if (options_.json) return pass_on(data);
        model_.take(parse_frame(data));
        if (!choices_.paused) draw();
    }

    void tell(std::string what) {
        link_ = std::move(what);
        if (!screen_) fmt::print(stderr, "hearth top: {}\n", link_);
        draw();
    }

    // What the monitor said, as it is, unless a terminal would obey it.
    void pass_on(std::string_view said) {
        const std::string_view line = said.substr(0, said.find_last_not_of('\n') + 1);
        print(is_terminal(stdout) ? terminal_text(line) : std::string(line));
    }

    void print(std::string line) {
        line += '\n';
        if (std::fwrite(line.data(), 1, line.size(), stdout) == line.size() && std::fflush(stdout) == 0) return;
        const int why = errno;
        // A reader that has had enough ends what would go on for ever; all else that is not written is missing.
        if (why != EPIPE && !stopping_)
            fmt::print(stderr, "hearth top: cannot write: {}\n", std::generic_category().message(why));
        if (once_ || why != EPIPE) status_ = exit_failed;
        stop();
    }

    void draw() {
        if (!screen_) return;
        const auto [width, height] = top_screen::size();
        screen_->show(
            draw_top(held_ ? *held_ : model_, choices_, link_,
                     {.width = width, .height = height, .color = wants_color(stdout), .unicode = terminal_has_unicode()}));
    }

    asio::awaitable<void> read_keys() {
        input keys(executor_, "-");
        keys_ = &keys;
        std::array<char, 64> piece{};
        std::string pressed;
        try {
            while (const std::size_t n = co_await keys.read_some(piece)) {
                pressed.append(piece.data(), n);
                const std::size_t page = std::max<std::size_t>(1, top_screen::size().height / 2);
                while (!pressed.empty()) {
                    if (!press(pressed, choices_, page)) stop();
                    hold();
                }
                draw();
            }
        } catch (const std::exception&) {
            // Given up, or the terminal has gone: then there are no more keys.
        }
        keys_ = nullptr;
    }

    // While it is paused, keys still work, on what was there when the pause began.
    void hold() {
        if (!choices_.paused) {
            held_.reset();
        } else if (!held_) {
            held_ = model_;
        }
    }

    void watch_signals() {
        signals_.async_wait([this](const boost::system::error_code& ec, int signal) {
            if (ec) return;
            if (signal == SIGWINCH || signal == SIGCONT) {
                if (screen_) screen_->enter();
                draw();
            } else if (signal == SIGTSTP) {
                screen_->leave();
                ::raise(SIGSTOP);  // SIGCONT comes with what ends it
            } else {
                status_ = 128 + signal;
                return stop();
            }
            watch_signals();
        });
    }

    void stop() {
        stopping_ = true;
        agent_.destroy();
        signals_.cancel();
        wait_.cancel();
        if (keys_ != nullptr) keys_->give_up();
    }

    static std::string clock_text() {
        const std::time_t now = std::time(nullptr);
        std::tm local{};
        ::localtime_r(&now, &local);
        return fmt::format("{:02}:{:02}:{:02}", local.tm_hour, local.tm_min, local.tm_sec);
    }

    top_options options_;
    top_place place_;
    bool once_ = false;
    asio::io_context context_{1};
    asio::any_io_executor executor_;
    hearth::agent agent_;
    asio::signal_set signals_;
    asio::steady_timer wait_;
    std::optional<top_screen> screen_;
    input* keys_ = nullptr;
    top_model model_;
    std::optional<top_model> held_;  // what is shown while paused
    top_choices choices_;
    std::string link_ = "connecting";
    std::string lost_since_;
    bool stopping_ = false;
    int status_ = exit_done;
};

}  // namespace

top_place parse_place(const std::string& address) {
    constexpr std::string_view unix_scheme = "unix:";
    if (address.starts_with(unix_scheme)) {
        if (address.size() == unix_scheme.size())
            throw usage_error("unix: needs the socket's path, as in unix:/run/service/hearth.sock");
        return {.base = "http://localhost", .socket_path = address.substr(unix_scheme.size())};
    }
    std::string text = address.starts_with(':') ? "127.0.0.1" + address : address;
    if (text.find("://") == std::string::npos) text.insert(0, "http://");
    try {
        const url where = url::parse(text);
        if (!where.userinfo.empty() || where.target.find('?') != std::string::npos)
            throw usage_error(
                "a monitor's address has neither credentials nor a query; a token goes into HEARTH_MONITOR_TOKEN");
        std::string base = where.origin() + where.target;
        while (base.ends_with('/')) base.pop_back();
        return {.base = std::move(base), .socket_path = {}};
    } catch (const error& e) {
        throw usage_error(fmt::format("{}: write HOST:PORT, http://HOST:PORT or unix:/PATH", e.what()));
    }
}

int run_top(const top_options& options) { return top_run(options).run(); }

}  // namespace hearth::cli
