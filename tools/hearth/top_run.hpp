// `hearth top`: from a monitor's event stream to a terminal.
#pragma once

#include <string>

namespace hearth::cli {

struct top_options {
    std::string address = "127.0.0.1:9464";
    bool once = false;
    bool json = false;
};

/// Where a monitor is, by what stands on the command line.
struct top_place {
    std::string base;         ///< a URL without its trailing slash: what comes after it is the monitor's own
    std::string socket_path;  ///< a unix socket to use instead of the URL's host and port; empty for none
};
/// "host:port", ":port", "http://host:port/", "unix:/path". Throws usage_error.
[[nodiscard]] top_place parse_place(const std::string& address);

/// Shows it until it is told to stop, or once. Throws hearth::error when it is to show it once and cannot.
[[nodiscard]] int run_top(const top_options& options);

}  // namespace hearth::cli
