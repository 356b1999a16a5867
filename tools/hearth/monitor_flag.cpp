#include "monitor_flag.hpp"

#include "arguments.hpp"

#include <hearth/error.hpp>

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <utility>

namespace hearth::cli {

void declare_monitor(CLI::App& verb, std::string& address) {
    verb.add_option("--monitor", address,
                    "Show the pool meanwhile, as a live page, Prometheus metrics and JSON: :9464, IP:PORT or unix:/PATH "
                    "(HEARTH_MONITOR_TOKEN asks for a token)")
        ->type_name("ADDR");
}

namespace {

std::unique_ptr<monitor> make_monitor(const std::string& address) {
    monitor_options o{.address = address};
    // Read before there are threads.
    if (const char* token = std::getenv("HEARTH_MONITOR_TOKEN"); token != nullptr) o.token = token;
    try {
        validate(o);
    } catch (const error& e) {
        throw usage_error("--monitor: " + std::string(e.what()));
    }
    return std::make_unique<monitor>(std::move(o));
}

}  // namespace

std::unique_ptr<monitor> open_monitor(const std::string& address) {
    if (address.empty()) return nullptr;
    auto m = make_monitor(address);
    fmt::print(stderr, "monitor: {}\n", m->url());
    return m;
}

std::unique_ptr<monitor> open_again(std::unique_ptr<monitor> m) {
    if (m == nullptr) return nullptr;
    // "http://127.0.0.1:9464/" is an address with something around it; "unix:/path" is one.
    constexpr std::string_view scheme = "http://";
    std::string address = m->url();
    if (address.starts_with(scheme)) address = address.substr(scheme.size(), address.size() - scheme.size() - 1);
    m.reset();  // it has the port
    return make_monitor(address);
}

}  // namespace hearth::cli
