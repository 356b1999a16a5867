#include "net/dialer.hpp"

#include "net/world.hpp"

#include <gtest/gtest.h>

#include <boost/asio/post.hpp>

#include <array>
#include <atomic>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace hearth::net {
namespace {

namespace asio = boost::asio;
using namespace test;

// The name that the resolver of these tests knows.
constexpr auto known = "known.test";

class dialer_test : public testing::Test {
protected:
    dialer_test() {
        names.emplace(context.get_executor(), dns_options{}, [hall = hall_](const std::string& host) {
            ++hall->asked;
            hall->exit.wait();
            if (host == known) return lookup_result{.addresses = hall->addresses};
            return lookup_result{.code = errc::name_not_found, .detail = "no such name"};
        });
        hall_->exit.open();
    }
    ~dialer_test() override {
        dial.reset();
        names.reset();
        EXPECT_EQ(world->sockets.size(), 0U) << "something is still watched";
        EXPECT_EQ(world->timers.size(), 0U) << "a timer was left behind";
        context.restart();
        context.run();
    }

    void answer(std::vector<endpoint> addresses) { hall_->addresses = std::move(addresses); }
    [[nodiscard]] int asked() const { return hall_->asked; }

    void start(dial_target target) {
        world->sockets.step([&] {
            dial.emplace(world->sockets, world->timers, *names, mono_now, std::move(target), [this](dial_result r) {
                EXPECT_FALSE(result) << "told twice";
                result = std::move(r);
                if (on_done) on_done();
            });
            EXPECT_FALSE(result) << "told from within the constructor";
        });
    }
    dial_result& run(dial_target target) {
        result.reset();
        start(std::move(target));
        context.restart();
        context.run();
        EXPECT_TRUE(result);
        if (!result) result.emplace();
        return *result;
    }
    static dial_target to(std::string host, std::uint16_t port) {
        dial_target target;
        target.host = std::move(host);
        target.port = port;
        return target;
    }
    static dial_target to_path(std::string path) {
        dial_target target;
        target.socket_path = std::move(path);
        return target;
    }

    asio::io_context context;
    std::shared_ptr<loop> world = loop::make(context.get_executor());
    std::optional<resolver> names;
    std::optional<dialer> dial;
    std::optional<dial_result> result;
    std::function<void()> on_done;

    // What the lookup threads see.
    struct hall {
        door exit;
        std::atomic<int> asked{0};
        std::vector<endpoint> addresses;
    };
    std::shared_ptr<hall> hall_ = std::make_shared<hall>();
};

std::span<const char> chars(std::string_view text) { return {text.data(), text.size()}; }

// That `t` and `peer` are two ends of one connection.
void expect_joined(transport& t, const unique_fd& peer) {
    ASSERT_TRUE(peer);
    ASSERT_EQ(t.write(chars("ping"), {}).bytes, 4U);
    std::array<char, 4> got{};
    ASSERT_EQ(::recv(peer.get(), got.data(), got.size(), MSG_WAITALL), 4);
    EXPECT_EQ(std::string_view(got.data(), got.size()), "ping");
}

TEST_F(dialer_test, connects_and_says_to_whom_and_how_fast) {
    const listener there;
    auto& r = run(to("127.0.0.1", there.port()));
    ASSERT_TRUE(r.transport) << r.detail;
    EXPECT_EQ(r.remote, there.where().text());
    EXPECT_GT(r.connect, 0ns);
    EXPECT_EQ(r.tls, 0ns);
    EXPECT_GT(r.rtt, 0ns);
    EXPECT_EQ(r.transport->bytes_accepted(), 0U);
    expect_joined(*r.transport, there.accept());
}

TEST_F(dialer_test, connects_over_ipv6) {
    if (!bound_socket(address("::1"))) GTEST_SKIP() << "no IPv6 here";
    const listener there(address("::1"));
    auto& r = run(to("::1", there.port()));
    ASSERT_TRUE(r.transport) << r.detail;
    EXPECT_EQ(r.remote, "[::1]:" + std::to_string(there.port()));
    expect_joined(*r.transport, there.accept());
}

TEST_F(dialer_test, looks_names_up) {
    const listener there;
    answer({address("127.0.0.1")});
    auto& r = run(to(known, there.port()));
    ASSERT_TRUE(r.transport) << r.detail;
    EXPECT_GT(r.lookup, 0ns);
    EXPECT_EQ(asked(), 1);
}

TEST_F(dialer_test, a_name_that_does_not_exist_is_told_with_what_the_resolver_said) {
    auto& r = run(to("unknown.test", 80));
    EXPECT_FALSE(r.transport);
    EXPECT_EQ(r.code, errc::name_not_found);
    EXPECT_EQ(r.phase, phase::lookup);
    EXPECT_EQ(r.detail, "no such name");
}

TEST_F(dialer_test, a_refused_port_is_told_and_the_name_forgotten) {
    const refusing_port closed;
    answer({address("127.0.0.1")});
    for (int i = 1; i <= 2; ++i) {
        auto& r = run(to(known, closed.port()));
        EXPECT_FALSE(r.transport);
        EXPECT_EQ(r.code, errc::connection_refused);
        EXPECT_EQ(r.cause, boost::system::errc::connection_refused);
        EXPECT_EQ(r.phase, phase::connect);
        EXPECT_EQ(r.detail, "tried 127.0.0.1:" + std::to_string(closed.port()));
        EXPECT_EQ(asked(), i);
    }
}

// A port that listens on 127.0.0.2 and is taken, but refuses, on 127.0.0.1.
struct second_address_listens {
    second_address_listens() {
        for (int i = 0; i < 100 && !first; ++i) {
            second.emplace(address("127.0.0.2"));
            refusing_port same("127.0.0.1", second->port());
            if (same) first.emplace(std::move(same));
        }
        if (!first) throw std::runtime_error("no port is free on both addresses");
    }
    std::optional<refusing_port> first;
    std::optional<listener> second;
};

TEST_F(dialer_test, fails_over_to_the_next_address_at_once) {
    const second_address_listens there;
    answer({address("127.0.0.1"), address("127.0.0.2")});
    auto target = to(known, there.second->port());
    target.attempt_delay = 1h;
    auto& r = run(target);
    ASSERT_TRUE(r.transport) << r.detail;
    EXPECT_EQ(r.remote, there.second->where().text());
    run(target);
    EXPECT_EQ(asked(), 1) << "a name with an address that works is not forgotten";
}

TEST_F(dialer_test, does_not_wait_for_a_slow_address) {
    std::optional<listener> good;
    std::optional<hanging_port> slow;
    while (!slow) {
        good.emplace(address("127.0.0.2"));
        try {
            slow.emplace(address("127.0.0.1", good->port()));
        } catch (const std::runtime_error&) {  // somebody else has that port
        }
    }
    answer({address("127.0.0.1"), address("127.0.0.2")});
    auto target = to(known, good->port());
    target.attempt_delay = 10ms;
    const auto before = open_descriptors();
    auto& r = run(target);
    ASSERT_TRUE(r.transport) << r.detail;
    EXPECT_EQ(r.remote, good->where().text());
    EXPECT_GE(r.connect, 10ms);
    EXPECT_EQ(open_descriptors(), before + 1) << "the slow attempt's socket is still open";
}

TEST_F(dialer_test, the_slow_address_wins_when_it_is_the_only_one_to_answer) {
    const temporary_folder folder;
    const listener busy(*unix_endpoint(folder.file("s")), 0);
    // Fills the backlog: the next connect is told to come again.
    const auto filler = begin_connect(busy.where(), nullptr, 0ms);
    ASSERT_TRUE(filler.connected);
    const auto refused = begin_connect(busy.where(), nullptr, 0ms);
    ASSERT_EQ(refused.failure.cause, boost::system::errc::resource_unavailable_try_again);

    start(to_path(folder.file("s")));
    context.poll();
    EXPECT_FALSE(result);
    ASSERT_TRUE(busy.accept());
    context.run();
    ASSERT_TRUE(result && result->transport);
}

TEST_F(dialer_test, gives_up_after_the_connect_timeout) {
    const hanging_port slow;
    answer({address("127.0.0.1")});
    auto target = to(known, slow.port());
    target.connect_timeout = 1h;
    for (int i = 1; i <= 2; ++i) {
        result.reset();
        start(target);
        context.restart();
        while (world->sockets.size() == 0) context.run_one();
        world->sockets.step([&] { world->timers.run(mono_now() + 2h); });
        ASSERT_TRUE(result);
        EXPECT_FALSE(result->transport);
        EXPECT_EQ(result->code, errc::connect_timeout);
        EXPECT_EQ(result->phase, phase::connect);
        EXPECT_EQ(result->detail, "tried 127.0.0.1:" + std::to_string(slow.port()));
    }
    EXPECT_EQ(asked(), 2) << "a name whose addresses do not answer is forgotten";
}

TEST_F(dialer_test, the_connect_timeout_covers_the_lookup) {
    const auto closed = std::make_shared<door>();
    names.emplace(context.get_executor(), dns_options{}, [closed](const std::string&) {
        closed->wait();
        return lookup_result{};
    });
    auto target = to("slow.test", 80);
    target.connect_timeout = 20ms;
    auto& r = run(target);
    EXPECT_EQ(r.code, errc::connect_timeout);
    EXPECT_EQ(r.phase, phase::lookup);
    EXPECT_EQ(r.detail, "the name is still being looked up");
    closed->open();
}

TEST_F(dialer_test, of_several_failures_the_most_telling_is_told) {
    const refusing_port closed;
    // Bound to an IPv4 address, ::1 cannot even be tried.
    answer({address("::1"), address("127.0.0.1")});
    auto target = to(known, closed.port());
    target.local_address = "127.0.0.1";
    auto& r = run(target);
    EXPECT_EQ(r.code, errc::connection_refused);
    const auto port = std::to_string(closed.port());
    EXPECT_EQ(r.detail, "tried [::1]:" + port + " and 127.0.0.1:" + port);

    answer({address("::1")});
    names->forget(known);
    auto& other = run(target);
    EXPECT_EQ(other.code, errc::connect_failed);
    EXPECT_EQ(other.detail, "tried [::1]:" + port + ": local_address 127.0.0.1 is of another family");
}

TEST_F(dialer_test, tries_a_bounded_number_of_addresses) {
    const refusing_port closed;
    std::vector<endpoint> many;
    for (int i = 1; i <= 30; ++i) many.push_back(address("127.0.1." + std::to_string(i)));
    answer(many);
    auto& r = run(to(known, closed.port()));
    EXPECT_EQ(r.code, errc::connection_refused);
    EXPECT_NE(r.detail.find("127.0.1.16:"), std::string::npos);
    EXPECT_EQ(r.detail.find("127.0.1.17:"), std::string::npos);
}

TEST_F(dialer_test, binds_to_the_local_address) {
    const listener there;
    auto target = to("127.0.0.1", there.port());
    target.local_address = "127.0.0.3";
    auto& r = run(target);
    ASSERT_TRUE(r.transport) << r.detail;
    EXPECT_TRUE(local_of(r.transport->fd()).text().starts_with("127.0.0.3:"));
}

TEST_F(dialer_test, a_local_address_that_is_not_here_is_named) {
    struct row {
        std::string local, detail;
    };
    const listener there;
    const auto port = std::to_string(there.port());
    for (const auto& [local, detail] :
         {row{"198.51.100.7", "tried 127.0.0.1:" + port + ": cannot bind to the local address 198.51.100.7:0"},
          row{"not an address", "local_address not an address is not an address"}}) {
        auto target = to("127.0.0.1", there.port());
        target.local_address = local;
        auto& r = run(target);
        EXPECT_EQ(r.code, errc::connect_failed);
        EXPECT_EQ(r.detail, detail);
    }
}

TEST_F(dialer_test, connects_to_unix_sockets) {
    const temporary_folder folder;
    const auto path = folder.file("s");
    const listener there(*unix_endpoint(path));
    auto& r = run(to_path(path));
    ASSERT_TRUE(r.transport) << r.detail;
    EXPECT_EQ(r.remote, path);
    EXPECT_EQ(r.rtt, 0ns);
    expect_joined(*r.transport, there.accept());
}

TEST_F(dialer_test, says_what_is_wrong_with_a_unix_socket) {
    const temporary_folder folder;
    const auto abandoned = folder.file("abandoned");
    { const listener gone(*unix_endpoint(abandoned)); }
    struct row {
        std::string path;
        errc code;
        std::string detail;
    };
    const auto missing = folder.file("missing");
    for (const auto& [path, code, detail] : {row{missing, errc::connect_failed, "tried " + missing + ": no such socket"},
                                             row{abandoned, errc::connection_refused, "tried " + abandoned},
                                             row{std::string(200, 'x'), errc::connect_failed,
                                                 "the path of a unix socket has 1 to 107 bytes, none of them zero"}}) {
        auto& r = run(to_path(path));
        EXPECT_FALSE(r.transport);
        EXPECT_EQ(r.code, code);
        EXPECT_EQ(r.phase, phase::connect);
        EXPECT_EQ(r.detail, detail);
    }
}

TEST_F(dialer_test, may_be_destroyed_by_what_it_calls) {
    const listener there;
    on_done = [this] { dial.reset(); };
    EXPECT_TRUE(run(to("127.0.0.1", there.port())).transport);
    const refusing_port closed;
    EXPECT_FALSE(run(to("127.0.0.1", closed.port())).transport);
    const hanging_port slow;
    auto target = to("127.0.0.1", slow.port());
    target.connect_timeout = 5ms;
    EXPECT_EQ(run(target).code, errc::connect_timeout);
}

TEST_F(dialer_test, destroyed_before_it_began_it_leaves_nothing) {
    const auto before = open_descriptors();
    const listener there;
    const temporary_folder folder;
    for (const auto& target : {to("127.0.0.1", there.port()), to(known, 80), to_path(folder.file("s"))}) {
        start(target);
        world->sockets.step([&] { dial.reset(); });
    }
    context.run();
    EXPECT_FALSE(result);
    EXPECT_EQ(open_descriptors(), before + 1);
}

TEST_F(dialer_test, destroyed_while_it_connects_it_leaves_nothing) {
    const hanging_port slow;
    const auto before = open_descriptors();
    start(to("127.0.0.1", slow.port()));
    while (world->sockets.size() == 0) context.run_one();
    EXPECT_EQ(open_descriptors(), before + 1);
    world->sockets.step([&] { dial.reset(); });
    context.run();
    EXPECT_FALSE(result);
    EXPECT_EQ(open_descriptors(), before);
}

TEST_F(dialer_test, destroyed_with_a_connection_at_hand_it_leaves_nothing) {
    const listener there;
    const auto before = open_descriptors();
    start(to("127.0.0.1", there.port()));
    // Connected as far as the kernel goes; the reactor has not told yet.
    while (world->sockets.size() == 0 && !result) context.run_one();
    world->sockets.step([&] { dial.reset(); });
    context.run();
    result.reset();
    EXPECT_EQ(open_descriptors(), before);
}

TEST_F(dialer_test, many_at_once) {
    const listener there(address("127.0.0.1"), 1'000);
    std::vector<std::unique_ptr<dialer>> dials;
    std::size_t connected = 0;
    world->sockets.step([&] {
        for (int i = 0; i < 500; ++i) {
            dials.push_back(std::make_unique<dialer>(world->sockets, world->timers, *names, mono_now,
                                                     to("127.0.0.1", there.port()),
                                                     [&](dial_result r) { connected += r.transport ? 1U : 0U; }));
        }
    });
    context.run();
    EXPECT_EQ(connected, 500U);
}

}  // namespace
}  // namespace hearth::net
