// Bad input and bad luck, each with the message that its user reads.
#include "support/descriptors.hpp"
#include "support/run.hpp"
#include "support/scripted_server.hpp"

#include <hearth/agent.hpp>

#include <sys/resource.h>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace {

using namespace hearth::test;
using hearth::agent;
using hearth::errc;
using hearth::request;

std::string message_of_options(const hearth::agent_options& options) {
    asio::io_context context;
    try {
        const agent a(context, options);
    } catch (const hearth::error& e) {
        EXPECT_EQ(e.info().code, errc::invalid_option);
        return e.what();
    }
    return "no error";
}

TEST(agent_errors, a_wrong_option_throws_at_construction_and_says_what_is_allowed) {  // 15
    struct row {
        hearth::agent_options options;
        std::string words;
    };
    const std::vector<row> rows{{{.max_sockets = 0}, "max_sockets is 0; allowed: 1 to 1000000"},
                                {{.keep_alive_msecs = 10ms}, "keep_alive_msecs is 10 ms"},
                                {{.connect_timeout = -1ms}, "connect_timeout is -1 ms"},
                                {{.max_free_sockets = 1, .min_free_sockets = 2}, "min_free_sockets"},
                                {{.tls = {.ca = "not PEM"}}, "ca"},
                                {{.tls = {.ca_file = "/nonexistent.pem"}}, "/nonexistent.pem"},
                                {{.tls = {.cert = "x"}}, "key"},
                                {{.local_address = "localhost"}, "local_address"},
                                {{.headers = {{"X", "a\nb"}}}, "X"}};
    for (const row& each : rows)
        EXPECT_NE(message_of_options(each.options).find(each.words), std::string::npos) << message_of_options(each.options);
}

TEST(agent_errors, bad_requests) {
    struct row {
        request what;
        errc code;
        std::string words;
    };
    const std::vector<row> rows{
        {{"GET", "ftp://example.test/"}, errc::unsupported_scheme, "use http or https"},
        {{"GET", "example.test"}, errc::invalid_url, "does not begin with http:// or https://"},
        {{"GET", ""}, errc::invalid_url, "the URL is empty"},
        {{"GET", "http://h:99999/"}, errc::invalid_url, "1 to 65535"},
        {{"GET", "http://h/a b"}, errc::invalid_url, "a space at offset"},
        {{"GE T", "http://127.0.0.1:1/"}, errc::invalid_method, "GE T"},
        {{"GET", "http://127.0.0.1:1/", {{"X-A", "evil\r\nInjected: yes"}}}, errc::invalid_header, "X-A"},
        {{"GET", "http://127.0.0.1:1/", {{"X-A", std::string_view("nul\0", 4)}}}, errc::invalid_header, "X-A"},
        {{"GET", "http://127.0.0.1:1/", {{"bad name", "x"}}}, errc::invalid_header, "bad name"},
        {{"POST", "http://127.0.0.1:1/", {{"Content-Length", "7"}}, "four"}, errc::invalid_header, "Content-Length"},
        {{"GET", "http://127.0.0.1:1/", {}, {}, {.deadline = -5ms}}, errc::invalid_option, "deadline is -5 ms"},
    };
    run([&]() -> awaitable<void> {
        agent a(co_await asio::this_coro::executor);
        for (const row& each : rows) {
            const hearth::failure f = co_await failure_of(a.send(each.what));
            EXPECT_EQ(f.code, each.code) << f.message();
            EXPECT_EQ(f.phase, hearth::phase::validate);
            EXPECT_NE(f.message().find(each.words), std::string::npos) << f.message();
        }
        EXPECT_EQ(a.stats().count.opened, 0U);
    });
}

TEST(agent_errors, a_password_in_a_url_is_in_no_message) {
    run([]() -> awaitable<void> {
        const auto executor = co_await asio::this_coro::executor;
        agent a(executor, {.retry = {.max_retries = 0}});
        for (const std::string url : {"http://user:secret@127.0.0.1:1/?token=secret", "http://user:secret@:1/"}) {
            const hearth::failure f = co_await failure_of(a.get(url));
            EXPECT_EQ(f.message().find("secret"), std::string::npos) << f.message();
        }
    });
}

TEST(agent_errors, nobody_there) {
    run([]() -> awaitable<void> {
        const auto executor = co_await asio::this_coro::executor;
        agent a(executor, {.retry = {.max_retries = 0}});
        const hearth::failure refused = co_await failure_of(a.get("http://127.0.0.1:1/x"));
        EXPECT_EQ(refused.code, errc::connection_refused);
        EXPECT_NE(refused.message().find("GET http://127.0.0.1:1/x: "), std::string::npos) << refused.message();
        EXPECT_NE(refused.message().find("127.0.0.1:1"), std::string::npos);
        const hearth::failure unknown = co_await failure_of(a.get("http://no-such-name.invalid/"));
        EXPECT_TRUE(unknown.code == errc::name_not_found || unknown.code == errc::lookup_failed) << unknown.message();
        EXPECT_EQ(unknown.phase, hearth::phase::lookup);
        EXPECT_NE(unknown.message().find("no-such-name.invalid"), std::string::npos) << unknown.message();
    });
}

TEST(agent_errors, out_of_file_descriptors) {
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
    GTEST_SKIP() << "the sanitizers' own checks need descriptors";
#endif
#endif
    scripted_server server([](peer& p) {
        while (!p.read_head().empty()) p.respond("x");
    });
    run([&]() -> awaitable<void> {
        const auto executor = co_await asio::this_coro::executor;
        agent a(executor, {.retry = {.max_retries = 0}});
        rlimit before{};
        ::getrlimit(RLIMIT_NOFILE, &before);
        const rlimit none{0, before.rlim_max};
        ::setrlimit(RLIMIT_NOFILE, &none);
        const hearth::failure f = co_await failure_of(a.get(server.url()));
        ::setrlimit(RLIMIT_NOFILE, &before);
        EXPECT_EQ(f.code, errc::out_of_descriptors) << f.message();
        EXPECT_EQ(f.code, std::errc::too_many_files_open);
        hearth::response r = co_await a.get(server.url());  // and it recovers
        EXPECT_EQ(r.status(), 200);
    });
}

TEST(agent_errors, no_descriptor_is_lost_whatever_happens) {  // 57
    const std::size_t before = open_descriptors();
    for (int round = 0; round < 5; ++round) {
        scripted_server server(std::vector<scripted_server::script>{
            [](peer& p) { p.reset(); }, [](peer& p) { p.read_head(); }, [](peer& p) { p.send("junk\r\n\r\n"); },
            [](peer& p) {
                p.read_head();
                p.respond("x");
                p.wait_closed();
            }});
        run([&]() -> awaitable<void> {
            const auto executor = co_await asio::this_coro::executor;
            agent a(executor, {.retry = {.max_retries = 0}});
            for (int i = 0; i < 4; ++i) {
                try {
                    co_await (co_await a.get(server.url())).discard();
                } catch (const hearth::error&) {
                }
            }
        });
    }
    EXPECT_EQ(open_descriptors(), before);
}

}  // namespace
