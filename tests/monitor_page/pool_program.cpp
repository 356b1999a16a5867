// A program as its users have them: a client with a pool, its origins, a monitor. It does what it reads on standard input, a
// command a line, and answers each by a line. For page_test.py.
#include <hearth/client.hpp>
#include <hearth/monitor.hpp>
#include <hearth/testing/faulty_origin.hpp>

#include <fmt/format.h>

#include <chrono>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <future>
#include <iostream>
#include <optional>
#include <sstream>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;

std::string numbers(std::size_t pending, std::size_t in_use, std::size_t free, std::size_t connecting,
                    const hearth::counters& c) {
    const hearth::stale_caught caught(c);
    return fmt::format(
        R"("pending":{},"in_use":{},"free":{},"connecting":{},"requests":{},"failed":{},"stale_seen":{},"caught":{{"left":{},"watched":{},"looked":{},"matched":{},"replayed":{},"silent":{},"total":{}}})",
        pending, in_use, free, connecting, c.requests, c.failed, c.stale_seen, caught.left, caught.watched, caught.looked,
        caught.matched, caught.replayed, caught.silent, caught.total());
}

std::string to_json(const hearth::stats& s) {
    std::string origins;
    for (const auto& [name, o] : s.origins)
        origins += fmt::format(R"({}"{}":{{{}}})", origins.empty() ? "" : ",", name,
                               numbers(o.pending, o.in_use, o.free, o.connecting, o.count));
    return fmt::format(R"({{{},"origins":{{{}}}}})", numbers(s.pending, s.in_use, s.free, s.connecting, s.count), origins);
}

class program {
public:
    explicit program(std::string token) : token_(std::move(token)) { watch("127.0.0.1:0"); }

    std::string run(const std::string& line) {
        std::istringstream words(line);
        std::string verb;
        std::size_t n = 1;
        words >> verb >> n;
        if (verb == "url") return monitor_->url();
        if (verb == "stats") return to_json(client_.stats());
        if (verb == "load") return load(n);
        if (verb == "keep_loading") return keep_loading();
        if (verb == "rest") return rest();
        if (verb == "hold") return hold(n);
        if (verb == "fail") return fail(n);
        if (verb == "origins") return visit(n);
        if (verb == "restart") return origin_.restart(0ms), "restarted";
        if (verb == "stop") return stop();
        if (verb == "start") return watch(address_), monitor_->url();
        return "what?";
    }

private:
    // On the same port when it comes back.
    std::string watch(const std::string& address) {
        monitor_.emplace(client_, hearth::monitor_options{.address = address, .token = token_, .interval = 100ms});
        const std::string url = monitor_->url();
        address_ = url.substr(7, url.size() - 8);  // without "http://" and "/"
        return url;
    }
    std::string stop() {
        monitor_.reset();
        return "stopped";
    }

    std::string load(std::size_t n) {
        std::vector<std::future<hearth::client_response>> begun;
        for (std::size_t i = 0; i < n; ++i) {
            begun.push_back(client_.async_get(origin_url_ + "/"));
            if (begun.size() < 20 && i + 1 < n) continue;
            for (auto& b : begun) (void)b.get().discard();
            begun.clear();
        }
        return "loaded";
    }
    std::string keep_loading() {
        loader_ = std::jthread([this](const std::stop_token& enough) {
            while (!enough.stop_requested()) (void)load(20);
        });
        return "loading";
    }
    std::string rest() {
        loader_ = {};
        return "rested";
    }
    // Requests that are not answered while anybody looks.
    std::string hold(std::size_t n) {
        for (std::size_t i = 0; i < n; ++i) held_.push_back(client_.async_get(origin_url_ + "/slow/60000"));
        return "held";
    }
    std::string fail(std::size_t n) {
        for (std::size_t i = 0; i < n; ++i) {
            try {
                (void)client_.get("http://127.0.0.1:1/");
            } catch (const hearth::error&) {
                continue;  // nothing listens there
            }
        }
        return "failed";
    }
    // So many origins: all of 127.0.0.0/8 is this machine.
    std::string visit(std::size_t n) {
        std::vector<std::future<hearth::client_response>> begun;
        for (std::size_t i = 0; i < n; ++i) {
            begun.push_back(client_.async_get(fmt::format("http://127.1.{}.{}:{}/", i / 250, 1 + i % 250, origin_.port())));
            if (begun.size() < 50 && i + 1 < n) continue;
            for (auto& b : begun) (void)b.get().discard();
            begun.clear();
        }
        return "visited";
    }

    std::string token_;
    std::string address_;
    hearth::testing::faulty_origin origin_{{.address = "0.0.0.0", .idle_timeout = 0ms}};
    std::string origin_url_ = fmt::format("http://127.0.0.1:{}", origin_.port());
    hearth::client client_{hearth::agent_options{.max_sockets = 3, .retry = {.max_retries = 0}}};
    std::optional<hearth::monitor> monitor_;
    std::vector<std::future<hearth::client_response>> held_;
    std::jthread loader_;
};

}  // namespace

int main(int argc, char** argv) {
    try {
        program p(argc > 1 ? argv[1] : "");
        for (std::string line; std::getline(std::cin, line);) {
            fmt::print("{}\n", p.run(line));
            std::fflush(stdout);
        }
        return 0;
    } catch (const std::exception& e) {
        fmt::print(stderr, "pool_program: {}\n", e.what());
        return 1;
    }
}
