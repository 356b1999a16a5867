#include "net/reactor.hpp"

#include "net/fd.hpp"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>

#include <sys/socket.h>

#include <array>
#include <functional>
#include <memory>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

namespace hearth::net {
namespace {

namespace asio = boost::asio;

struct socket_pair {
    unique_fd near, far;
    socket_pair() {
        std::array<int, 2> fds{};
        if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds.data()) != 0)
            throw std::runtime_error("socketpair");
        near.reset(fds[0]);
        far.reset(fds[1]);
    }
    void tell() const { EXPECT_EQ(::send(far.get(), "x", 1, MSG_NOSIGNAL), 1); }
};

struct recorder final : watcher {
    std::function<void(readiness)> then;
    std::vector<readiness> seen;
    void on_ready(readiness what) override {
        seen.push_back(what);
        if (then) then(what);
    }
};

// Owns a reactor as an agent does.
struct owner {
    explicit owner(asio::any_io_executor executor) : r(std::move(executor)) {}
    reactor r;
    int before = 0;
    int after = 0;

    static std::shared_ptr<owner> make(asio::any_io_executor executor) {
        auto self = std::make_shared<owner>(std::move(executor));
        auto* const raw = self.get();
        self->r.start(
            self, [raw] { ++raw->before; }, [raw] { ++raw->after; });
        return self;
    }
};

TEST(reactor, a_context_runs_out_of_work_when_nothing_is_watched) {
    asio::io_context context;
    const auto o = owner::make(context.get_executor());
    EXPECT_EQ(context.run(), 0U);
    context.restart();

    socket_pair pair;
    recorder w;
    w.then = [&](readiness) { o->r.remove(pair.near.get(), w); };
    ASSERT_FALSE(o->r.add(pair.near.get(), w));
    EXPECT_EQ(o->r.size(), 1U);
    context.run();
    EXPECT_EQ(w.seen.size(), 1U);
    EXPECT_EQ(o->r.size(), 0U);
}

TEST(reactor, tells_of_bytes_and_of_the_end) {
    asio::io_context context;
    const auto o = owner::make(context.get_executor());
    socket_pair pair;
    recorder w;
    ASSERT_FALSE(o->r.add(pair.near.get(), w));
    context.run_one();
    ASSERT_EQ(w.seen.size(), 1U);
    EXPECT_TRUE(w.seen[0].writable);
    EXPECT_FALSE(w.seen[0].readable);

    pair.tell();
    context.run_one();
    ASSERT_EQ(w.seen.size(), 2U);
    EXPECT_TRUE(w.seen[1].readable);
    EXPECT_FALSE(w.seen[1].hangup);
    context.poll();
    EXPECT_EQ(w.seen.size(), 2U) << "edge-triggered: unread bytes are told of once";

    pair.far.reset();
    context.run_one();
    ASSERT_EQ(w.seen.size(), 3U);
    EXPECT_TRUE(w.seen[2].hangup);
    EXPECT_EQ(o->before, 3);
    EXPECT_EQ(o->after, 3);
    o->r.remove(pair.near.get(), w);
    context.run();
}

TEST(reactor, a_removed_watcher_is_not_called_even_from_the_batch_at_hand) {
    asio::io_context context;
    const auto o = owner::make(context.get_executor());
    std::vector<socket_pair> pairs(20);
    std::vector<recorder> watchers(pairs.size());
    std::size_t calls = 0;
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        watchers[i].then = [&](readiness) {
            ++calls;
            for (std::size_t j = 0; j < pairs.size(); ++j) o->r.remove(pairs[j].near.get(), watchers[j]);
        };
        ASSERT_FALSE(o->r.add(pairs[i].near.get(), watchers[i]));
    }
    context.run();
    EXPECT_EQ(calls, 1U);
}

TEST(reactor, a_full_batch_goes_on_behind_other_work) {
    asio::io_context context;
    const auto o = owner::make(context.get_executor());
    std::vector<socket_pair> pairs(600);
    std::vector<recorder> watchers(pairs.size());
    std::size_t calls = 0;
    std::size_t calls_when_posted_ran = 0;
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        watchers[i].then = [&](readiness) {
            if (calls++ == 0) asio::post(context, [&] { calls_when_posted_ran = calls; });
        };
        ASSERT_FALSE(o->r.add(pairs[i].near.get(), watchers[i]));
    }
    while (calls < pairs.size()) context.run_one();
    EXPECT_EQ(calls, pairs.size());
    EXPECT_EQ(calls_when_posted_ran, 256U) << "what was posted meanwhile ran after the first batch";
    EXPECT_EQ(o->before, 3);
    for (std::size_t i = 0; i < pairs.size(); ++i) o->r.remove(pairs[i].near.get(), watchers[i]);
    context.run();
}

TEST(reactor, the_owner_may_go_while_a_wait_is_done_but_not_handled) {
    asio::io_context context;
    socket_pair pair;
    recorder w;
    auto o = owner::make(context.get_executor());
    ASSERT_FALSE(o->r.add(pair.near.get(), w));
    // This runs in the same round in which Asio finds the wait done.
    asio::post(context, [&] {
        o->r.remove(pair.near.get(), w);
        o.reset();
    });
    context.run();
    EXPECT_LE(w.seen.size(), 1U);
}

TEST(reactor, the_owner_may_go_from_within_a_batch) {
    asio::io_context context;
    std::array<socket_pair, 2> pairs;
    std::array<recorder, 2> watchers;
    auto o = owner::make(context.get_executor());
    for (std::size_t i = 0; i < 2; ++i) {
        watchers[i].then = [&](readiness) {
            if (!o) return;
            for (std::size_t j = 0; j < 2; ++j) o->r.remove(pairs[j].near.get(), watchers[j]);
            o->r.stop();
            o.reset();
        };
        ASSERT_FALSE(o->r.add(pairs[i].near.get(), watchers[i]));
    }
    context.run();
    EXPECT_EQ(watchers[0].seen.size() + watchers[1].seen.size(), 1U);
    EXPECT_EQ(o, nullptr);
}

TEST(reactor, nothing_is_delivered_after_stop) {
    asio::io_context context;
    const auto o = owner::make(context.get_executor());
    socket_pair pair;
    recorder w;
    ASSERT_FALSE(o->r.add(pair.near.get(), w));
    o->r.stop();
    context.run();
    EXPECT_TRUE(w.seen.empty());
    o->r.remove(pair.near.get(), w);
}

TEST(reactor, waiting_survives_coming_and_going_to_nothing) {
    asio::io_context context;
    const auto o = owner::make(context.get_executor());
    socket_pair pair;
    recorder w;
    for (int i = 0; i < 3; ++i) {
        ASSERT_FALSE(o->r.add(pair.near.get(), w));
        o->r.remove(pair.near.get(), w);
    }
    ASSERT_FALSE(o->r.add(pair.near.get(), w));
    w.then = [&](readiness) { o->r.remove(pair.near.get(), w); };
    context.run();
    EXPECT_EQ(w.seen.size(), 1U);
}

TEST(reactor, a_step_is_bracketed_once_however_deep) {
    asio::io_context context;
    auto o = owner::make(context.get_executor());
    int calls = 0;
    o->r.step([&] { o->r.step([&] { ++calls; }); });
    EXPECT_EQ(calls, 1);
    EXPECT_EQ(o->before, 1);
    EXPECT_EQ(o->after, 1);

    socket_pair pair;
    recorder w;
    w.then = [&](readiness) { o->r.remove(pair.near.get(), w); };
    o->r.step([&] { ASSERT_FALSE(o->r.add(pair.near.get(), w)); });
    context.run();
    EXPECT_EQ(w.seen.size(), 1U) << "what a step begins to watch is waited for";
}

TEST(reactor, what_is_left_of_a_batch_survives_an_exception) {
    asio::io_context context;
    const auto o = owner::make(context.get_executor());
    std::vector<socket_pair> pairs(10);
    std::vector<recorder> watchers(pairs.size());
    std::size_t calls = 0;
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        watchers[i].then = [&, i](readiness) {
            o->r.remove(pairs[i].near.get(), watchers[i]);
            if (++calls == 1) throw std::runtime_error("from a watcher");
        };
        ASSERT_FALSE(o->r.add(pairs[i].near.get(), watchers[i]));
    }
    EXPECT_THROW(context.run(), std::runtime_error);
    EXPECT_EQ(o->after, 1);
    context.run();
    EXPECT_EQ(calls, pairs.size());
}

TEST(reactor, works_on_a_strand_of_several_threads) {
    asio::io_context context;
    auto strand = asio::make_strand(context);
    const auto o = owner::make(strand);
    std::vector<socket_pair> pairs(50);
    std::vector<recorder> watchers(pairs.size());
    asio::post(strand, [&] {
        for (std::size_t i = 0; i < pairs.size(); ++i) {
            watchers[i].then = [&, i](readiness) { o->r.remove(pairs[i].near.get(), watchers[i]); };
            EXPECT_FALSE(o->r.add(pairs[i].near.get(), watchers[i]));
        }
    });
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < 3; ++i) threads.emplace_back([&] { context.run(); });
    }
    for (const auto& w : watchers) EXPECT_EQ(w.seen.size(), 1U);
}

TEST(reactor, a_context_may_end_with_its_reactor_waiting) {
    socket_pair pair;
    recorder w;
    auto context = std::make_unique<asio::io_context>();
    auto o = owner::make(context->get_executor());
    ASSERT_FALSE(o->r.add(pair.near.get(), w));
    context->poll_one();
    o.reset();
    context.reset();
    EXPECT_LE(w.seen.size(), 1U);
}

TEST(reactor, adding_a_bad_descriptor_is_an_error) {
    asio::io_context context;
    const auto o = owner::make(context.get_executor());
    recorder w;
    EXPECT_EQ(o->r.add(-1, w), boost::system::errc::bad_file_descriptor);
    EXPECT_EQ(o->r.size(), 0U);
}

}  // namespace
}  // namespace hearth::net
