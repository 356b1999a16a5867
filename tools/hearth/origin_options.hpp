// What `hearth origin` is asked to do.
#pragma once

#include <hearth/testing/faulty_origin.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace CLI {
class App;
}

namespace hearth::cli {

struct origin_options {
    testing::faulty_origin_options origin{};
    std::string listen = "127.0.0.1:0";
    std::string certificate_file;
    std::string key_file;
    std::string certificate_out;
    std::string idle = "5s";
    std::string hint;
    std::vector<std::string> faults;
    std::uint64_t close_after = 0;
    std::chrono::milliseconds work{0};
    std::chrono::milliseconds duration{0};  ///< 0: until Ctrl-C
    bool verbose = false;
    bool json = false;
};

void declare(CLI::App& verb, origin_options& o);
/// Makes the origin's options of what was given. Throws usage_error, or std::system_error for a file that cannot be read.
void resolve(origin_options& o);

/// "KIND[:WEIGHT][,time=TIME][,count=N][,in_flight]". Throws usage_error.
[[nodiscard]] testing::fault parse_fault(std::string_view text);

}  // namespace hearth::cli
