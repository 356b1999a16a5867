// All faults at once, from many clients: the origin survives, and its ledger stays true.
#include "testing/raw_client.hpp"
#include "testing/tls_client.hpp"

#include <hearth/testing/faulty_origin.hpp>

#include <gtest/gtest.h>

#include <sys/socket.h>
#include <sys/time.h>

#include <chrono>
#include <exception>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace hearth::testing {
namespace {

using namespace std::chrono_literals;

constexpr int clients = 8;
constexpr int requests_each = 150;

void wait_at_most_100_ms(const raw_client& client) {
    const timeval patience{.tv_sec = 0, .tv_usec = 100'000};
    ::setsockopt(client.fd(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
}

raw_client& raw_of(raw_client& client) { return client; }
raw_client& raw_of(tls_client& client) { return client.raw(); }

/// Reads up to the end of a head; false when the connection ends before.
template <class Client>
bool has_answer(Client& client) {
    std::string text;
    while (text.find("\r\n\r\n") == std::string::npos) {
        const std::string more = client.some();
        if (more.empty()) return false;
        text += more;
    }
    return true;
}

/// Sends each request once, each with an id of its own, and connects anew after anything that is not an answer.
template <class Client>
void visit(const faulty_origin& origin, int number) {
    std::mt19937 random(static_cast<unsigned>(number));
    std::optional<Client> client;
    for (int i = 0; i < requests_each; ++i) {
        try {
            if (!client) {
                client.emplace(origin.port());
                wait_at_most_100_ms(raw_of(*client));
            }
            client->send(request_text("POST", std::to_string(number) + "-" + std::to_string(i), "/bytes/1"));
            if (!has_answer(*client)) client.reset();
        } catch (const std::exception&) {
            client.reset();
        }
        // Around the time of the idle faults.
        std::this_thread::sleep_for(std::chrono::microseconds(random() % 8'000));
    }
}

template <class Client>
void visit_all(const faulty_origin& origin) {
    std::vector<std::thread> threads;
    for (int n = 0; n < clients; ++n) threads.emplace_back([&origin, n] { visit<Client>(origin, n); });
    for (std::thread& t : threads) t.join();
}

/// Every fault, as often as any other, and as often none.
faulty_origin_options everything(bool tls) {
    faulty_origin_options o{.tls = tls, .idle_timeout = 4ms, .hint = true, .restart_every = 100ms, .restart_downtime = 3ms};
    o.restart_drains = true;
    o.in_flight = 2ms;
    o.faults.push_back({.kind = fault_kind::none, .weight = 5});
    for (std::size_t i = 1; i < fault_kinds; ++i) {
        fault f{.kind = static_cast<fault_kind>(i)};
        const bool needs_tls = f.kind == fault_kind::slow_handshake || f.kind == fault_kind::late_tickets ||
                               f.kind == fault_kind::idle_close_notify;
        if (needs_tls && !tls) continue;
        if (f.kind == fault_kind::slow_handshake || f.kind == fault_kind::dribble) f.time = 1ms;
        if (f.kind == fault_kind::close_after || f.kind == fault_kind::close_after_silently) f.count = 3;
        o.faults.push_back(f);
        if (!to_string(f.kind).starts_with("idle_") || f.kind == fault_kind::idle_silence) continue;
        f.in_flight = true;
        o.faults.push_back(f);
    }
    return o;
}

void expect_true_books(const faulty_origin& origin) {
    const faulty_origin_report report = origin.report();
    EXPECT_EQ(report.executed_twice, 0U) << "nothing was sent twice";
    EXPECT_LE(report.executed, std::uint64_t{clients} * requests_each);
    EXPECT_LE(report.requests, report.executed);
    EXPECT_GT(report.faults.size(), fault_kinds / 2);
    EXPECT_GT(report.executed, 0U);
    std::uint64_t executions = 0;
    for (int n = 0; n < clients; ++n) {
        for (int i = 0; i < requests_each; ++i) executions += origin.executed(std::to_string(n) + "-" + std::to_string(i));
    }
    EXPECT_EQ(executions, report.executed);
}

TEST(everything, goes_wrong_at_once) {
    const faulty_origin origin(everything(false));
    visit_all<raw_client>(origin);
    expect_true_books(origin);
}

TEST(everything, goes_wrong_at_once_under_tls) {
    const faulty_origin origin(everything(true));
    visit_all<tls_client>(origin);
    expect_true_books(origin);
}

}  // namespace
}  // namespace hearth::testing
