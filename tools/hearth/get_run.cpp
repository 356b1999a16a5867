#include "get_run.hpp"

#include "monitor_flag.hpp"
#include "values/text.hpp"

#include <hearth/error.hpp>
#include <hearth/url.hpp>
#include <hearth/version.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

namespace hearth::cli {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

constexpr std::size_t piece_size = 64 * 1024;
// A body in a JSON object: enough for what an API answers, and N of them at a time do not exhaust memory.
constexpr std::size_t json_body_max = 1024 * 1024;
constexpr std::size_t stdin_body_max = 64 * 1024 * 1024;
// What a finished job has to say is worth this much waiting for a slow reader after Ctrl-C.
constexpr auto last_words_max = 1s;

// A body's file. It is made when the head has arrived, so that a request that fails does not empty an older one.
class file_writer {
public:
    explicit file_writer(const std::string& path) : path_(path), file_(std::fopen(path.c_str(), "wbe")) {
        if (!file_) fail();
    }
    void write(std::string_view bytes) {
        if (std::fwrite(bytes.data(), 1, bytes.size(), file_.get()) != bytes.size()) fail();
    }
    void close() {
        if (std::fclose(file_.release()) != 0) fail();
    }

private:
    struct closer {
        void operator()(std::FILE* f) const noexcept { (void)std::fclose(f); }
    };
    [[noreturn]] void fail() const {
        const std::error_code why(errno, std::generic_category());
        throw error(errc::file_failed, fmt::format("cannot write {}: {}", path_, why.message()));
    }

    std::string path_;
    std::unique_ptr<std::FILE, closer> file_;
};

failure failure_of(errc e, const get_job& job, std::string detail = {}) {
    failure f;
    f.code = e;
    f.url = job.url;
    f.detail = std::move(detail);
    return f;
}

agent_options named(agent_options o) {
    if (!o.headers.contains("User-Agent")) o.headers.add("User-Agent", "hearth/" + std::string(version()));
    return o;
}

}  // namespace

get_run::get_run(const get_options& options)
    : options_(options),
      agent_options_(named(make_agent_options(options))),
      request_(make_request(options)),
      agent_(executor_, watched(agent_options_)),
      monitor_(open_monitor(options.monitor)),
      urls_(executor_, options),
      names_(options),
      output_(executor_),
      turns_(executor_),
      job_ended_(executor_),
      signals_(executor_),
      give_up_timer_(executor_),
      progress_timer_(executor_),
      in_order_(options.writes_to_stdout()),
      parallel_(options.parallel) {
    if (monitor_) monitor_->watch(agent_, "get");
    // A body that waits for its turn keeps its connection. Were there fewer connections than jobs, the job whose turn it is
    // could wait for a connection for ever.
    if (in_order_ && !options.json) parallel_ = std::min(parallel_, agent_options_.max_sockets);
    if (options.streams_upload()) {
        upload_ = std::make_shared<input>(executor_, "-");
        request_.body = stream_body(upload_);
    }
    if (!options.output_dir.empty()) std::filesystem::create_directories(options.output_dir);
}

int get_run::run() {
    // A reader that left is told of by the write that fails.
    std::signal(SIGPIPE, SIG_IGN);
    watch_signals();
    draw_progress();
    asio::co_spawn(executor_, feed(), [](const std::exception_ptr& e) {
        if (e) std::rethrow_exception(e);
    });
    context_.run();
    progress_.clear();
    if (options_.verbose) say(describe(agent_.stats()));
    if (signal_ != 0) {
        const std::string of = options_.input.empty() ? fmt::format(" of {}", options_.urls.size()) : "";
        complain(fmt::format("interrupted: {}{} done", done_, of));
        return 128 + signal_;
    }
    return failed_ ? exit_failed : exit_done;
}

// Starts the jobs, so many at a time, and cleans up after the last.
asio::awaitable<void> get_run::feed() {
    try {
        if (options_.data == "@-") co_await prepare_body();
        while (!stopping_) {
            std::optional<get_job> job = co_await urls_.next();
            if (!job) break;
            ++active_;
            asio::co_spawn(executor_, one(std::move(*job)), [this](const std::exception_ptr& e) {
                --active_;
                job_ended_.ring();
                if (e) std::rethrow_exception(e);
            });
            while (active_ >= parallel_) co_await job_ended_.wait();
        }
    } catch (const boost::system::system_error&) {
        // Given up: interrupted while it waited for standard input.
    } catch (const std::exception& e) {
        complain(e.what());
        failed_ = true;
    }
    while (active_ > 0) co_await job_ended_.wait();
    if (upload_) upload_->give_up();
    if (!stopping_) co_await agent_.close();
    agent_.destroy();
    signals_.cancel();
    give_up_timer_.cancel();
    progress_timer_.cancel();
}

// -d @-: kept, so that it can go to several URLs, and be sent again.
asio::awaitable<void> get_run::prepare_body() {
    upload_ = std::make_shared<input>(executor_, "-");
    std::string bytes;
    std::vector<char> piece(piece_size);
    while (const std::size_t n = co_await upload_->read_some(piece)) {
        if (bytes.size() + n > stdin_body_max)
            throw error(errc::invalid_body, "-d @- takes at most 64 MiB; send more with -T -");
        bytes.append(piece.data(), n);
    }
    request_.body = std::move(bytes);
}

asio::awaitable<void> get_run::one(get_job job) {
    get_result result;
    result.url = job.url;
    try {
        job.file = file_for(job);
        co_await exchange(job, result);
    } catch (const error& e) {
        result.failure = e.info();
    } catch (const boost::system::system_error&) {
        result.failure = failure_of(errc::canceled, job);
    } catch (const std::system_error& e) {
        // Standard output: nobody reads it any more, or it cannot take more. Nothing else is worth doing then.
        output_gone_ = true;
        if (e.code() != std::errc::broken_pipe && !stopping_) {
            failed_ = true;
            complain(e.what());
        }
        stop();
    }
    if (result.failure && result.attempts == 0) result.attempts = result.failure->attempts;
    if (result.failure && signal_ != 0) result.failure->code = errc::canceled;
    co_await finish(job, result);
}

std::string get_run::file_for(const get_job& job) {
    if (options_.json && options_.files.empty() && !options_.remote_name) return {};
    return options_.remote_name ? names_.remote(job.url) : names_.given(job.number);
}

asio::awaitable<void> get_run::exchange(const get_job& job, get_result& result) {
    request r = request_;
    r.url = options_.upload.empty() || options_.upload == "-" ? job.url : upload_url(job.url, options_.upload);
    if (options_.verbose) say(describe_request(r, agent_options_));
    response answer = co_await agent_.send(std::move(r));
    result.take_head(answer);
    if (options_.verbose) say(describe_response(result));
    if (options_.fail && result.status >= 400 && !options_.json) co_return;
    std::exception_ptr cut_short;
    try {
        co_await take_body(job, answer, result);
    } catch (const error&) {
        cut_short = std::current_exception();
    }
    result.take_head(answer);
    if (cut_short) std::rethrow_exception(cut_short);
}

asio::awaitable<void> get_run::take_body(const get_job& job, response& from, get_result& result) {
    if (!job.file.empty()) {
        file_writer file(job.file);
        result.file = job.file;
        if (options_.include || options_.head) file.write(head_text(result));
        co_await pump(from, result, [&file](std::string_view bytes) -> asio::awaitable<void> {
            file.write(bytes);
            co_return;
        });
        file.close();
    } else if (options_.json) {
        result.body.emplace();
        co_await pump(from, result, [&result](std::string_view bytes) -> asio::awaitable<void> {
            if (result.body && result.body->size() + bytes.size() <= json_body_max) {
                result.body->append(bytes);
            } else {
                result.body.reset();
            }
            co_return;
        });
    } else {
        co_await turns_.wait_for(job.number);
        if (options_.include || options_.head) co_await output_.write(head_text(result));
        co_await pump(from, result, [this](std::string_view bytes) { return output_.write(bytes); });
    }
}

asio::awaitable<void> get_run::pump(response& from, get_result& result, const sink& into) {
    std::vector<char> piece(piece_size);
    while (const std::size_t n = co_await from.read_some(asio::buffer(piece))) {
        co_await into(std::string_view(piece.data(), n));
        result.body_size += n;
        received_ += n;
    }
}

// What there is to say of a job, in the order of the jobs where their bodies are.
asio::awaitable<void> get_run::finish(const get_job& job, get_result& result) {
    if (in_order_) co_await turns_.wait_for(job.number);
    count(result);
    if (options_.json && !output_gone_) {
        try {
            co_await output_.write(to_json_line(result));
        } catch (const std::system_error& e) {
            output_gone_ = true;
            if (e.code() != std::errc::broken_pipe) {
                failed_ = true;
                if (!stopping_) complain(e.what());
            }
            stop();
        }
    }
    if (in_order_) turns_.pass();
}

void get_run::count(const get_result& result) {
    if (options_.verbose && result.status != 0) say(describe_exchange(result));
    // What fails because the run ends is no failure of its own.
    if (result.failure && stopping_) return;
    if (result.failure) {
        failed_ = true;
        complain(result.failure->message());
    } else {
        ++done_;
    }
    if (!result.failure && options_.fail && result.status >= 400) {
        failed_ = true;
        complain(fmt::format("{} {}: the server answered {}{}{}", request_.method, url::parse(result.url).redacted(),
                             result.status, result.reason.empty() ? "" : " ", values::printable(result.reason)));
    }
}

void get_run::watch_signals() {
    signals_.add(SIGINT);
    signals_.add(SIGTERM);
    signals_.async_wait([this](const boost::system::error_code& ec, int signal) {
        if (ec) return;
        interrupted(signal);
        // The second one means at once.
        signals_.async_wait([this](const boost::system::error_code& again, int) {
            if (again) return;
            progress_.clear();
            std::_Exit(128 + signal_);
        });
    });
}

void get_run::interrupted(int signal) {
    signal_ = signal;
    give_up_timer_.expires_after(last_words_max);
    give_up_timer_.async_wait([this](const boost::system::error_code& ec) {
        if (!ec) output_.give_up();
    });
    stop();
}

// Ends everything under way; each job then ends by itself, in its turn.
void get_run::stop() {
    stopping_ = true;
    urls_.give_up();
    if (upload_) upload_->give_up();
    agent_.destroy();
}

agent_options get_run::watched(agent_options o) {
    if (!options_.verbose) return o;
    o.events.on_connection = [this](const connection_event& e) { say(describe(e)); };
    o.events.on_request = [this](const request_event& e) { say(describe(e)); };
    return o;
}

void get_run::draw_progress() {
    const bool mixes_with_output = in_order_ && is_terminal(stdout);
    if (!progress_.visible() || options_.verbose || options_.no_progress || mixes_with_output) return;
    progress_timer_.expires_after(200ms);
    progress_timer_.async_wait([this](const boost::system::error_code& ec) {
        if (ec || stopping_) return;
        const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began_).count();
        const std::string of = options_.input.empty() ? fmt::format(" of {}", options_.urls.size()) : "";
        progress_.show(fmt::format("{}{} done, {} under way, {}, {}/s", done_, of, active_, short_size(received_),
                                   short_size(static_cast<std::uint64_t>(static_cast<double>(received_) / seconds))));
        draw_progress();
    });
}

void get_run::say(std::string_view text) {
    if (text.empty()) return;
    progress_.clear();
    fmt::print(stderr, "{}", text);
}

void get_run::complain(std::string_view sentence) { say(fmt::format("hearth: {}\n", sentence)); }

}  // namespace hearth::cli
