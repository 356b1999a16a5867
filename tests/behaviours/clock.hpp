// The process's clocks, which a test may put forward: hours pass without anyone waiting for them, and a machine sleeps
// without being put to sleep. Everything in the process sees them, through clock_gettime(); the kernel and other processes
// do not.
#pragma once

#include <chrono>

namespace hearth::test {

/// Time passes: every clock that counts time since boot goes forward. run() gives up after 60 s by these clocks.
void pass(std::chrono::nanoseconds how_long);
/// The machine sleeps: only CLOCK_BOOTTIME goes forward.
void sleep_through(std::chrono::nanoseconds how_long);

}  // namespace hearth::test
