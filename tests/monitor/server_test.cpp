// What the monitor answers over HTTP, and what it makes of those who ask badly.
#include "monitor/endpoint.hpp"
#include "monitor/fake_agent.hpp"
#include "monitor/peer.hpp"

#include <hearth/error.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/json.hpp>
#include <gtest/gtest.h>

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

namespace hearth::test {
namespace {

using namespace std::chrono_literals;
using detail::endpoint;

monitor_options on_any_port(monitor_options o = {}) {
    o.address = "127.0.0.1:0";
    return o;
}

std::string first_line(const std::string& message) { return message.substr(0, message.find('\r')); }

TEST(monitor_server, answers_what_there_is) {
    const endpoint e(on_any_port());
    const std::string page = ask(e.url(), "/");
    EXPECT_EQ(first_line(page), "HTTP/1.1 200 OK");
    EXPECT_NE(page.find("\r\nContent-Type: text/html; charset=utf-8\r\n"), std::string::npos);
    EXPECT_NE(page.find("<!doctype html>"), std::string::npos);
    for (const char* line :
         {"Cache-Control: no-store", "X-Content-Type-Options: nosniff", "Content-Security-Policy: default-src 'self';"})
        EXPECT_NE(page.find(line), std::string::npos) << page;
    EXPECT_EQ(first_line(ask(e.url(), "/?theme=dark")), "HTTP/1.1 200 OK");
    EXPECT_NE(ask(e.url(), "/metrics").find("hearth_build_info{version="), std::string::npos);
    const auto json = boost::json::parse(body_of(ask(e.url(), "/stats.json"))).as_object();
    EXPECT_EQ(json.at("origins").as_array().size(), 0U);
}

TEST(monitor_server, refuses_what_there_is_not) {
    const endpoint e(on_any_port());
    EXPECT_EQ(first_line(ask(e.url(), "/nothing")), "HTTP/1.1 404 Not Found");
    EXPECT_EQ(first_line(ask(e.url(), "/../etc/passwd")), "HTTP/1.1 404 Not Found");
    for (const char* method : {"POST", "PUT", "DELETE", "TRACE", "OPTIONS", "BREW", "CONNECT"}) {
        monitor_peer p(e.url());
        p.send(std::string(method) + " /stats.json HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello");
        const std::string answer = p.read_to_end();
        EXPECT_EQ(first_line(answer), "HTTP/1.1 405 Method Not Allowed") << method;
        EXPECT_NE(answer.find("\r\nAllow: GET, HEAD\r\n"), std::string::npos) << method;
    }
}

TEST(monitor_server, a_head_is_like_a_get_without_its_body) {
    const endpoint e(on_any_port());
    monitor_peer p(e.url());
    p.send("HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\nHEAD /events HTTP/1.1\r\nHost: localhost\r\n\r\n");
    const std::string page = p.read_until("\r\n\r\n");
    EXPECT_EQ(page.find("Content-Length: 0"), std::string::npos);
    EXPECT_NE(page.find("Content-Length: "), std::string::npos);
    EXPECT_NE(p.read_to_end().find("text/event-stream"), std::string::npos);
}

TEST(monitor_server, keeps_connections_and_takes_pipelined_requests_in_turn) {
    const endpoint e(on_any_port());
    monitor_peer p(e.url());
    p.send(
        "GET / HTTP/1.1\r\nHost: localhost\r\n\r\nGET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\nGET /x HTTP/1.1\r\nHost: "
        "localhost\r\n\r\n");
    EXPECT_NE(p.read_message().find("<!doctype html>"), std::string::npos);
    EXPECT_NE(p.read_message().find("hearth_build_info"), std::string::npos);
    EXPECT_EQ(first_line(p.read_message()), "HTTP/1.1 404 Not Found");
    p.get("/", "Connection: close\r\n");
    EXPECT_NE(p.read_message().find("\r\nConnection: close\r\n"), std::string::npos);
    EXPECT_EQ(p.read_to_end(), "");
    monitor_peer old(e.url());
    old.send("GET / HTTP/1.0\r\n\r\n");
    EXPECT_EQ(first_line(old.read_to_end()), "HTTP/1.1 200 OK");
}

TEST(monitor_server, only_those_with_the_token_see_data) {
    const endpoint e(on_any_port({.token = "open-sesame"}));
    EXPECT_EQ(first_line(ask(e.url(), "/")), "HTTP/1.1 200 OK");
    for (const char* path : {"/metrics", "/stats.json", "/events", "/stats.json?token=open-sesame"}) {
        const std::string without = ask(e.url(), path);
        EXPECT_EQ(first_line(without), "HTTP/1.1 401 Unauthorized") << path;
        EXPECT_NE(without.find("\r\nWWW-Authenticate: Bearer"), std::string::npos);
        EXPECT_EQ(first_line(ask(e.url(), path, "Authorization: Bearer open-sesamE\r\n")), "HTTP/1.1 401 Unauthorized")
            << path;
    }
    EXPECT_EQ(first_line(ask(e.url(), "/metrics", "Authorization: Bearer open-sesame\r\n")), "HTTP/1.1 200 OK");
}

TEST(monitor_server, a_site_whose_name_leads_here_reads_nothing) {
    const endpoint e(on_any_port());
    const auto with_host = [&](const std::string& lines) {
        monitor_peer p(e.url());
        p.send("GET /stats.json HTTP/1.1\r\n" + lines + "Connection: close\r\n\r\n");
        return first_line(p.read_to_end());
    };
    EXPECT_EQ(with_host("Host: evil.example\r\n"), "HTTP/1.1 421 Misdirected Request");
    EXPECT_EQ(with_host("Host: 127.0.0.1:1\r\n"), "HTTP/1.1 200 OK");
    EXPECT_EQ(with_host("Host: localhost\r\nHost: evil.example\r\n"), "HTTP/1.1 400 Bad Request");
    EXPECT_EQ(with_host(""), "HTTP/1.1 400 Bad Request");
}

TEST(monitor_server, what_is_no_request_is_refused) {
    const endpoint e(on_any_port());
    const auto answer_to = [&](const std::string& bytes) {
        monitor_peer p(e.url());
        p.send(bytes);
        return first_line(p.read_to_end());
    };
    EXPECT_EQ(answer_to("GET / HTTP/1.1\r\nHost: localhost\r\nX: " + std::string(9'000, 'x') + "\r\n\r\n"),
              "HTTP/1.1 431 Request Header Fields Too Large");
    EXPECT_EQ(answer_to("GET /" + std::string(9'000, 'x')), "HTTP/1.1 431 Request Header Fields Too Large");
    EXPECT_EQ(answer_to(std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11) + std::string(300, '\0')),
              "HTTP/1.1 400 Bad Request");
    EXPECT_EQ(answer_to("GET / HTTP/9.9\r\n\r\n"), "HTTP/1.1 400 Bad Request");
    EXPECT_EQ(answer_to("GET / HTTP/1.1\r\nbad header\r\n\r\n"), "HTTP/1.1 400 Bad Request");
    EXPECT_EQ(answer_to("\n\n\n\n"), "HTTP/1.1 400 Bad Request");
    // A body is not read: its connection ends with the answer.
    EXPECT_EQ(answer_to("GET / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"), "HTTP/1.1 200 OK");
    EXPECT_EQ(first_line(ask(e.url(), "/")), "HTTP/1.1 200 OK");
}

TEST(monitor_server, a_slow_head_is_waited_for_5_s_and_no_longer) {
    const endpoint e(on_any_port());
    monitor_peer quiet(e.url());
    monitor_peer slow(e.url());
    slow.send("GET / HT");
    EXPECT_EQ(first_line(ask(e.url(), "/")), "HTTP/1.1 200 OK");
    EXPECT_EQ(slow.read_to_end(), "");
    EXPECT_EQ(quiet.read_to_end(), "");
}

TEST(monitor_server, hundreds_of_connections_do_not_shut_anybody_out) {
    monitor_options o{.max_viewers = 2, .max_connections = 8};
    o.interval = 100ms;
    const endpoint e(on_any_port(o));
    monitor_peer viewer(e.url());
    viewer.get("/events");
    const std::string garbage(4'096, '\xff');
    std::vector<monitor_peer> crowd;
    for (int i = 0; i < 300; ++i) {
        crowd.emplace_back(e.url());
        if (i % 3 == 1) crowd.back().send("GET / HTTP/1.1\r\n");
        if (i % 3 == 2) crowd.back().send(garbage);
        if (i % 50 != 0) continue;
        EXPECT_EQ(first_line(ask(e.url(), "/metrics")), "HTTP/1.1 200 OK") << i;
        (void)viewer.read_until("event: stats");
    }
    EXPECT_EQ(first_line(ask(e.url(), "/")), "HTTP/1.1 200 OK");
    (void)viewer.read_until("event: stats");
}

TEST(monitor_server, one_more_than_can_be_served_is_turned_away) {
    const endpoint e(on_any_port({.max_viewers = 2, .max_connections = 2}));
    monitor_peer one(e.url());
    monitor_peer two(e.url());
    for (monitor_peer* p : {&one, &two}) {
        p->get("/events");
        EXPECT_NE(p->read_until("\n\n").find("event: stats"), std::string::npos);
    }
    monitor_peer three(e.url());
    EXPECT_EQ(first_line(three.read_to_end()), "HTTP/1.1 503 Service Unavailable");
}

TEST(monitor_server, who_has_sent_half_a_head_behind_a_request_gives_way) {
    const endpoint e(on_any_port({.max_viewers = 1, .max_connections = 1}));
    monitor_peer slow(e.url());
    slow.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\nGET / HT");
    EXPECT_EQ(first_line(slow.read_message()), "HTTP/1.1 200 OK");
    EXPECT_EQ(first_line(ask(e.url(), "/")), "HTTP/1.1 200 OK");
}

TEST(monitor_server, signals_are_not_for_its_thread_unless_they_tell_of_its_faults) {
    const endpoint e(on_any_port());
    EXPECT_EQ(first_line(ask(e.url(), "/")), "HTTP/1.1 200 OK");
    int seen = 0;
    for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
        std::ifstream status(task.path() / "status");
        std::string name;
        for (std::string line; std::getline(status, line);) {
            if (line.starts_with("Name:")) name = line.substr(6);
            if (name != "hearth-monitor" || !line.starts_with("SigBlk:")) continue;
            ++seen;
            const auto blocked = std::stoull(line.substr(8), nullptr, 16);
            const auto is_blocked = [&](int signal) { return (blocked >> (signal - 1) & 1U) != 0; };
            EXPECT_TRUE(is_blocked(SIGTERM) && is_blocked(SIGINT) && is_blocked(SIGCHLD)) << line;
            EXPECT_FALSE(is_blocked(SIGSEGV) || is_blocked(SIGABRT) || is_blocked(SIGBUS)) << line;
        }
    }
    EXPECT_EQ(seen, 1);
}

TEST(monitor_server, a_unix_socket_whose_owner_has_no_time_is_not_waited_for) {
    const std::string path =
        (std::filesystem::temp_directory_path() / ("hearth-monitor-busy-" + std::to_string(::getpid()))).string();
    namespace local = boost::asio::local;
    boost::asio::io_context context;
    local::stream_protocol::acceptor busy(context);
    busy.open();
    busy.bind(path);
    busy.listen(0);
    std::vector<local::stream_protocol::socket> crowd;
    boost::system::error_code error;
    while (!error && crowd.size() < 100) {
        crowd.emplace_back(context, local::stream_protocol());
        crowd.back().native_non_blocking(true);
        if (::connect(crowd.back().native_handle(), local::stream_protocol::endpoint(path).data(),
                      static_cast<::socklen_t>(local::stream_protocol::endpoint(path).size())) != 0)
            error.assign(errno, boost::system::system_category());
    }
    EXPECT_EQ(error, boost::asio::error::try_again);
    EXPECT_THROW(endpoint({.address = "unix:" + path}), hearth::error);
    EXPECT_TRUE(std::filesystem::exists(path));
    std::filesystem::remove(path);
}

TEST(monitor_server, a_unix_socket) {
    const std::string path =
        (std::filesystem::temp_directory_path() / ("hearth-monitor-" + std::to_string(::getpid()))).string();
    {
        const endpoint e({.address = "unix:" + path});
        EXPECT_EQ(e.url(), "unix:" + path);
        EXPECT_EQ(first_line(ask(e.url(), "/metrics", "X: y\r\n")), "HTTP/1.1 200 OK");
        // Somebody listens there: it is not taken away.
        EXPECT_THROW(endpoint({.address = "unix:" + path}), hearth::error);
        EXPECT_EQ(first_line(ask(e.url(), "/")), "HTTP/1.1 200 OK");
    }
    EXPECT_FALSE(std::filesystem::exists(path));
    // What is no socket is somebody's file.
    std::ofstream(path) << "mine";
    EXPECT_THROW(endpoint({.address = "unix:" + path}), hearth::error);
    EXPECT_TRUE(std::filesystem::exists(path));
    std::filesystem::remove(path);
}

TEST(monitor_server, a_port_that_is_taken) {
    const endpoint first(on_any_port());
    const std::string url = first.url();
    const std::string address = url.substr(7, url.size() - 8);
    try {
        const endpoint second({.address = address});
        ADD_FAILURE();
    } catch (const hearth::error& e) {
        EXPECT_EQ(e.code(), errc::connect_failed);
        EXPECT_NE(std::string(e.what()).find(url), std::string::npos) << e.what();
    }
    EXPECT_THROW(endpoint({.interval = 1ms}), hearth::error);
}

}  // namespace
}  // namespace hearth::test
