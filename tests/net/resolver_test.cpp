#include "net/resolver.hpp"

#include "net/world.hpp"

#include <gtest/gtest.h>

#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>

#include <atomic>
#include <cstdlib>
#include <map>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

namespace hearth::net {
namespace {

namespace asio = boost::asio;
using namespace test;

std::string texts(const std::vector<endpoint>& addresses) {
    std::string all;
    for (const auto& e : addresses) all += e.text() + ' ';
    return all;
}

lookup_result found(const std::vector<std::string>& literals) {
    lookup_result result;
    for (const auto& literal : literals) result.addresses.push_back(address(literal));
    return result;
}

// A resolver over a table, counting how often each name is asked for.
struct names {
    explicit names(const dns_options& options = {}) {
        table["a.test"] = found({"192.0.2.1"});
        table["b.test"] = found({"192.0.2.2"});
        table["c.test"] = found({"192.0.2.3"});
        table["missing.test"] = {.code = errc::name_not_found, .detail = "no such name"};
        table["broken.test"] = {.code = errc::lookup_failed, .detail = "try again"};
        resolver.emplace(context.get_executor(), options, [this](const std::string& host) {
            const std::lock_guard lock(mutex);
            ++asked[host];
            return table.at(host);
        });
    }

    // What a lookup made now answers.
    lookup_result get(const std::string& host, std::uint16_t port = 80, std::chrono::nanoseconds now = 0s) {
        std::optional<lookup_result> answer;
        const auto ticket = resolver->lookup(host, port, now, [&](const lookup_result& result) { answer = result; });
        EXPECT_FALSE(answer) << "answered from within";
        context.restart();
        context.run();
        EXPECT_TRUE(answer);
        return answer.value_or(lookup_result{});
    }
    int times(const std::string& host) {
        const std::lock_guard lock(mutex);
        return asked[host];
    }

    asio::io_context context;
    std::mutex mutex;
    std::map<std::string, lookup_result> table;
    std::map<std::string, int> asked;
    std::optional<net::resolver> resolver;
};

TEST(resolver, literals_are_answered_without_asking) {
    names n;
    EXPECT_EQ(texts(n.get("192.0.2.7", 81).addresses), "192.0.2.7:81 ");
    EXPECT_EQ(texts(n.get("::1", 443).addresses), "[::1]:443 ");
    EXPECT_TRUE(n.asked.empty());
    EXPECT_EQ(n.resolver->size(), 0U);
}

TEST(resolver, answers_are_remembered_for_every_port_and_spelling) {
    names n;
    EXPECT_EQ(texts(n.get("a.test", 80).addresses), "192.0.2.1:80 ");
    EXPECT_EQ(texts(n.get("A.TeSt", 8080).addresses), "192.0.2.1:8080 ");
    EXPECT_EQ(n.times("a.test"), 1);
}

TEST(resolver, answers_are_used_until_their_time_is_over) {
    names n({.cache_ttl = 30s});
    n.get("a.test", 80, 100s);
    n.get("a.test", 80, 130s - 1ns);
    EXPECT_EQ(n.times("a.test"), 1);
    n.get("a.test", 80, 130s);
    EXPECT_EQ(n.times("a.test"), 2);
}

TEST(resolver, a_forgotten_name_is_asked_for_again) {
    names n;
    n.get("a.test");
    n.resolver->forget("A.test");
    n.resolver->forget("never-heard-of.test");
    n.table["a.test"] = found({"192.0.2.9"});
    EXPECT_EQ(texts(n.get("a.test").addresses), "192.0.2.9:80 ");
    EXPECT_EQ(n.times("a.test"), 2);
}

TEST(resolver, the_least_recently_used_name_makes_room) {
    names n({.cache_size = 2});
    n.get("a.test");
    n.get("b.test");
    n.get("a.test");
    n.get("c.test");
    EXPECT_EQ(n.resolver->size(), 2U);
    n.get("a.test");
    EXPECT_EQ(n.times("a.test"), 1);
    n.get("b.test");
    EXPECT_EQ(n.times("b.test"), 2);
}

TEST(resolver, nothing_is_remembered_when_that_is_turned_off) {
    for (const auto& options : {dns_options{.cache_ttl = 0s}, dns_options{.cache_size = 0}}) {
        names n(options);
        n.get("a.test");
        n.get("a.test");
        EXPECT_EQ(n.times("a.test"), 2);
        EXPECT_EQ(n.resolver->size(), 0U);
    }
}

TEST(resolver, failures_are_told_and_not_remembered) {
    names n;
    for (int i = 1; i <= 2; ++i) {
        const auto missing = n.get("missing.test");
        EXPECT_EQ(missing.code, errc::name_not_found);
        EXPECT_EQ(missing.detail, "no such name");
        EXPECT_EQ(n.get("broken.test").code, errc::lookup_failed);
        EXPECT_EQ(n.times("missing.test"), i);
    }
}

TEST(resolver, an_answer_without_addresses_is_a_failure) {
    names n;
    n.table["a.test"] = {};
    EXPECT_EQ(n.get("a.test").code, errc::name_not_found);
}

TEST(resolver, families_alternate_and_repetitions_go) {
    struct row {
        std::vector<std::string> from;
        std::string to;
    };
    const row rows[] = {
        {{"::1", "::2", "::3", "1.1.1.1"}, "[::1]:80 1.1.1.1:80 [::2]:80 [::3]:80 "},
        {{"1.1.1.1", "1.1.1.2", "::1", "::2"}, "1.1.1.1:80 [::1]:80 1.1.1.2:80 [::2]:80 "},
        {{"1.1.1.1", "1.1.1.1", "::1", "1.1.1.1"}, "1.1.1.1:80 [::1]:80 "},
        {{"1.1.1.1", "1.1.1.2", "1.1.1.3"}, "1.1.1.1:80 1.1.1.2:80 1.1.1.3:80 "},
    };
    for (const auto& [from, to] : rows) {
        names n;
        n.table["a.test"] = found(from);
        EXPECT_EQ(texts(n.get("a.test").addresses), to);
    }
}

TEST(resolver, addresses_of_one_name_are_bounded) {
    names n;
    std::vector<std::string> many;
    for (int i = 0; i < 200; ++i) many.push_back("10.0.0." + std::to_string(i));
    n.table["a.test"] = found(many);
    EXPECT_EQ(n.get("a.test").addresses.size(), 32U);
}

// A resolver whose every lookup waits for a door. The threads share the door, for they may outlive everything else.
struct slow_names {
    struct hall {
        door exit;
        std::atomic<int> asked{0};
    };
    slow_names() {
        resolver.emplace(context.get_executor(), dns_options{}, [hall = shared](const std::string&) {
            ++hall->asked;
            hall->exit.wait();
            return found({"192.0.2.1"});
        });
    }
    ~slow_names() { shared->exit.open(); }

    void open() const { shared->exit.open(); }
    [[nodiscard]] int asked() const { return shared->asked; }
    void await_asked(int times) const {
        while (asked() < times) std::this_thread::yield();
    }

    std::shared_ptr<hall> shared = std::make_shared<hall>();
    asio::io_context context;
    std::optional<net::resolver> resolver;
};

TEST(resolver, lookups_of_one_name_under_way_are_shared) {
    slow_names n;
    std::vector<net::resolver::ticket> tickets;
    std::string ports;
    for (std::uint16_t port = 1; port <= 3; ++port) {
        tickets.push_back(
            n.resolver->lookup("a.test", port, 0s, [&](const lookup_result& r) { ports += texts(r.addresses); }));
    }
    n.await_asked(1);
    EXPECT_EQ(n.context.poll(), 0U);
    EXPECT_FALSE(n.context.stopped()) << "the context must not run out of work while somebody waits for a name";
    n.open();
    n.context.run();
    EXPECT_EQ(ports, "192.0.2.1:1 192.0.2.1:2 192.0.2.1:3 ");
    EXPECT_EQ(n.asked(), 1);
}

TEST(resolver, giving_up_ends_the_wait_and_the_late_answer_is_remembered) {
    slow_names n;
    auto ticket = n.resolver->lookup("a.test", 80, 0s, [](const lookup_result&) { FAIL(); });
    n.await_asked(1);
    ticket.reset();
    n.context.run();  // returns, since nobody waits
    n.context.restart();
    bool answered = false;
    ticket = n.resolver->lookup("a.test", 80, 0s, [&](const lookup_result&) { answered = true; });
    n.open();
    n.context.run();
    EXPECT_TRUE(answered);
    EXPECT_EQ(n.asked(), 1);
    EXPECT_EQ(n.resolver->size(), 1U);
}

TEST(resolver, giving_up_a_known_answer_works_too) {
    names n;
    auto ticket = n.resolver->lookup("192.0.2.1", 80, 0s, [](const lookup_result&) { FAIL(); });
    ticket.reset();
    n.context.run();
}

TEST(resolver, a_name_given_up_in_the_queue_and_wanted_again_is_still_asked_for) {
    slow_names n;
    std::vector<net::resolver::ticket> busy;
    for (const char* host : {"1.test", "2.test", "3.test", "4.test"})
        busy.push_back(n.resolver->lookup(host, 80, 0s, [](const lookup_result&) {}));
    n.await_asked(4);  // every thread is taken
    auto ticket = n.resolver->lookup("5.test", 80, 0s, [](const lookup_result&) { FAIL(); });
    auto given_up = n.resolver->lookup("6.test", 80, 0s, [](const lookup_result&) { FAIL(); });
    ticket.reset();
    given_up.reset();
    bool answered = false;
    ticket = n.resolver->lookup("5.test", 80, 0s, [&](const lookup_result&) { answered = true; });
    n.open();
    n.context.run();
    EXPECT_TRUE(answered);
    EXPECT_EQ(n.asked(), 5) << "what nobody wants any more is not asked for";
}

TEST(resolver, a_handler_may_destroy_the_resolver_and_the_other_tickets) {
    slow_names n;
    std::vector<net::resolver::ticket> tickets;
    int answers = 0;
    for (int i = 0; i < 3; ++i) {
        tickets.push_back(n.resolver->lookup("a.test", 80, 0s, [&](const lookup_result& r) {
            ++answers;
            n.resolver.reset();
            tickets.clear();
            EXPECT_EQ(r.addresses.size(), 1U);
        }));
    }
    n.open();
    n.context.run();
    EXPECT_EQ(answers, 1);
}

TEST(resolver, answers_that_come_after_the_resolver_and_its_context_are_dropped) {
    const auto hall = std::make_shared<slow_names::hall>();
    {
        asio::io_context context;
        net::resolver r(asio::make_strand(context), {}, [hall](const std::string&) {
            ++hall->asked;
            hall->exit.wait();
            return found({"192.0.2.1"});
        });
        const auto ticket = r.lookup("a.test", 80, 0s, [](const lookup_result&) { FAIL(); });
        while (hall->asked == 0) std::this_thread::yield();
    }
    hall->exit.open();
}

TEST(resolver, a_context_may_be_destroyed_while_an_answer_arrives) {
    for (int i = 0; i < 300; ++i) {
        const auto exit = std::make_shared<door>();
        auto context = std::make_unique<asio::io_context>();
        auto r = std::make_shared<net::resolver>(context->get_executor(), dns_options{}, [exit](const std::string&) {
            exit->wait();
            return found({"192.0.2.1"});
        });
        auto ticket = r->lookup("a.test", 80, 0s, [](const lookup_result&) { FAIL(); });
        // As a coroutine's frame would, a handler owns them that only the context's destructor destroys.
        asio::post(*context, [r = std::move(r), ticket = std::move(ticket)] {});
        std::jthread opener([exit] { exit->open(); });
        context.reset();
    }
}

TEST(resolver, many_names_pass_through_few_threads) {
    std::atomic<int> at_once{0};
    std::atomic<int> most{0};
    asio::io_context context;
    net::resolver r(context.get_executor(), {}, [&](const std::string&) {
        const int now = ++at_once;
        int seen = most;
        while (now > seen && !most.compare_exchange_weak(seen, now)) {
        }
        --at_once;
        return found({"192.0.2.1"});
    });
    int answers = 0;
    std::vector<net::resolver::ticket> tickets;
    for (int i = 0; i < 2'000; ++i)
        tickets.push_back(r.lookup(std::to_string(i) + ".test", 80, 0s, [&](const lookup_result&) { ++answers; }));
    context.run();
    EXPECT_EQ(answers, 2'000);
    EXPECT_LE(most, 4);
    EXPECT_EQ(r.size(), 1'000U);
}

TEST(resolver, the_system_knows_localhost_and_refuses_what_is_no_name) {
    const auto self = system_lookup("localhost");
    ASSERT_FALSE(self.addresses.empty()) << self.detail;
    for (const auto& e : self.addresses) EXPECT_TRUE(e.text() == "127.0.0.1:0" || e.text() == "[::1]:0") << e.text();
    for (const auto& host : {std::string(), std::string(256, 'x'), std::string("localhost\0.evil", 15)}) {
        const auto none = system_lookup(host);
        EXPECT_EQ(none.code, errc::name_not_found);
        EXPECT_EQ(none.detail, "not a host name");
    }
    const auto none = system_lookup("does-not-exist.invalid");
    EXPECT_TRUE(none.code == errc::name_not_found || none.code == errc::lookup_failed);
    EXPECT_FALSE(none.detail.empty());
}

TEST(resolver_death, the_process_may_exit_while_a_name_is_looked_up) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    EXPECT_EXIT(
        {
            static asio::io_context context;
            static net::resolver r(context.get_executor(), {}, [](const std::string&) -> lookup_result {
                for (;;) ::pause();
            });
            static const auto ticket = r.lookup("a.test", 80, 0s, [](const lookup_result&) {});
            std::exit(7);
        },
        testing::ExitedWithCode(7), "");
}

}  // namespace
}  // namespace hearth::net
