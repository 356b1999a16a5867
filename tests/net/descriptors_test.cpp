// What happens when the process has no file descriptor left. UBSan's vptr check needs some itself, so these run without it.
#include "net/dialer.hpp"
#include "net/reactor.hpp"
#include "net/world.hpp"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>

#include <sys/resource.h>

#include <optional>
#include <string>
#include <utility>

namespace hearth::net {
namespace {

namespace asio = boost::asio;

// No descriptor can be opened while this lives.
class no_descriptors {
public:
    no_descriptors() {
        EXPECT_EQ(::getrlimit(RLIMIT_NOFILE, &before_), 0);
        rlimit none = before_;
        none.rlim_cur = 0;
        EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
    }
    ~no_descriptors() { EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &before_), 0); }
    no_descriptors(const no_descriptors&) = delete;
    no_descriptors& operator=(const no_descriptors&) = delete;

private:
    rlimit before_{};
};

// Whether Asio has its own descriptors yet or not, the caller hears of it in the same way.
TEST(descriptors, without_any_a_reactor_cannot_be_made) {
    for (const bool first : {true, false}) {
        asio::io_context context;
        if (!first) const reactor opens_asio_s_own(context.get_executor());
        try {
            const no_descriptors left;
            const reactor r(context.get_executor());
            FAIL();
        } catch (const error& e) {
            EXPECT_EQ(e.info().code, errc::out_of_descriptors);
            EXPECT_EQ(e.info().cause, boost::system::errc::too_many_files_open);
        }
    }
}

TEST(descriptors, without_any_a_dial_says_so) {
    asio::io_context context;
    const auto world = test::loop::make(context.get_executor());
    const test::listener there;
    resolver names(context.get_executor(), {});
    struct row {
        std::string host;
        phase where;
    };
    for (const auto& [host, where] : {row{"127.0.0.1", phase::connect}, row{"localhost", phase::lookup}}) {
        dial_target target;
        target.host = host;
        target.port = there.port();
        std::optional<dial_result> result;
        std::optional<dialer> dial;
        {
            const no_descriptors left;
            world->sockets.step([&] {
                dial.emplace(world->sockets, world->timers, names, test::mono_now, target,
                             [&](dial_result r) { result = std::move(r); });
            });
            context.restart();
            context.run();
        }
        ASSERT_TRUE(result);
        EXPECT_EQ(result->code, errc::out_of_descriptors) << host;
        EXPECT_EQ(result->phase, where);
        EXPECT_FALSE(result->detail.empty());
    }
}

}  // namespace
}  // namespace hearth::net
