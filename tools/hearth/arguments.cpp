#include "arguments.hpp"

#include "values/text.hpp"

#include <hearth/error.hpp>
#include <hearth/url.hpp>

#include <fmt/format.h>

#include <string>

namespace hearth::cli {

CLI::Validator is_url() {
    return CLI::Validator(
        [](std::string& text) {
            try {
                (void)url::parse(text);
                return std::string();
            } catch (const hearth::error& e) {
                return std::string(e.what());
            }
        },
        "URL");
}

namespace {

template <class Target>
CLI::Option* add_duration_to(CLI::App& verb, const char* name, Target& target, const char* help) {
    return verb
        .add_option_function<std::string>(
            name,
            [name, &target](const std::string& text) {
                const auto d = parse_duration(text);
                if (!d) {
                    throw usage_error(fmt::format("{} {}: write 500ms, 10s, 2m or 1h, from 1 ms to 24 hours", name,
                                                  values::in_quotes(text)));
                }
                target = *d;
            },
            help)
        ->type_name("TIME");
}

}  // namespace

CLI::Option* add_duration(CLI::App& verb, const char* name, std::chrono::milliseconds& target, const char* help) {
    return add_duration_to(verb, name, target, help);
}

CLI::Option* add_duration(CLI::App& verb, const char* name, std::optional<std::chrono::milliseconds>& target,
                          const char* help) {
    return add_duration_to(verb, name, target, help);
}

}  // namespace hearth::cli
