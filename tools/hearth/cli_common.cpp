#include "cli_common.hpp"

#include <fmt/format.h>

#include <unistd.h>

#include <array>
#include <charconv>
#include <csignal>
#include <cstdlib>

namespace hearth::cli {

bool is_terminal(std::FILE* stream) noexcept { return ::isatty(::fileno(stream)) == 1; }

bool wants_color(std::FILE* stream) noexcept {
    const char* no_color = std::getenv("NO_COLOR");
    const char* term = std::getenv("TERM");
    if (no_color != nullptr && *no_color != '\0') return false;
    return is_terminal(stream) && term != nullptr && *term != '\0' && std::string_view(term) != "dumb";
}

std::string painter::paint(std::string_view code, std::string_view text) const {
    return on ? fmt::format("\033[{}m{}\033[0m", code, text) : std::string(text);
}

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
    using std::chrono::milliseconds;
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc()) return std::nullopt;
    const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
    const double factor = unit == "ms" ? 1 : unit.empty() || unit == "s" ? 1e3 : unit == "m" ? 6e4 : unit == "h" ? 36e5 : 0;
    const double ms = value * factor;
    if (!(ms >= 1 && ms <= 24 * 36e5)) return std::nullopt;
    return milliseconds(static_cast<milliseconds::rep>(ms));
}

std::string with_commas(std::uint64_t n) {
    std::string digits = fmt::format("{}", n);
    for (std::size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, 1, ',');
    return digits;
}

std::string short_duration(std::chrono::nanoseconds d) {
    struct unit {
        double size;
        const char* name;
    };
    constexpr std::array units{unit{1e9, "s"}, unit{1e6, "ms"}};
    const auto count = static_cast<double>(d.count());
    // Just under a unit is told in it rather than rounded up to a thousand of the smaller one.
    const unit& u = count >= 0.9995e9 ? units[0] : units[1];
    const double value = count / u.size;
    return fmt::format("{:.{}f} {}", value, value < 9.995 ? 2 : value < 99.95 ? 1 : 0, u.name);
}

namespace {

volatile std::sig_atomic_t interruption = 0;

constexpr std::array interrupting{SIGINT, SIGTERM};

}  // namespace

interrupt_guard::interrupt_guard() {
    interruption = 0;
    struct sigaction note {};
    note.sa_handler = [](int) { interruption = 1; };
    note.sa_flags = SA_RESTART | static_cast<int>(SA_RESETHAND);
    for (const int signal : interrupting) ::sigaction(signal, &note, nullptr);
}

interrupt_guard::~interrupt_guard() {
    for (const int signal : interrupting) std::signal(signal, SIG_DFL);
}

bool interrupt_guard::interrupted() const noexcept { return interruption != 0; }

progress_line::progress_line() : visible_(is_terminal(stderr)) {}

progress_line::~progress_line() { clear(); }

void progress_line::show(std::string_view text) {
    if (!visible_) return;
    fmt::print(stderr, "\r{}\033[K", text);
    std::fflush(stderr);
    shown_ = true;
}

void progress_line::clear() {
    if (!shown_) return;
    fmt::print(stderr, "\r\033[K");
    std::fflush(stderr);
    shown_ = false;
}

}  // namespace hearth::cli
