#include <hearth/error.hpp>
#include <hearth/options.hpp>
#include <hearth/request.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;
using hearth::agent_options;
using hearth::errc;

template <class Options>
std::string refusal(const Options& options) {
    try {
        validate(options);
    } catch (const hearth::error& e) {
        EXPECT_TRUE(e.code() == errc::invalid_option);
        return e.what();
    }
    return "accepted";
}

template <class Options = agent_options>
struct row {
    std::function<void(Options&)> change;
    std::string message = "accepted";
};

template <class Options>
void check(const std::vector<row<Options>>& rows) {
    for (std::size_t i = 0; i < rows.size(); ++i) {
        Options options;
        rows[i].change(options);
        EXPECT_EQ(refusal(options), rows[i].message) << "row " << i;
    }
}

TEST(options, are_valid_by_default) {
    EXPECT_EQ(refusal(agent_options{}), "accepted");
    EXPECT_EQ(refusal(hearth::client_options{}), "accepted");
    EXPECT_EQ(refusal(hearth::request_options{}), "accepted");
}

TEST(options, counts_have_ranges) {
    check<agent_options>({
        {[](auto& o) { o.max_sockets = 0; }, "max_sockets is 0; allowed: 1 to 1000000"},
        {[](auto& o) { o.max_sockets = 1; }},
        {[](auto& o) { o.max_sockets = 1'000'000; }},
        {[](auto& o) { o.max_sockets = 1'000'001; }, "max_sockets is 1000001; allowed: 1 to 1000000"},
        {[](auto& o) { o.max_sockets = static_cast<std::size_t>(-1); },
         "max_sockets is 18446744073709551615; allowed: 1 to 1000000"},
        {[](auto& o) { o.max_free_sockets = 0; }},
        {[](auto& o) { o.max_free_sockets = 1'000'000; }},
        {[](auto& o) { o.max_free_sockets = 1'000'001; }, "max_free_sockets is 1000001; allowed: 0 to 1000000"},
        {[](auto& o) { o.max_connecting = 0; }, "max_connecting is 0; allowed: 1 to 1000000"},
        {[](auto& o) { o.max_connecting = 1'000'001; }, "max_connecting is 1000001; allowed: 1 to 1000000"},
        {[](auto& o) { o.max_connecting = 1'000'000; }},
        {[](auto& o) { o.max_total_sockets = 0; }, "max_total_sockets is 0; allowed: 1 to 1000000"},
        {[](auto& o) { o.max_total_sockets = 1'000'001; }, "max_total_sockets is 1000001; allowed: 1 to 1000000"},
        {[](auto& o) { o.max_total_sockets = 1; }},
        {[](auto& o) { o.max_pending = 0; }},
        {[](auto& o) { o.max_pending = 10'000'001; }, "max_pending is 10000001; allowed: 0 to 10000000"},
        {[](auto& o) { o.min_free_sockets = 50; }},
        {[](auto& o) { o.max_header_size = 1024; }},
        {[](auto& o) { o.max_header_size = 1023; }, "max_header_size is 1023 bytes; allowed: 1 KiB to 16 MiB"},
        {[](auto& o) { o.max_header_size = 32 << 20; }, "max_header_size is 32 MiB; allowed: 1 KiB to 16 MiB"},
        {[](auto& o) { o.max_header_count = 0; }, "max_header_count is 0; allowed: 1 to 100000"},
        {[](auto& o) { o.max_header_count = 100'001; }, "max_header_count is 100001; allowed: 1 to 100000"},
        {[](auto& o) { o.max_response_size = static_cast<std::uint64_t>(-1); }},
        {[](auto& o) { o.max_requests_per_connection = static_cast<std::uint64_t>(-1); }},
        {[](auto& o) { o.max_collected_size = 16ULL << 30; }},
        {[](auto& o) { o.max_collected_size = 0; }, "max_collected_size is 0 bytes; allowed: 1 byte to 16 GiB"},
        {[](auto& o) { o.max_collected_size = (16ULL << 30) + 1; },
         "max_collected_size is 17179869185 bytes; allowed: 1 byte to 16 GiB"},
        {[](auto& o) { o.scheduling = hearth::scheduling::fifo; }},
        {[](auto& o) { o.scheduling = static_cast<hearth::scheduling>(7); },
         "scheduling is 7; allowed: lifo (0) or fifo (1)"},
    });
}

TEST(options, durations_have_ranges) {
    check<agent_options>({
        {[](auto& o) { o.keep_alive_msecs = 0ms; }},
        {[](auto& o) { o.keep_alive_msecs = 1s; }},
        {[](auto& o) { o.keep_alive_msecs = 2h; }},
        {[](auto& o) { o.keep_alive_msecs = 500ms; }, "keep_alive_msecs is 500 ms; allowed: 0 (off) or 1 s to 2 h"},
        {[](auto& o) { o.keep_alive_msecs = 3h; }, "keep_alive_msecs is 3 h; allowed: 0 (off) or 1 s to 2 h"},
        {[](auto& o) { o.keep_alive_msecs = -1ms; }, "keep_alive_msecs is -1 ms; allowed: 0 (off) or 1 s to 2 h"},
        {[](auto& o) { o.keep_alive_timeout = 0ms; }, "keep_alive_timeout is 0; allowed: 1 ms to 24 h"},
        {[](auto& o) { o.keep_alive_timeout = 24h + 1ms; }, "keep_alive_timeout is 86400001 ms; allowed: 1 ms to 24 h"},
        {[](auto& o) { o.keep_alive_max_timeout = 0ms; }, "keep_alive_max_timeout is 0; allowed: 1 ms to 24 h"},
        {[](auto& o) { o.keep_alive_max_timeout = 25h; }, "keep_alive_max_timeout is 25 h; allowed: 1 ms to 24 h"},
        {[](auto& o) { o.keep_alive_timeout_threshold = 0ms; }},
        {[](auto& o) { o.keep_alive_timeout_threshold = 61s; }, "keep_alive_timeout_threshold is 61 s; allowed: 0 to 60 s"},
        {[](auto& o) { o.keep_alive_timeout_threshold = -1s; }, "keep_alive_timeout_threshold is -1 s; allowed: 0 to 60 s"},
        {[](auto& o) { o.safe_age = 0ms; }},
        {[](auto& o) { o.safe_age = 25h; }, "safe_age is 25 h; allowed: 0 to 24 h"},
        {[](auto& o) { o.safe_age = -1ms; }, "safe_age is -1 ms; allowed: 0 to 24 h"},
        {[](auto& o) { o.max_connection_age = 30 * 24h; }},
        {[](auto& o) { o.max_connection_age = 31 * 24h; },
         "max_connection_age is 31 days; allowed: 0 (off) or 1 ms to 30 days"},
        {[](auto& o) { o.max_connection_age = -1ms; }, "max_connection_age is -1 ms; allowed: 0 (off) or 1 ms to 30 days"},
    });
}

TEST(options, timeouts_have_one_range) {
    struct {
        const char* name;
        std::chrono::milliseconds agent_options::*member;
    } const timeouts[] = {
        {"timeout", &agent_options::timeout},
        {"connect_timeout", &agent_options::connect_timeout},
        {"headers_timeout", &agent_options::headers_timeout},
        {"body_timeout", &agent_options::body_timeout},
        {"pending_timeout", &agent_options::pending_timeout},
        {"unacknowledged_timeout", &agent_options::unacknowledged_timeout},
        {"expect_timeout", &agent_options::expect_timeout},
        {"deadline", &agent_options::deadline},
    };
    for (const auto& [name, member] : timeouts) {
        const auto with = [member = member](std::chrono::milliseconds value) {
            agent_options o;
            o.*member = value;
            return refusal(o);
        };
        const std::string allowed = "; allowed: 0 (off) or 1 ms to 24 h";
        EXPECT_EQ(with(0ms), "accepted");
        EXPECT_EQ(with(1ms), "accepted");
        EXPECT_EQ(with(24h), "accepted");
        EXPECT_EQ(with(-1ms), name + std::string(" is -1 ms") + allowed);
        EXPECT_EQ(with(24h + 1s), name + std::string(" is 86401 s") + allowed);
        EXPECT_EQ(with(std::chrono::milliseconds::max()), name + std::string(" is 9223372036854775807 ms") + allowed);
    }
}

TEST(options, parts_have_ranges) {
    check<agent_options>({
        {[](auto& o) { o.retry.max_retries = 0; }},
        {[](auto& o) { o.retry.max_retries = 101; }, "retry.max_retries is 101; allowed: 0 to 100"},
        {[](auto& o) { o.retry.base_delay = 0ms; }, "retry.base_delay is 0; allowed: 1 ms to 1 h"},
        {[](auto& o) { o.retry.base_delay = 2h; }, "retry.base_delay is 2 h; allowed: 1 ms to 1 h"},
        {[](auto& o) { o.retry.base_delay = o.retry.max_delay; }},
        {[](auto& o) { o.retry.max_delay = 99ms; },
         "retry.max_delay is 99 ms; allowed: retry.base_delay, which is 100 ms, to 1 h"},
        {[](auto& o) { o.retry.max_delay = 1h + 1ms; },
         "retry.max_delay is 3600001 ms; allowed: retry.base_delay, which is 100 ms, to 1 h"},
        {[](auto& o) { o.retry.max_downtime = 0ms; }},
        {[](auto& o) { o.retry.max_downtime = 25h; }, "retry.max_downtime is 25 h; allowed: 0 (off) or 1 ms to 24 h"},
        {[](auto& o) { o.retry.budget_percent = 101; }, "retry.budget_percent is 101; allowed: 0 to 100"},
        {[](auto& o) { o.retry.min_budget = 1001; }, "retry.min_budget is 1001; allowed: 0 to 1000"},
        {[](auto& o) { o.replay.max_replays = 11; }, "replay.max_replays is 11; allowed: 0 to 10"},
        {[](auto& o) { o.tls.session_cache = 0; }},
        {[](auto& o) { o.tls.session_cache = 100'001; }, "tls.session_cache is 100001; allowed: 0 to 100000"},
        {[](auto& o) { o.dns.cache_ttl = 0ms; }},
        {[](auto& o) { o.dns.cache_ttl = 2h; }, "dns.cache_ttl is 2 h; allowed: 0 to 1 h"},
        {[](auto& o) { o.dns.cache_ttl = -1ms; }, "dns.cache_ttl is -1 ms; allowed: 0 to 1 h"},
        {[](auto& o) { o.dns.cache_size = 100'001; }, "dns.cache_size is 100001; allowed: 0 to 100000"},
        {[](auto& o) { o.dns.attempt_delay = 9ms; }, "dns.attempt_delay is 9 ms; allowed: 10 ms to 2 s"},
        {[](auto& o) { o.dns.attempt_delay = 0ms; }, "dns.attempt_delay is 0; allowed: 10 ms to 2 s"},
        {[](auto& o) { o.dns.attempt_delay = 3s; }, "dns.attempt_delay is 3 s; allowed: 10 ms to 2 s"},
        {[](auto& o) { o.log.level = hearth::log_level::debug; }},
        {[](auto& o) { o.log.level = static_cast<hearth::log_level>(5); }, "log.level is 5; allowed: off (0) to debug (4)"},
        {[](auto& o) { o.log.format = hearth::log_format::json; }},
        {[](auto& o) { o.log.format = static_cast<hearth::log_format>(2); },
         "log.format is 2; allowed: key_value (0) or json (1)"},
        {[](auto& o) { o.log.max_per_second = 1; }},
        {[](auto& o) { o.log.max_per_second = 0; }, "log.max_per_second is 0; allowed: 1 to 10000"},
        {[](auto& o) { o.log.max_per_second = 10'000; }},
        {[](auto& o) { o.log.max_per_second = 10'001; }, "log.max_per_second is 10001; allowed: 1 to 10000"},
    });
}

TEST(options, tls_identity_is_whole_and_unambiguous) {
    check<agent_options>({
        {[](auto& o) { o.tls.cert = "pem", o.tls.key = "pem"; }},
        {[](auto& o) { o.tls.cert = "pem", o.tls.key_file = "key.pem"; }},
        {[](auto& o) { o.tls.cert_file = "a", o.tls.key_file = "a"; }},
        {[](auto& o) { o.tls.cert = "pem"; }, "tls.cert is set without tls.key; set both or neither"},
        {[](auto& o) { o.tls.cert_file = "c.pem"; }, "tls.cert is set without tls.key; set both or neither"},
        {[](auto& o) { o.tls.key_file = "k.pem"; }, "tls.key is set without tls.cert; set both or neither"},
        {[](auto& o) { o.tls.cert = o.tls.cert_file = o.tls.key = "x"; },
         "tls.cert and tls.cert_file are both set; set one"},
        {[](auto& o) { o.tls.cert = o.tls.key = o.tls.key_file = "x"; }, "tls.key and tls.key_file are both set; set one"},
        {[](auto& o) { o.tls.ca = o.tls.ca_file = "x"; }, "tls.ca and tls.ca_file are both set; set one"},
        {[](auto& o) { o.tls.ca_file = std::string("a\0b", 3); }, "tls.ca_file is \"a\\x00b\"; a path holds no NUL"},
        {[](auto& o) { o.tls.servername = "example.com"; }},
        {[](auto& o) { o.tls.servername = "192.0.2.1"; }},
        {[](auto& o) { o.tls.servername = "2001:db8::1"; }},
        {[](auto& o) { o.tls.servername = "exam ple.com"; },
         "tls.servername is \"exam ple.com\"; a host holds only letters, digits, '-', '.' and '_'"},
        {[](auto& o) { o.tls.alpn = {}; }},
        {[](auto& o) {
            o.tls.alpn = {"h2", std::string(255, 'x')};
        }},
        {[](auto& o) {
             o.tls.alpn = {"h2", ""};
         },
         "tls.alpn[1] is 0 bytes; allowed: 1 byte to 255 bytes"},
        {[](auto& o) { o.tls.alpn = {std::string(256, 'x')}; }, "tls.alpn[0] is 256 bytes; allowed: 1 byte to 255 bytes"},
        {[](auto& o) { o.tls.alpn.assign(255, std::string(255, 'x')); }},
        {[](auto& o) { o.tls.alpn.assign(256, std::string(255, 'x')); },
         "tls.alpn takes 65536 bytes in all; allowed: 0 to 65535 bytes"},
    });
}

TEST(options, addresses_are_addresses) {
    check<agent_options>({
        {[](auto& o) { o.local_address = "192.0.2.1"; }},
        {[](auto& o) { o.local_address = "::1"; }},
        {[](auto& o) { o.local_address = "localhost"; }, "local_address is \"localhost\"; allowed: an IPv4 or IPv6 address"},
        {[](auto& o) { o.local_address = "192.0.2"; }, "local_address is \"192.0.2\"; allowed: an IPv4 or IPv6 address"},
        {[](auto& o) { o.local_address = "[::1]"; }, "local_address is \"[::1]\"; allowed: an IPv4 or IPv6 address"},
        {[](auto& o) { o.local_address = std::string("::1\0x", 5); },
         "local_address is \"::1\\x00x\"; allowed: an IPv4 or IPv6 address"},
        {[](auto& o) { o.socket_path = std::string(107, 'x'); }},
        {[](auto& o) { o.socket_path = std::string(108, 'x'); }, "socket_path is 108 bytes long; allowed: 1 to 107"},
        {[](auto& o) { o.socket_path = std::string("\0abstract", 9); }},
        {[](auto& o) { o.socket_path = std::string("a\0b", 3); },
         "socket_path is \"a\\x00b\"; it may hold a NUL only as its first byte"},
        {[](auto& o) { o.socket_path = "/run/x", o.local_address = "::1"; },
         "local_address and socket_path are both set; a unix socket has no local address"},
    });
}

TEST(options, combinations_that_cannot_work_are_refused) {
    check<agent_options>({
        {[](auto& o) { o.min_free_sockets = 51; }, "min_free_sockets is 51; allowed: 0 to max_free_sockets, which is 50"},
        {[](auto& o) { o.min_free_sockets = 3, o.max_free_sockets = 2; },
         "min_free_sockets is 3; allowed: 0 to max_free_sockets, which is 2"},
        {[](auto& o) { o.min_free_sockets = 60, o.max_free_sockets = 100; },
         "min_free_sockets is 60; allowed: 0 to max_sockets, which is 50"},
        {[](auto& o) { o.min_free_sockets = 1, o.keep_alive = false; },
         "min_free_sockets is 1; allowed: 0, since keep_alive is off"},
        {[](auto& o) { o.max_free_sockets = 10, o.keep_alive = false; }},
        {[](auto& o) { o.max_free_sockets = 100, o.max_sockets = 1; }},
    });
}

TEST(options, default_headers_can_be_sent) {
    check<agent_options>({
        {[](auto& o) {
            o.headers = {{"User-Agent", "x/1"}, {"X-Empty", ""}, {"X-Latin", "\xfc"}};
        }},
        {[](auto& o) {
             o.headers = {{"Bad Name", "x"}};
         },
         "headers: \"Bad Name\" is not a field name; allowed: letters, digits and !#$%&'*+-.^_`|~"},
        {[](auto& o) {
             o.headers = {{"", "x"}};
         },
         "headers: \"\" is not a field name; allowed: letters, digits and !#$%&'*+-.^_`|~"},
        {[](auto& o) {
             o.headers = {{"Authorization", "secret\r\nX: y"}};
         },
         "headers: the value of Authorization holds a CR, LF or NUL"},
        {[](auto& o) {
             o.headers = {{"content-length", "5"}};
         },
         "headers: Content-Length depends on each request's body and has no default"},
        {[](auto& o) {
             o.headers = {{"Transfer-Encoding", "chunked"}};
         },
         "headers: Transfer-Encoding depends on each request's body and has no default"},
    });
}

TEST(options, of_a_client_hold_an_agents) {
    check<hearth::client_options>({
        {[](auto& o) { o.threads = 0; }, "threads is 0; allowed: 1 to 256"},
        {[](auto& o) { o.threads = 256; }},
        {[](auto& o) { o.threads = 257; }, "threads is 257; allowed: 1 to 256"},
        {[](auto& o) { o.agent.max_sockets = 0; }, "max_sockets is 0; allowed: 1 to 1000000"},
        {[](auto& o) {
            o.threads = 3;
            o.agent.max_sockets = 2;
        }},
        {[](auto& o) {
             o.threads = 3;
             o.agent.max_sockets = 2;
             o.spread_origins = true;
         },
         "max_sockets is 2; allowed: threads, which is 3, to 1000000, since spread_origins is on"},
        {[](auto& o) {
            o.threads = o.agent.max_sockets = 3;
            o.spread_origins = true;
        }},
    });
}

TEST(options, of_a_request_have_the_same_ranges) {
    const std::string allowed = "; allowed: 0 (off) or 1 ms to 24 h";
    check<hearth::request_options>({
        {[](auto& o) { o.timeout = 0ms; }},
        {[](auto& o) { o.timeout = -1ms; }, "timeout is -1 ms" + allowed},
        {[](auto& o) { o.connect_timeout = 25h; }, "connect_timeout is 25 h" + allowed},
        {[](auto& o) { o.headers_timeout = 25h; }, "headers_timeout is 25 h" + allowed},
        {[](auto& o) { o.body_timeout = 25h; }, "body_timeout is 25 h" + allowed},
        {[](auto& o) { o.pending_timeout = 25h; }, "pending_timeout is 25 h" + allowed},
        {[](auto& o) { o.unacknowledged_timeout = 25h; }, "unacknowledged_timeout is 25 h" + allowed},
        {[](auto& o) { o.deadline = 48h; }, "deadline is 2 days" + allowed},
        {[](auto& o) { o.retry = hearth::retry_options{.max_retries = 101}; },
         "retry.max_retries is 101; allowed: 0 to 100"},
        {[](auto& o) { o.replay = hearth::replay_options{.max_replays = 11}; },
         "replay.max_replays is 11; allowed: 0 to 10"},
        {[](auto& o) { o.max_response_size = 0; }},
    });
}

}  // namespace
