#include "net/socket.hpp"

#include "net/world.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/un.h>

#include <cerrno>
#include <string>

namespace hearth::net {
namespace {

using namespace test;

int option(int fd, int level, int name) {
    int value = -1;
    socklen_t size = sizeof value;
    EXPECT_EQ(::getsockopt(fd, level, name, &value, &size), 0);
    return value;
}

TEST(socket, parses_literals_and_nothing_else) {
    struct row {
        std::string literal, text;
    };
    for (const auto& [literal, text] :
         {row{"127.0.0.1", "127.0.0.1:80"}, row{"::1", "[::1]:80"}, row{"2001:DB8::0:1", "[2001:db8::1]:80"},
          row{"::ffff:1.2.3.4", "[::ffff:1.2.3.4]:80"}, row{"fe80::1%lo", "[fe80::1]:80"}}) {
        const auto parsed = parse_address(literal, 80);
        ASSERT_TRUE(parsed) << literal;
        EXPECT_EQ(parsed->text(), text);
    }
    for (const std::string literal : {"", "localhost", "127.1", "0x7f000001", "1.2.3.4.5", "256.0.0.1", "[::1]",
                                      "fe80::1%nosuchif", "1.2.3.4%lo", "::1%", "1.2.3.4 "})
        EXPECT_FALSE(parse_address(literal, 80)) << literal;
    EXPECT_FALSE(parse_address(std::string("1.2.3.4\0x", 9), 80));
}

TEST(socket, sets_ports_and_compares) {
    auto v4 = address("192.0.2.1", 1);
    v4.set_port(8080);
    EXPECT_EQ(v4, address("192.0.2.1", 8080));
    auto v6 = address("2001:db8::1", 1);
    v6.set_port(443);
    EXPECT_EQ(v6.text(), "[2001:db8::1]:443");
    EXPECT_FALSE(v4 == v6);
    auto path = *unix_endpoint("/run/x");
    path.set_port(5);
    EXPECT_EQ(path.text(), "/run/x");
}

TEST(socket, unix_paths_have_bounds) {
    EXPECT_TRUE(unix_endpoint(std::string(107, 'x')));
    EXPECT_EQ(unix_endpoint(std::string(107, 'x'))->text(), std::string(107, 'x'));
    EXPECT_FALSE(unix_endpoint(std::string(108, 'x')));
    EXPECT_FALSE(unix_endpoint(""));
    EXPECT_FALSE(unix_endpoint(std::string("a\0b", 3)));
}

TEST(socket, says_what_an_error_means) {
    struct row {
        int system;
        errc meaning;
    };
    for (const auto& [system, meaning] : {row{EMFILE, errc::out_of_descriptors}, row{ENFILE, errc::out_of_descriptors},
                                          row{ENOBUFS, errc::out_of_descriptors}, row{EADDRNOTAVAIL, errc::out_of_ports},
                                          row{ECONNREFUSED, errc::connection_refused}, row{ETIMEDOUT, errc::connect_timeout},
                                          row{ENETUNREACH, errc::connect_failed}, row{EHOSTUNREACH, errc::connect_failed},
                                          row{ECONNRESET, errc::connect_failed}, row{EACCES, errc::connect_failed}})
        EXPECT_EQ(connect_errc({system, boost::system::system_category()}), meaning) << system;
}

TEST(socket, is_set_up_for_small_requests_and_probes) {
    const listener there;
    struct row {
        std::chrono::milliseconds probe;
        int idle_s;
    };
    for (const auto& [probe, idle_s] : {row{30s, 30}, row{1ms, 1}, row{1999ms, 1}, row{24h, 32'767}}) {
        const auto begun = begin_connect(there.where(), nullptr, probe);
        const int fd = begun.socket.get();
        ASSERT_GE(fd, 0);
        EXPECT_EQ(option(fd, IPPROTO_TCP, TCP_NODELAY), 1);
        EXPECT_EQ(option(fd, SOL_SOCKET, SO_KEEPALIVE), 1);
        EXPECT_EQ(option(fd, IPPROTO_TCP, TCP_KEEPIDLE), idle_s);
        EXPECT_EQ(option(fd, IPPROTO_TCP, TCP_KEEPINTVL), 5);
        EXPECT_EQ(option(fd, IPPROTO_TCP, TCP_KEEPCNT), 3);
        EXPECT_NE(::fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
        EXPECT_NE(::fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
    }
    const auto quiet = begin_connect(there.where(), nullptr, 0ms);
    EXPECT_EQ(option(quiet.socket.get(), SOL_SOCKET, SO_KEEPALIVE), 0);
}

TEST(socket, a_connection_to_itself_is_nobody_there) {
    const auto free_port = listener().port();
    const auto self = address("127.0.0.1", free_port);
    auto begun = begin_connect(self, &self, 0ms);
    auto failure = begun.failure;
    if (begun.socket) {
        ASSERT_FALSE(begun.connected);
        const auto outcome = finish_connect(begun.socket.get(), self);
        ASSERT_EQ(outcome.state, connect_state::failed);
        failure = outcome.failure;
    }
    EXPECT_EQ(failure.code, errc::connection_refused);
}

TEST(socket, a_connect_under_way_is_pending) {
    const hanging_port there;
    const auto to = address("127.0.0.1", there.port());
    const auto begun = begin_connect(to, nullptr, 0ms);
    ASSERT_TRUE(begun.socket);
    EXPECT_FALSE(begun.connected);
    EXPECT_EQ(finish_connect(begun.socket.get(), to).state, connect_state::pending);
}

TEST(socket, only_tcp_tells_a_round_trip_time) {
    const temporary_folder folder;
    const listener there(*unix_endpoint(folder.file("s")));
    const auto begun = begin_connect(there.where(), nullptr, 30s);
    EXPECT_TRUE(begun.connected);
    EXPECT_EQ(path_rtt(begun.socket.get()), 0ns);
    EXPECT_EQ(path_rtt(-1), 0ns);
}

}  // namespace
}  // namespace hearth::net
