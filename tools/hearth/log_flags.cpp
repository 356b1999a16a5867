#include "log_flags.hpp"

#include "arguments.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdio>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hearth::cli {
namespace {

// What stands in the terminal's last line may be a progress line: it goes, and comes again when it is next shown.
void write_line(std::string_view line) {
    static const bool on_terminal = is_terminal(stderr);
    std::string text(on_terminal ? "\r\033[K" : "");
    text.append(line).append("\n");
    std::fwrite(text.data(), 1, text.size(), stderr);
    std::fflush(stderr);
}

template <class Value>
using choices = std::vector<std::pair<std::string, Value>>;

template <class Value>
void add_choice(CLI::App& verb, const char* name, Value& target, const choices<Value>& all, const char* help) {
    std::vector<std::string> names;
    std::string joined;
    for (const auto& [each, value] : all) {
        names.push_back(each);
        joined += (joined.empty() ? "" : "|") + each;
    }
    verb.add_option_function<std::string>(
            name,
            [&target, all](const std::string& chosen) {
                target = std::ranges::find(all, chosen, &choices<Value>::value_type::first)->second;
            },
            help)
        ->check(CLI::IsMember(names).description(""))
        ->type_name(joined);
}

}  // namespace

void declare_log(CLI::App& verb, log_options& log) {
    log.write = write_line;
    add_choice<log_level>(verb, "--log", log.level,
                          {{"error", log_level::error},
                           {"warning", log_level::warning},
                           {"info", log_level::info},
                           {"debug", log_level::debug}},
                          "Tell on standard error what went wrong and what was prevented, a line each");
    add_choice<log_format>(verb, "--log-format", log.format,
                           {{"key_value", log_format::key_value}, {"json", log_format::json}},
                           "How these lines are written (default key_value)");
}

}  // namespace hearth::cli
