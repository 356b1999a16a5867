// The pool in a world made from the fuzzer's bytes: options, callers, servers and clocks. See tests/sim/pool_world.hpp.
#include "../tests/sim/pool_world.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

namespace {

// Decisions, a byte each, or two where a byte is not enough. Zeros when they have run out.
class bytes final : public hearth::pool::choices {
public:
    bytes(const std::uint8_t* data, std::size_t size) : data_(data), left_(size) {}
    std::uint64_t below(std::uint64_t n) override { return (n <= 256 ? next() : next() << 8 | next()) % n; }
    bool ended() const { return left_ == 0; }

private:
    std::uint64_t next() {
        if (left_ == 0) return 0;
        --left_;
        return *data_++;
    }
    const std::uint8_t* data_;
    std::size_t left_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    bytes pick(data, size);
    const auto options = hearth::pool::random_options(pick, 5);
    const std::size_t origins = 1 + pick.below(4);
    hearth::pool::pool_world world(pick, options, origins, 12, 1);
    try {
        while (!pick.ended()) world.step();
        world.drain();
    } catch (const hearth::pool::broken_rule& broken) {
        std::fprintf(stderr, "not so: %s\n", broken.what());
        std::abort();
    }
    return 0;
}
