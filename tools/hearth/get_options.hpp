// What `hearth get` was asked to do.
#pragma once

#include "send_flags.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace hearth::cli {

struct get_options : send_flags {
    std::vector<std::string> urls;
    std::string input;  ///< file with more URLs, "-" for standard input

    std::string upload;  ///< file, or "-"
    bool head = false;

    std::vector<std::string> files;  ///< the n-th is for the n-th URL; "-" is standard output
    bool remote_name = false;
    std::string output_dir;
    bool include = false;
    bool json = false;
    bool verbose = false;
    bool no_progress = false;

    std::size_t parallel = 1;
    bool fail = false;

    /// Whether any response goes to standard output, in the order of the URLs.
    [[nodiscard]] bool writes_to_stdout() const noexcept;
    [[nodiscard]] bool reads_stdin() const noexcept { return input == "-" || data == "@-" || upload == "-"; }
    /// Whether requests carry something that can be sent only once.
    [[nodiscard]] bool streams_upload() const noexcept { return upload == "-"; }
};

/// Declares the options on the verb. They are filled when the command line is parsed.
void declare(CLI::App& verb, get_options& options);

/// Refuses what cannot work together. Throws usage_error.
void check(get_options& options);

/// The agent's part. Throws hearth::error.
[[nodiscard]] agent_options make_agent_options(const get_options& options);

/// The method, the headers and, for -d STRING, -d @FILE and -T FILE, the body; the URL is empty. Throws usage_error.
[[nodiscard]] request make_request(const get_options& options);

}  // namespace hearth::cli
