// docs/staleness.md quotes failures: they are what callers get.
#include "behaviours.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <future>
#include <regex>
#include <sstream>

namespace {

using namespace hearth::test;
using hearth::agent;

std::string page() {
    std::ostringstream text;
    text << std::ifstream(HEARTH_SOURCE_DIR "/docs/staleness.md").rdbuf();
    return text.str();
}

/// What becomes of a POST on a connection that idled: the server, deaf when it is written, does `fate` then.
hearth::failure failed_post(const std::function<void(peer&)>& fate) {
    std::promise<void> deaf;
    std::promise<void> written;
    scripted_server server([&](peer& p) {
        p.read_head();
        p.respond("first");
        p.go_deaf();
        deaf.set_value();
        written.get_future().wait();
        fate(p);
    });
    hearth::failure failure;
    run([&]() -> awaitable<void> {
        const auto executor = co_await asio::this_coro::executor;
        agent a(executor, {.unacknowledged_timeout = 700ms});
        co_await (co_await a.get(server.url())).discard();
        deaf.get_future().wait();
        const auto call = start(a, {"POST", server.url("/pay")});
        co_await until([&] { return a.stats().in_use == 1; });
        written.set_value();
        co_await until([&] { return call->done; });
        if (!call->failed) throw std::runtime_error("it should have failed");
        failure = *call->failed;
    });
    return failure;
}

TEST(staleness_page, quotes_what_callers_get) {
    struct row {
        hearth::evidence evidence;
        std::function<void(peer&)> fate;
    };
    const std::vector<row> rows{{hearth::evidence::acknowledged,
                                 [](peer& p) {
                                     p.hear_again();
                                     p.read_head();
                                     p.close();
                                 }},
                                {hearth::evidence::unacknowledged, [](peer& p) { p.reset(); }},
                                {hearth::evidence::half_closed,
                                 [](peer& p) {
                                     p.half_close();
                                     p.hear_again();
                                     p.wait_closed();
                                 }},
                                {hearth::evidence::silent, [](peer& p) { p.hold(); }}};
    const std::string text = page();
    for (const row& each : rows) {
        hearth::failure f = failed_post(each.fate);
        // On a busy machine a retransmission may be there before the end is noticed.
        for (int tries = 1; tries < 10 && f.evidence != each.evidence; ++tries) f = failed_post(each.fate);
        EXPECT_EQ(f.evidence, each.evidence) << f.message();
        std::string quoted = std::regex_replace(f.message(), std::regex("http://[^/]*/"), "http://orders.internal/");
        quoted = std::regex_replace(quoted, std::regex("idle [0-9.]+ m?s"), "idle 3.2 s");
        EXPECT_NE(text.find("\n" + quoted + "\n"), std::string::npos) << quoted;
    }
}

TEST(staleness_page, has_a_row_for_each_evidence) {
    const std::string text = page();
    for (std::size_t i = 0; i < hearth::evidence_count; ++i) {
        const auto name = std::string(to_string(static_cast<hearth::evidence>(i)));
        EXPECT_NE(text.find("\n| `" + name + "` |"), std::string::npos) << name;
    }
}

}  // namespace
