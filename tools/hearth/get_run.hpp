// One run of `hearth get`: every URL through one agent, on one thread.
#pragma once

#include "cli_common.hpp"
#include "get_options.hpp"
#include "get_report.hpp"
#include "get_streams.hpp"
#include "get_turns.hpp"
#include "get_urls.hpp"

#include <hearth/agent.hpp>
#include <hearth/monitor.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace hearth::cli {

class get_run {
public:
    /// REQUIRES: check(options) has passed, and options outlive this. Throws hearth::error, usage_error, std::system_error.
    explicit get_run(const get_options& options);
    /// Fetches everything; gives the exit status.
    [[nodiscard]] int run();

private:
    using sink = std::function<boost::asio::awaitable<void>(std::string_view)>;

    boost::asio::awaitable<void> feed();
    boost::asio::awaitable<void> prepare_body();
    boost::asio::awaitable<void> one(get_job job);
    boost::asio::awaitable<void> exchange(const get_job& job, get_result& result);
    boost::asio::awaitable<void> take_body(const get_job& job, response& from, get_result& result);
    boost::asio::awaitable<void> pump(response& from, get_result& result, const sink& into);
    boost::asio::awaitable<void> finish(const get_job& job, get_result& result);

    [[nodiscard]] agent_options watched(agent_options o);
    [[nodiscard]] std::string file_for(const get_job& job);
    void count(const get_result& result);
    void watch_signals();
    void interrupted(int signal);
    void stop();
    void draw_progress();
    void say(std::string_view text);
    void complain(std::string_view sentence);

    const get_options& options_;
    boost::asio::io_context context_{1};
    boost::asio::any_io_executor executor_{context_.get_executor()};
    const agent_options agent_options_;
    request request_;
    progress_line progress_;  // before the agent, whose hooks print
    agent agent_;
    std::unique_ptr<monitor> monitor_;  // of the agent; may be null
    get_urls urls_;
    file_names names_;
    output output_;
    std::shared_ptr<input> upload_;
    turns turns_;
    doorbell job_ended_;
    boost::asio::signal_set signals_;
    boost::asio::steady_timer give_up_timer_;
    boost::asio::steady_timer progress_timer_;
    const std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();

    const bool in_order_;
    std::size_t parallel_;
    std::size_t active_ = 0;
    std::uint64_t done_ = 0;
    std::uint64_t received_ = 0;
    bool failed_ = false;
    bool stopping_ = false;
    bool output_gone_ = false;
    int signal_ = 0;
};

}  // namespace hearth::cli
