// TLS through the agent (docs/behaviours: 29, 53, 54).
#include "support/certificates.hpp"
#include "support/run.hpp"
#include "support/scripted_server.hpp"

#include <hearth/agent.hpp>
#include <hearth/testing/faulty_origin.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace {

using namespace hearth::test;
using hearth::agent;
using hearth::errc;
using hearth::testing::faulty_origin;

faulty_origin secure_origin(const identity& id) {
    return faulty_origin({.certificate = id.certificate, .key = id.key, .idle_timeout = 0ms});
}

TEST(agent_tls, requests_over_one_verified_connection) {
    const auto& made = certificates();
    const faulty_origin origin = secure_origin(made.server);
    run([&]() -> awaitable<void> {
        const auto executor = co_await asio::this_coro::executor;
        agent a(executor, {.tls = {.ca = made.authority.certificate()}});
        for (int i = 0; i < 5; ++i) {
            hearth::response r = co_await a.get(origin.url());
            EXPECT_EQ(co_await r.text(), "hello from the origin\n");
            EXPECT_EQ(r.reused(), i > 0);
            if (i == 0) {
                EXPECT_GT(r.timings().tls.count(), 0);
            }
        }
        hearth::response big = co_await a.get(origin.url() + "/bytes/1000000");
        EXPECT_EQ((co_await big.text()).size(), 1'000'000U);
        hearth::response echo = co_await a.post(origin.url() + "/echo", std::string(500'000, 'e'));
        EXPECT_EQ((co_await echo.text()).size(), 500'000U);
        EXPECT_EQ(a.stats().count.opened, 1U);
    });
}

TEST(agent_tls, certificates_are_refused_for_their_reasons) {  // 54
    const auto& made = certificates();
    struct row {
        identity id;
        errc code;
        std::string words;
    };
    const std::vector<row> rows{{made.expired, errc::certificate_expired, "expired"},
                                {made.not_yet, errc::certificate_expired, ""},
                                {made.wrong_host, errc::certificate_host_mismatch, "a.test"},
                                {made.self_signed, errc::certificate_untrusted, "self-signed"}};
    for (const row& each : rows) {
        const faulty_origin origin = secure_origin(each.id);
        run([&]() -> awaitable<void> {
            const auto ex = co_await asio::this_coro::executor;
            agent strict(ex, {.tls = {.ca = made.authority.certificate()}});
            const hearth::failure f = co_await failure_of(strict.get(origin.url()));
            EXPECT_EQ(f.code, each.code) << f.message();
            EXPECT_EQ(f.phase, hearth::phase::tls);
            EXPECT_EQ(f.attempts, 1U);  // 51: never retried
            EXPECT_NE(f.message().find(each.words), std::string::npos) << f.message();
            agent lenient(ex, {.tls = {.reject_unauthorized = false}});
            EXPECT_EQ((co_await lenient.get(origin.url())).status(), 200);
        });
    }
}

TEST(agent_tls, an_origin_of_the_systems_authorities_only_is_untrusted) {
    const faulty_origin origin = secure_origin(certificates().server);
    run([&]() -> awaitable<void> {
        agent a(co_await asio::this_coro::executor);
        EXPECT_EQ((co_await failure_of(a.get(origin.url()))).code, errc::certificate_untrusted);
    });
}

TEST(agent_tls, the_pool_empties_when_the_server_closes) {  // 29
    const auto& made = certificates();
    for (const bool reset : {false, true}) {
        faulty_origin origin(
            {.certificate = made.server.certificate, .key = made.server.key, .idle_timeout = 0ms, .reset_on_idle = reset});
        run([&]() -> awaitable<void> {
            const auto executor = co_await asio::this_coro::executor;
            agent a(executor, {.tls = {.ca = made.authority.certificate()}});
            co_await (co_await a.get(origin.url())).discard();
            co_await until([&] { return origin.close_idle() == 1 || origin.open_connections() == 0; });
            co_await until([&] { return a.stats().free == 0; });
            EXPECT_EQ((co_await a.post(origin.url(), "")).attempts(), 1U);
        });
    }
}

TEST(agent_tls, a_server_that_does_not_speak_it) {
    scripted_server server([](peer& p) {
        p.send("HTTP/1.1 400 Bad Request\r\n\r\n");
        p.wait_closed();
    });
    run([&]() -> awaitable<void> {
        agent a(co_await asio::this_coro::executor);
        const hearth::failure f = co_await failure_of(a.get("https" + server.url().substr(4)));
        EXPECT_EQ(f.code, errc::tls_failed) << f.message();
    });
}

}  // namespace
