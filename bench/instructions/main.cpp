// What bench/instructions/run starts:
//
//   instructions versions                     what the counts depend on, in one line
//   instructions scenarios                    their names, one a line
//   instructions serve plain|tls FILE         an origin, until standard input ends: prints its URL, writes its certificate
//   instructions run NAME TIMES [URL [FILE]]  a scenario, against such an origin where its name starts with one
#include "instructions/scenarios.hpp"

#include <hearth/testing/faulty_origin.hpp>

#include <boost/version.hpp>

#include <openssl/crypto.h>
#include <gnu/libc-version.h>
#include <unistd.h>

#include <cstdio>
#include <exception>
#include <fstream>
#include <iostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

// By this name bench/instructions/run knows it.
extern "C" [[gnu::noinline]] void hearth_counted(const std::function<void()>& f);
void hearth_counted(const std::function<void()>& f) { f(); }

void counted(const std::function<void()>& f) {
    (void)::getppid();
    hearth_counted(f);
    (void)::getppid();
}

namespace {

struct scenario {
    std::string_view name;
    void (*run)(std::size_t times, const std::string& url, const std::string& certificate);
};

constexpr std::string_view json = R"({"id":7,"name":"someone","active":true}.)";

template <bool idempotent>
void post(std::size_t times, const std::string& url, const std::string& certificate) {
    agent_requests({url + "/echo", certificate, "POST", std::string(json), idempotent}, times);
}
template <std::size_t connections>
void get(std::size_t times, const std::string& url, const std::string& certificate) {
    agent_requests({url + "/", certificate, "GET", "", false, connections}, times);
}
template <std::size_t origins>
void pool(std::size_t times, const std::string&, const std::string&) {
    pool_exchanges(origins, times);
}
void writer(std::size_t times, const std::string&, const std::string&) { request_writes(times); }
void reader(std::size_t times, const std::string&, const std::string&) { response_reads(times); }

const std::vector<scenario> scenarios{
    {"plain_get", get<1>},
    {"plain_get_by_50", get<50>},
    {"plain_post", post<false>},
    {"plain_post_idempotent", post<true>},
    {"tls_get", get<1>},
    {"tls_get_by_50", get<50>},
    {"tls_post", post<false>},
    {"pool_exchange", pool<1>},
    {"request_writer", writer},
    {"response_reader", reader},
    {"pool_exchange_of_1000", pool<1000>},
};

int print_versions() {
#ifdef __clang__
    const char* compiler = "clang";
#else
    const char* compiler = "g++";
#endif
    std::printf("%s %s, %s, Boost %d.%d, %s, glibc %s, %s\n", compiler, __VERSION__, HEARTH_BUILD_FLAGS,
                BOOST_VERSION / 100000, BOOST_VERSION / 100 % 1000, OpenSSL_version(OPENSSL_VERSION),
                ::gnu_get_libc_version(), HEARTH_SYSTEM);
    return 0;
}

int serve(bool tls, const std::string& certificate_file) {
    using namespace std::chrono_literals;
    // It takes its time, so that under valgrind, too, the client has always begun to wait when the response comes.
    const hearth::testing::faulty_origin origin({.tls = tls, .idle_timeout = 0ms, .work = 2ms, .body = std::string(json)});
    std::ofstream(certificate_file) << origin.certificate();
    std::cout << origin.url() << std::endl;
    for (std::string line; std::getline(std::cin, line);) {
    }
    return 0;
}

int run(std::string_view name, std::size_t times, const std::string& url, const std::string& certificate) {
    for (const scenario& s : scenarios) {
        if (s.name == name) return s.run(times, url, certificate), 0;
    }
    throw std::invalid_argument("there is no scenario " + std::string(name));
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) try {
    std::vector<std::string> words(argv + 1, argv + argc);
    const std::string what = words.empty() ? "" : words[0];
    if (what == "versions") return bench::print_versions();
    if (what == "scenarios") {
        for (const bench::scenario& s : bench::scenarios) std::cout << s.name << '\n';
        return 0;
    }
    if (what == "serve" && words.size() == 3) return bench::serve(words[1] == "tls", words[2]);
    if (what == "run" && words.size() >= 3) {
        words.resize(5);
        return bench::run(words[1], std::stoul(words[2]), words[3], words[4]);
    }
    std::fputs("usage: instructions versions | scenarios | serve plain|tls FILE | run NAME TIMES [URL [FILE]]\n", stderr);
    return 2;
} catch (const std::exception& e) {
    std::fprintf(stderr, "instructions: %s\n", e.what());
    return 1;
}
