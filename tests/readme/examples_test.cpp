// The examples that need an origin, each run against one that misbehaves.

#include "cli/process.hpp"

#include <hearth/testing/faulty_origin.hpp>

#include <gtest/gtest.h>

#include <string>

namespace hearth::test {
namespace {

using testing::faulty_origin;

ended example(const char* name, const std::string& url) { return run({std::string(HEARTH_EXAMPLES_DIR) + "/" + name, url}); }

TEST(examples, quickstart_agent) {
    faulty_origin origin({.body = "home\n"});
    const ended r = example("quickstart_agent", origin.url());
    EXPECT_EQ(r.status, 0) << r.err;
    EXPECT_EQ(r.out, "200 home\n200 two apples\nreused: 1\n");
    EXPECT_EQ(origin.report().connections, 1U);
}

TEST(examples, quickstart_client) {
    faulty_origin origin({.body = "home\n"});
    const ended r = example("quickstart_client", origin.url());
    EXPECT_EQ(r.status, 0) << r.err;
    EXPECT_EQ(r.out, "200 home\n200 two apples\n1000 bytes\n");
}

TEST(examples, callback) {
    faulty_origin origin({.body = "home\n"});
    const ended r = example("callback", origin.url());
    EXPECT_EQ(r.status, 0) << r.err;
    EXPECT_EQ(r.out, "200 home\n");
}

TEST(examples, a_failure_is_one_sentence) {
    for (const char* name : {"quickstart_agent", "quickstart_client", "callback"}) {
        const ended r = example(name, "http://127.0.0.1:1");
        EXPECT_EQ(r.status, 1) << name;
        EXPECT_NE(r.err.find("refused the connection"), std::string::npos) << name << ": " << r.err;
    }
}

TEST(examples, pool_log) {
    faulty_origin origin;
    const ended r = example("pool_log", origin.url());
    EXPECT_EQ(r.status, 0) << r.err;
    EXPECT_NE(r.out.find(": pending 0, in use 0, free "), std::string::npos) << r.out;
    EXPECT_NE(r.out.find("; 400 responses, "), std::string::npos) << r.out;
    EXPECT_LE(origin.report().connections, 4U);
}

TEST(examples, upload_stream) {
    faulty_origin origin;
    const ended r = example("upload_stream", origin.url() + "/echo");
    EXPECT_EQ(r.status, 0) << r.err;
    // The numbers 0 to 999'999 and as many newlines.
    EXPECT_EQ(r.out, "200, 6888890 bytes of answer\n");
}

}  // namespace
}  // namespace hearth::test
