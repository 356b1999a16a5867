// The command line: `hearth VERB`. One file a verb; this one finds out which.

#include "arguments.hpp"

#include <hearth/version.hpp>

#include <fmt/format.h>

#include <exception>
#include <memory>
#include <string>
#include <vector>

namespace hearth::cli {
namespace {

constexpr const char* examples = R"(Examples:
  hearth soak                      see what a plain keep-alive client loses, and Hearth does not
  hearth get https://example.com   fetch a page
  hearth load http://localhost/    how fast, and how evenly, a server answers
  hearth origin --idle 1s          a server that closes idle connections after a second
  hearth top                       watch the pool of a program that has a monitor
  hearth help soak                 all about one verb

Results go to stdout, progress and errors to stderr.
Exit status: 0 done, 1 a request or a check failed, 2 wrong usage, 130 interrupted.)";

void add_help(CLI::App& app, action& chosen) {
    CLI::App* help = app.add_subcommand("help", "Show a verb's options and examples");
    auto verb = std::make_shared<std::string>();
    help->add_option("VERB", *verb, "The verb to explain");
    help->callback([&app, &chosen, verb] {
        chosen = [&app, verb] {
            const auto named = app.get_subcommands([&](const CLI::App* a) { return a->get_name() == *verb; });
            if (!verb->empty() && named.empty()) throw usage_error(fmt::format("there is no verb '{}'", *verb));
            fmt::print("{}", verb->empty() ? app.help() : named.front()->help(app.get_name()));
            return int{exit_done};
        };
    });
}

/// "hearth soak" when the user got as far as naming a verb, else "hearth".
std::string called(const CLI::App& app) {
    const auto verbs = app.get_subcommands();
    return verbs.empty() ? "hearth" : "hearth " + verbs.front()->get_name();
}

int complain(const CLI::App& app, std::string what) {
    for (char& c : what) {
        if (c == '\n') c = ' ';
    }
    const auto verbs = app.get_subcommands();
    const std::string help = verbs.empty() ? "hearth --help" : "hearth help " + verbs.front()->get_name();
    fmt::print(stderr, "{}: {} (try: {})\n", called(app), what, help);
    return exit_usage;
}

int explain(const CLI::App& app, const CLI::ParseError& e) {
    if (e.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success)) return app.exit(e);
    const std::vector<std::string> unknown = app.remaining(true);
    if (dynamic_cast<const CLI::ExtrasError*>(&e) == nullptr || unknown.empty()) return complain(app, e.what());
    const bool flag = unknown.front().starts_with('-');
    if (app.get_subcommands().empty() && !flag) return complain(app, fmt::format("there is no verb '{}'", unknown.front()));
    return complain(app, fmt::format("{} '{}' was not expected", flag ? "the flag" : "the argument", unknown.front()));
}

int run(int argc, char** argv) {
    CLI::App app("Hearth: a keep-alive HTTP client that never hands out a dead connection", "hearth");
    app.footer(examples);
    app.set_version_flag("--version", "hearth " + std::string(version()), "Print the version and exit");
    // One verb a command: in "help soak", soak is what to explain.
    app.require_subcommand(0, 1);
    action chosen;
    add_soak(app, chosen);
    add_get(app, chosen);
    add_origin(app, chosen);
    add_load(app, chosen);
    add_top(app, chosen);
    add_help(app, chosen);
    try {
        app.parse(argc, argv);
        if (!chosen) return complain(app, "say what to do: soak, get, load, top, origin or help");
        return chosen();
    } catch (const CLI::ParseError& e) {
        return explain(app, e);
    } catch (const usage_error& e) {
        return complain(app, e.what());
    } catch (const std::exception& e) {
        fmt::print(stderr, "{}: {}\n", called(app), e.what());
        return exit_failed;
    }
}

}  // namespace
}  // namespace hearth::cli

int main(int argc, char** argv) { return hearth::cli::run(argc, argv); }
