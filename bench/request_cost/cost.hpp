// What is measured: so many GETs over so many connections, each as soon as the one before it is answered.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace bench {

struct target {
    std::string host;
    std::uint16_t port = 0;
    std::string path;
};

void run_limit(const target& t, std::size_t connections, std::size_t requests);
void run_agent(const target& t, std::size_t connections, std::size_t requests);

}  // namespace bench
