// Uploads a body that is made while it is sent and is never in memory as a whole. Because it can begin again, the request
// can be replayed when its connection turns out stale. Usage: upload_stream http://HOST/PATH

#include <hearth/client.hpp>

#include <cstdint>
#include <iostream>
#include <memory>
#include <span>
#include <string>

struct numbered_lines {
    std::uint64_t count;
    std::uint64_t next = 0;
    std::string line{};  // what of the current line has not been taken yet

    std::size_t fill(std::span<char> into) {
        std::size_t filled = 0;
        while (filled < into.size()) {
            if (line.empty()) {
                if (next == count) break;
                line = std::to_string(next++) + '\n';
            }
            const std::size_t n = line.copy(into.data() + filled, into.size() - filled);
            line.erase(0, n);
            filled += n;
        }
        return filled;
    }
};

// Without a length it is sent chunked.
hearth::body make_body(std::uint64_t count) {
    auto lines = std::make_shared<numbered_lines>(numbered_lines{.count = count});
    const auto next = [lines](std::span<char> into) { return lines->fill(into); };
    const auto rewind = [lines, count] {
        *lines = numbered_lines{.count = count};
        return true;
    };
    return hearth::body::generator(next, {}, rewind);
}

int main(int argc, char** argv) try {
    if (argc != 2) return std::cerr << "usage: upload_stream http://HOST/PATH\n", 2;
    hearth::client client;
    hearth::client_response r = client.send({"PUT", argv[1], {}, make_body(1'000'000)});
    std::cout << r.status() << ", " << r.discard() << " bytes of answer\n";
    return r.ok() ? 0 : 1;
} catch (const hearth::error& e) {
    return std::cerr << e.what() << '\n', 1;
}
