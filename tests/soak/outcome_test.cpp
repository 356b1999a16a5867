// Which failures are a client's, and which are the honest answer to a lost POST.
#include "soak_pass.hpp"

#include <gtest/gtest.h>

#include <set>

namespace hearth::cli {
namespace {

failure lost(const char* method, evidence what) {
    failure f;
    f.code = errc::connection_reset;
    f.phase = phase::headers;
    f.method = method;
    f.evidence = what;
    return f;
}

TEST(soak_outcome, a_lost_post_may_have_been_executed_unless_proven_otherwise) {
    const std::set<evidence> proofs{evidence::not_sent, evidence::closed_before, evidence::reset_in_flight,
                                    evidence::refused};
    for (std::size_t i = 0; i < evidence_count; ++i) {
        const auto what = static_cast<evidence>(i);
        EXPECT_EQ(may_have_been_executed(lost("POST", what)), !proofs.contains(what)) << to_string(what);
        EXPECT_FALSE(may_have_been_executed(lost("GET", what))) << to_string(what);
    }
}

TEST(soak_outcome, what_never_reached_a_server_was_not_executed) {
    failure refused = lost("POST", evidence::none);
    refused.code = errc::connection_refused;
    for (const phase p : {phase::validate, phase::pending, phase::lookup, phase::connect, phase::tls, phase::retry_wait}) {
        refused.phase = p;
        EXPECT_FALSE(may_have_been_executed(refused)) << to_string(p);
    }
}

TEST(soak_outcome, a_client_that_hangs_is_not_excused) {
    failure hung = lost("POST", evidence::acknowledged);
    hung.code = errc::deadline_exceeded;
    EXPECT_FALSE(may_have_been_executed(hung));
}

}  // namespace
}  // namespace hearth::cli
