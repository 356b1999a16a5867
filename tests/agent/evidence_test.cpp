// The replay table over real sockets: what the kernel's books prove when a connection dies under a request, and what they do
// not (docs/behaviours: 40, 41, 42, 44). A socket filter on the server's end makes each race exact: what the client sends is
// lost before the server's kernel sees it, as on a path where the close came first.
#include "support/run.hpp"
#include "support/scripted_server.hpp"

#include <hearth/agent.hpp>

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>

#include <unistd.h>

#include <future>
#include <memory>
#include <string>

namespace {

using namespace hearth::test;
using hearth::agent;
using hearth::errc;
using hearth::evidence;

const scripted_server::script answer_all = [](peer& p) {
    while (!p.read_head().empty()) p.respond("again");
};

/// The second request on a server's first connection, and what became of it.
struct outcome {
    int answer = 0;  // the status; 0 for none
    unsigned attempts = 0;
    hearth::failure failure;
    hearth::counters count;
    std::chrono::milliseconds took{0};
    [[nodiscard]] std::uint64_t replays(evidence e) const { return count.replays_by_evidence[static_cast<std::size_t>(e)]; }
};

/// What a server does to its first connection when it has answered once. It is deaf until `written`: the client has sent its
/// second request then.
using fate = std::function<void(peer&, const std::function<void()>& written)>;

struct caught {
    std::string method = "GET";
    hearth::request_options options{};
    std::string path{};  // a unix socket
};

outcome catch_in_flight(const fate& what, const caught& how = {}, int* requests = nullptr) {
    std::promise<void> deaf;
    std::promise<void> written;
    scripted_server server({[&](peer& p) {
                                p.read_head();
                                p.respond("first");
                                if (how.path.empty()) p.go_deaf();
                                deaf.set_value();
                                what(p, [&] { written.get_future().wait(); });
                            },
                            answer_all},
                           how.path);
    outcome result;
    run([&]() -> awaitable<void> {
        const auto executor = co_await asio::this_coro::executor;
        agent a(executor, {.retry = {.max_retries = 0}, .socket_path = how.path});
        co_await (co_await a.get(server.url())).discard();
        deaf.get_future().wait();
        bool done = false;
        hearth::response answer;
        const auto begun = std::chrono::steady_clock::now();
        asio::co_spawn(executor, a.send({how.method, server.url(), {}, {}, how.options}),
                       [&](const std::exception_ptr& e, hearth::response r) {
                           done = true;
                           try {
                               if (e) std::rethrow_exception(e);
                               answer = std::move(r);
                           } catch (const hearth::error& failed) {
                               result.failure = failed.info();
                           }
                       });
        // Granted and written in one step.
        co_await until([&] { return a.stats().in_use == 1; });
        written.set_value();
        co_await until([&] { return done; });
        result.took = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begun);
        if (answer.status() != 0) {
            result.answer = answer.status();
            result.attempts = answer.attempts();
            EXPECT_EQ(co_await answer.text(), "again");
        }
        result.count = a.stats().count;
    });
    if (requests != nullptr) *requests = server.requests();
    EXPECT_EQ(server.complaints(), "");
    return result;
}

void close_in_flight(peer& p, const std::function<void()>& written) {
    written();
    p.hear_again();
    p.close();
}

TEST(agent_evidence, a_fin_that_crossed_with_a_get) {  // 40
    const outcome o = catch_in_flight(close_in_flight);
    ASSERT_EQ(o.answer, 200) << o.failure.message();
    EXPECT_EQ(o.attempts, 2U);
    EXPECT_EQ(o.count.replays, 1U);
}

TEST(agent_evidence, a_fin_that_crossed_with_a_post) {  // 40
    int requests = 0;
    const outcome o = catch_in_flight(close_in_flight, {.method = "POST"}, &requests);
    ASSERT_EQ(o.answer, 200) << o.failure.message();
    EXPECT_EQ(o.attempts, 2U);
    EXPECT_EQ(o.replays(evidence::closed_before), 1U);
    EXPECT_EQ(requests, 2) << "one each";
}

// Its body is on the way as well, more than the kernel takes at once.
TEST(agent_evidence, a_fin_that_crossed_with_a_large_post) {
    std::promise<void> deaf;
    scripted_server server({[&](peer& p) {
                                p.read_head();
                                p.respond("first");
                                p.go_deaf();
                                deaf.set_value();
                                p.hear_again();
                                p.close();
                            },
                            [](peer& p) {
                                p.read_head();
                                p.read_exactly(16'000'000);
                                p.respond("again");
                                p.wait_closed();
                            }});
    run([&]() -> awaitable<void> {
        agent a(co_await asio::this_coro::executor);
        co_await (co_await a.get(server.url())).discard();
        deaf.get_future().wait();
        hearth::response r = co_await a.post(server.url(), std::string(16'000'000, 'x'));
        EXPECT_EQ(co_await r.text(), "again");
    });
}

void reset_later(peer& p, const std::function<void()>& written) {
    written();
    p.reset();
}

TEST(agent_evidence, a_reset_that_may_have_been_an_answer) {  // 41
    const outcome get = catch_in_flight(reset_later);
    ASSERT_EQ(get.answer, 200) << get.failure.message();
    EXPECT_EQ(get.replays(evidence::unacknowledged), 1U);
    int requests = 0;
    const outcome post = catch_in_flight(reset_later, {.method = "POST"}, &requests);
    ASSERT_EQ(post.answer, 0);
    EXPECT_EQ(post.failure.code, errc::connection_reset);
    EXPECT_EQ(post.failure.evidence, evidence::unacknowledged);
    EXPECT_NE(post.failure.message().find("not replayed because POST may have been executed"), std::string::npos);
    EXPECT_EQ(requests, 1);
}

void execute_and_reset(peer& p, const std::function<void()>& written) {
    p.hear_again();
    written();
    p.read_head();
    p.reset();
}

TEST(agent_evidence, a_request_that_was_executed_and_answered_by_a_reset) {  // 42
    const outcome get = catch_in_flight(execute_and_reset);
    ASSERT_EQ(get.answer, 200) << get.failure.message();
    EXPECT_EQ(get.count.replays, 1U);
    int requests = 0;
    const outcome post = catch_in_flight(execute_and_reset, {.method = "POST"}, &requests);
    ASSERT_EQ(post.answer, 0);
    EXPECT_EQ(post.failure.code, errc::connection_reset);
    EXPECT_EQ(requests, 2) << "never executed twice";
}

void execute_and_close(peer& p, const std::function<void()>& written) {
    p.hear_again();
    written();
    p.read_head();
    p.close();
}

TEST(agent_evidence, a_request_that_was_executed_and_answered_by_a_fin) {  // 42
    const outcome get = catch_in_flight(execute_and_close);
    ASSERT_EQ(get.answer, 200) << get.failure.message();
    EXPECT_EQ(get.replays(evidence::acknowledged), 1U);
    int requests = 0;
    const outcome post = catch_in_flight(execute_and_close, {.method = "POST"}, &requests);
    ASSERT_EQ(post.answer, 0);
    EXPECT_EQ(post.failure.evidence, evidence::acknowledged);
    EXPECT_EQ(requests, 2);
}

// Node's socket.end(): the server has said goodbye, goes on reading, and executes what it reads.
void half_close_and_execute(peer& p, const std::function<void()>& written) {
    written();
    p.half_close();
    p.hear_again();
    p.read_head();
    p.wait_closed();
}

TEST(agent_evidence, a_half_closed_server_that_got_it) {  // 42
    const outcome get = catch_in_flight(half_close_and_execute);
    ASSERT_EQ(get.answer, 200) << get.failure.message();
    EXPECT_EQ(get.count.replays, 1U);
    int requests = 0;
    const outcome post = catch_in_flight(half_close_and_execute, {.method = "POST"}, &requests);
    ASSERT_EQ(post.answer, 0);
    EXPECT_EQ(post.failure.evidence, evidence::half_closed);
    EXPECT_NE(post.failure.message().find("the half-closed server got the POST and may have executed it"), std::string::npos)
        << post.failure.message();
    EXPECT_EQ(requests, 2);
}

TEST(agent_evidence, a_half_closed_server_that_only_discards) {
    const outcome o = catch_in_flight(
        [](peer& p, const std::function<void()>& written) {
            written();
            p.half_close();
            p.hear_again();
            p.wait_closed();
        },
        {.method = "POST", .options = {.replay = hearth::replay_options{.half_closed = true}}});
    ASSERT_EQ(o.answer, 200) << o.failure.message();
    EXPECT_EQ(o.replays(evidence::half_closed), 1U);
}

TEST(agent_evidence, a_408_that_crossed_with_the_request_is_not_its_answer) {  // 31
    for (const std::string method : {"GET", "POST"}) {
        int requests = 0;
        const outcome o = catch_in_flight(
            [](peer& p, const std::function<void()>& written) {
                written();
                p.send("HTTP/1.1 408 Request Timeout\r\nContent-Length: 4\r\nConnection: close\r\n\r\nlate");
                p.hear_again();
                p.close();
            },
            {.method = method}, &requests);
        ASSERT_EQ(o.answer, 200) << o.failure.message();
        EXPECT_EQ(o.replays(method == "GET" ? evidence::unsolicited : evidence::closed_before), 1U) << method;
        EXPECT_EQ(requests, 2);
    }
}

// Its timer had run out before it looked for the request, which its kernel had.
TEST(agent_evidence, a_closing_408_to_an_acknowledged_request_is_an_answer_only_where_it_must_be) {  // 31
    const auto answered_408 = [](const std::string& method, const std::string& fields) {
        return catch_in_flight(
            [fields](peer& p, const std::function<void()>& written) {
                written();
                p.hear_again();
                p.read_head();
                p.send("HTTP/1.1 408 Request Timeout\r\nContent-Length: 5\r\n" + fields + "\r\nagain");
                p.close();
            },
            {.method = method});
    };
    const outcome get = answered_408("GET", "Connection: close\r\n");
    EXPECT_EQ(get.answer, 200) << get.failure.message();
    EXPECT_EQ(get.replays(evidence::acknowledged), 1U);
    EXPECT_EQ(answered_408("POST", "Connection: close\r\n").answer, 408);
    EXPECT_EQ(answered_408("GET", "").answer, 408) << "it keeps the connection, so it means this request";
}

TEST(agent_evidence, silence_is_noticed_by_the_kernels_retransmissions) {  // 44
    const outcome o = catch_in_flight([](peer& p, const std::function<void()>& written) {
        written();
        p.hold();
    });
    ASSERT_EQ(o.answer, 200) << o.failure.message();
    EXPECT_EQ(o.replays(evidence::silent), 1U);
    EXPECT_GE(o.took.count(), 200) << "before anything was sent again";
    EXPECT_LT(o.took.count(), 10'000);
}

TEST(agent_evidence, silence_fails_what_may_yet_arrive) {
    const outcome o = catch_in_flight(
        [](peer& p, const std::function<void()>& written) {
            written();
            p.hold();
        },
        {.method = "POST", .options = {.unacknowledged_timeout = 700ms}});
    ASSERT_EQ(o.answer, 0);
    EXPECT_EQ(o.failure.code, errc::unacknowledged_timeout);
    EXPECT_EQ(o.failure.evidence, evidence::silent);
    EXPECT_NE(o.failure.message().find("not replayed because POST may yet arrive"), std::string::npos)
        << o.failure.message();
}

TEST(agent_evidence, a_slow_answer_is_not_silence) {
    std::promise<void> go;
    scripted_server server([&](peer& p) {
        p.read_head();
        p.respond("first");
        p.read_head();
        go.get_future().wait();
        p.respond("slow");
        p.wait_closed();
    });
    run([&]() -> awaitable<void> {
        agent a(co_await asio::this_coro::executor);
        co_await (co_await a.get(server.url())).discard();
        std::string text;
        asio::co_spawn(co_await asio::this_coro::executor, a.get(server.url()),
                       [&](const std::exception_ptr&, hearth::response r) {
                           auto held = std::make_shared<hearth::response>(std::move(r));
                           held->text([&, held](hearth::error_code, const std::string& t) { text = t; });
                       });
        co_await pause(700ms);  // longer than it takes to suspect silence
        go.set_value();
        co_await until([&] { return text == "slow"; });
        EXPECT_EQ(a.stats().count.replays, 0U);
    });
    EXPECT_EQ(server.connections(), 1);
}

TEST(agent_evidence, a_unix_socket_proves_nothing) {
    const std::string path = testing::TempDir() + "hearth_evidence_" + std::to_string(::getpid());
    const auto close_unread = [](peer& p, const std::function<void()>& written) {
        written();
        p.close();
    };
    const outcome get = catch_in_flight(close_unread, {.path = path});
    ASSERT_EQ(get.answer, 200) << get.failure.message();
    const outcome post = catch_in_flight(close_unread, {.method = "POST", .path = path});
    ASSERT_EQ(post.answer, 0);
    EXPECT_EQ(post.failure.evidence, evidence::none);
}

}  // namespace
