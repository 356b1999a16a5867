#include "peers/peer.hpp"

#include <charconv>
#include <fstream>

namespace bench {

namespace {

std::size_t number(std::string_view text, const char* what) {
    std::size_t n = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
    if (error != std::errc{} || end != text.data() + text.size() || n == 0 || n > 100'000'000)
        throw std::invalid_argument(std::string(what) + " '" + std::string(text) +
                                    "': must be a number from 1 to 100000000");
    return n;
}

target parse_target(std::string_view url) {
    target t;
    t.url = url;
    t.tls = url.starts_with("https://");
    if (!t.tls && !url.starts_with("http://"))
        throw std::invalid_argument("URL '" + t.url + "': must begin with http:// or https://");
    url.remove_prefix(t.tls ? 8 : 7);
    const std::size_t slash = url.find('/');
    const std::size_t colon = url.find(':');
    if (slash == url.npos || colon == url.npos || colon > slash)
        throw std::invalid_argument("URL '" + t.url + "': must be http(s)://HOST:PORT/SIZE");
    t.host = url.substr(0, colon);
    t.port = url.substr(colon + 1, slash - colon - 1);
    t.path = url.substr(slash);
    t.body_size = number(url.substr(slash + 1), "the URL's path, the body's size");
    return t;
}

double micros(const timeval& t) { return static_cast<double>(t.tv_sec) * 1e6 + static_cast<double>(t.tv_usec); }

// VmHWM, since ru_maxrss counts what the process was before exec(2) too.
long peak_kib() {
    std::ifstream status("/proc/self/status");
    std::string word;
    while (status >> word) {
        long kib = 0;
        if (word == "VmHWM:" && status >> kib) return kib;
    }
    throw std::runtime_error("/proc/self/status has no VmHWM");
}

}  // namespace

job parse_job(int argc, char** argv) {
    if (argc != 4 && argc != 5)
        throw std::invalid_argument("usage: " + std::string(argv[0]) + " URL CONNECTIONS REQUESTS [CA_FILE]");
    job j{parse_target(argv[1]), number(argv[2], "CONNECTIONS"), number(argv[3], "REQUESTS")};
    if (argc == 5) j.to.ca_file = argv[4];
    return j;
}

void check(const target& t, int status, std::size_t body_size) {
    if (status != 200) throw std::runtime_error("status " + std::to_string(status));
    if (body_size != t.body_size)
        throw std::runtime_error("a body of " + std::to_string(body_size) + " bytes instead of " +
                                 std::to_string(t.body_size));
}

meter::meter() {
    ::getrusage(RUSAGE_SELF, &usage_);
    began_ = std::chrono::steady_clock::now();
}

void meter::print(std::size_t requests) const {
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began_;
    rusage now{};
    ::getrusage(RUSAGE_SELF, &now);
    const auto n = static_cast<double>(requests);
    std::printf(R"({"user_us": %.3f, "system_us": %.3f, "rate": %.1f, "peak_kib": %ld})"
                "\n",
                (micros(now.ru_utime) - micros(usage_.ru_utime)) / n, (micros(now.ru_stime) - micros(usage_.ru_stime)) / n,
                n / took.count(), peak_kib());
}

}  // namespace bench
