// What is counted: each scenario does something `times` times within counted().
#pragma once

#include <cstddef>
#include <functional>
#include <string>

namespace bench {

/// Done before counting, so that memory has been allocated and tables have their size.
inline constexpr std::size_t warm_up = 100;

/// Callgrind counts within this function alone (bench/instructions/run), on the thread that calls it. System calls are
/// counted between two calls of getppid(2), which nothing else makes.
void counted(const std::function<void()>& f);

void pool_exchanges(std::size_t origins, std::size_t times);
void request_writes(std::size_t times);
void response_reads(std::size_t times);

/// Requests by the agent's coroutines, their responses' bodies read; on each connection one after the other.
struct traffic {
    std::string url;
    std::string certificate_file;  // to trust, where the URL is https
    std::string method;
    std::string body;
    bool idempotent = false;
    std::size_t connections = 1;
};
void agent_requests(const traffic& what, std::size_t times);

}  // namespace bench
