// README's C++ is that of the examples, which are compiled and run; its table of options is that of options.hpp.

#include "values/text.hpp"

#include <hearth/options.hpp>

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <optional>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace hearth {
namespace {

std::string read(const std::string& path) {
    std::ifstream in(std::string(HEARTH_SOURCE_DIR) + "/" + path);
    EXPECT_TRUE(in) << path;
    return {std::istreambuf_iterator<char>(in), {}};
}

struct snippet {
    std::string from;  // the file that it is taken from
    std::string code;
};

std::vector<snippet> cpp_snippets(const std::string& readme) {
    const std::regex marker("<!-- from (.*) -->");
    std::vector<snippet> all;
    std::istringstream in(readme);
    std::string before;
    bool inside = false;
    for (std::string line; std::getline(in, line); before = line) {
        if (line == "```cpp") {
            std::smatch match;
            all.push_back({std::regex_match(before, match, marker) ? match[1].str() : "", ""});
            inside = true;
        } else if (line == "```") {
            inside = false;
        } else if (inside) {
            all.back().code += line + '\n';
        }
    }
    return all;
}

TEST(readme, its_cpp_is_taken_from_examples) {
    const auto all = cpp_snippets(read("README.md"));
    ASSERT_EQ(all.size(), 3U);
    for (const snippet& s : all) {
        ASSERT_FALSE(s.from.empty()) << "a snippet names no example:\n" << s.code;
        EXPECT_NE(read(s.from).find('\n' + s.code), std::string::npos) << s.from << " does not hold\n" << s.code;
    }
}

// The first two cells of each row of the table, a row with several names taken apart.
std::vector<std::pair<std::string, std::string>> documented() {
    const std::regex row(R"(\| (`[^|]*`) \| ([^|]*) \|.*)");
    const std::regex name("`([^`]*)`");
    std::vector<std::pair<std::string, std::string>> all;
    std::istringstream in(read("README.md"));
    for (std::string line; std::getline(in, line);) {
        std::smatch cells;
        if (!std::regex_match(line, cells, row)) continue;
        const std::string names = cells[1];
        for (std::sregex_iterator it(names.begin(), names.end(), name), end; it != end; ++it)
            all.emplace_back((*it)[1], cells[2]);
    }
    return all;
}

std::optional<std::string> documented_default(const std::string& option) {
    for (const auto& [name, value] : documented()) {
        if (name == option) return value;
    }
    return std::nullopt;
}

// Every member of agent_options and its parts, as options.hpp declares them.
std::set<std::string> declared() {
    const std::regex begin(R"(struct (\w+)_options \{)");
    const std::regex member(R"(    [\w:<>, ]+ (\w+)(\{.*\}| = .*)?;)");
    std::set<std::string> all;
    std::istringstream in(read("include/hearth/options.hpp"));
    std::string prefix;
    for (std::string line; std::getline(in, line);) {
        std::smatch match;
        if (std::regex_match(line, match, begin)) prefix = match[1] == "agent" ? "" : match[1].str() + ".";
        if (std::regex_match(line, match, member) && prefix != "client.") all.insert(prefix + match[1].str());
    }
    for (const char* part : {"retry", "replay", "tls", "dns"}) EXPECT_EQ(all.erase(part), 1U) << part;
    return all;
}

TEST(readme, its_table_names_every_option_and_no_other) {
    std::set<std::string> in_table;
    for (const auto& [name, value] : documented()) EXPECT_TRUE(in_table.insert(name).second) << name << " is there twice";
    EXPECT_EQ(in_table, declared());
}

std::string words(std::chrono::milliseconds d) { return d.count() == 0 ? "none" : values::to_words(d); }
std::string words(bool on) { return on ? "on" : "off"; }

TEST(readme, its_defaults_are_those_of_the_code) {
    const agent_options o;
    const std::vector<std::pair<const char*, std::string>> defaults{
        {"keep_alive", words(o.keep_alive)},
        {"keep_alive_msecs", words(o.keep_alive_msecs)},
        {"max_sockets", std::to_string(o.max_sockets)},
        {"max_connecting", std::to_string(o.max_connecting)},
        {"max_total_sockets", std::to_string(o.max_total_sockets)},
        {"max_pending", std::to_string(o.max_pending)},
        {"min_free_sockets", std::to_string(o.min_free_sockets)},
        {"scheduling", o.scheduling == scheduling::lifo ? "lifo" : "fifo"},
        {"timeout", words(o.timeout)},
        {"connect_timeout", words(o.connect_timeout)},
        {"headers_timeout", words(o.headers_timeout)},
        {"body_timeout", words(o.body_timeout)},
        {"pending_timeout", words(o.pending_timeout)},
        {"unacknowledged_timeout", words(o.unacknowledged_timeout)},
        {"expect_timeout", words(o.expect_timeout)},
        {"deadline", words(o.deadline)},
        {"keep_alive_timeout", words(o.keep_alive_timeout)},
        {"keep_alive_max_timeout", words(o.keep_alive_max_timeout)},
        {"keep_alive_timeout_threshold", words(o.keep_alive_timeout_threshold)},
        {"safe_age", words(o.safe_age)},
        {"max_connection_age", words(o.max_connection_age)},
        {"max_requests_per_connection", std::to_string(o.max_requests_per_connection)},
        {"learn_idle_timeout", words(o.learn_idle_timeout)},
        {"check_before_use", words(o.check_before_use)},
        {"watch_idle", words(o.watch_idle)},
        {"retry.max_retries", std::to_string(o.retry.max_retries)},
        {"retry.base_delay", words(o.retry.base_delay)},
        {"retry.max_delay", words(o.retry.max_delay)},
        {"retry.on_status", words(o.retry.on_status)},
        {"retry.budget_percent", std::to_string(o.retry.budget_percent)},
        {"retry.min_budget", std::to_string(o.retry.min_budget)},
        {"replay.enabled", words(o.replay.enabled)},
        {"replay.max_replays", std::to_string(o.replay.max_replays)},
        {"replay.half_closed", words(o.replay.half_closed)},
        {"tls.reject_unauthorized", words(o.tls.reject_unauthorized)},
        {"tls.alpn", o.tls.alpn.at(0)},
        {"tls.session_cache", std::to_string(o.tls.session_cache)},
        {"dns.cache_ttl", words(o.dns.cache_ttl) + ", " + std::to_string(o.dns.cache_size)},
        {"dns.attempt_delay", words(o.dns.attempt_delay)},
        {"log", std::string(to_string(o.log.level))},
        {"max_header_size", values::bytes_to_words(o.max_header_size)},
        {"max_header_count", std::to_string(o.max_header_count)},
        {"max_response_size", std::to_string(o.max_response_size)},
        {"max_collected_size", values::bytes_to_words(o.max_collected_size)},
    };
    for (const auto& [name, value] : defaults) EXPECT_EQ(documented_default(name), value) << name;
    // Unset means: as max_sockets, which is what the table says.
    EXPECT_FALSE(o.max_free_sockets.has_value());
    EXPECT_EQ(documented_default("max_free_sockets"), "`max_sockets`");
}

}  // namespace
}  // namespace hearth
