// What the verbs of the command line share.
#pragma once

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace hearth::cli {

/// What the process says with its exit status.
enum exit_status : int {
    exit_done = 0,
    exit_failed = 1,         ///< a request or a check failed
    exit_usage = 2,          ///< wrong flags
    exit_interrupted = 130,  ///< by Ctrl-C; what was there by then has been printed
};

/// Wrong usage that CLI11 cannot see. Its text is one line: what is wrong and how to put it right.
class usage_error : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// Whether `stream` is a terminal that a person looks at.
[[nodiscard]] bool is_terminal(std::FILE* stream) noexcept;
/// Whether to write colours to `stream`: on a terminal that can, unless NO_COLOR (no-color.org) is set.
[[nodiscard]] bool wants_color(std::FILE* stream) noexcept;

/// Text in a colour, or plain when `on` is false.
struct painter {
    bool on = false;

    [[nodiscard]] std::string bold(std::string_view text) const { return paint("1", text); }
    [[nodiscard]] std::string dim(std::string_view text) const { return paint("2", text); }
    [[nodiscard]] std::string red(std::string_view text) const { return paint("31", text); }
    [[nodiscard]] std::string green(std::string_view text) const { return paint("32", text); }

private:
    [[nodiscard]] std::string paint(std::string_view code, std::string_view text) const;
};

/// "500ms", "10s", "2m", "1h"; a number alone is seconds. Nothing when it is none of these, under 1 ms or over 24 h.
[[nodiscard]] std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

/// "8,000".
[[nodiscard]] std::string with_commas(std::uint64_t n);
/// "0.25 ms", "18 ms", "1.4 s": three digits at most.
[[nodiscard]] std::string short_duration(std::chrono::nanoseconds d);

/// While it lives, the first Ctrl-C (or SIGTERM) is noted rather than obeyed; the second ends the process. One at a time.
class interrupt_guard {
public:
    interrupt_guard();
    ~interrupt_guard();
    interrupt_guard(const interrupt_guard&) = delete;
    interrupt_guard& operator=(const interrupt_guard&) = delete;

    [[nodiscard]] bool interrupted() const noexcept;
};

/// One line on stderr that is written over and over, where stderr is a terminal; nothing elsewhere.
class progress_line {
public:
    progress_line();
    ~progress_line();
    progress_line(const progress_line&) = delete;
    progress_line& operator=(const progress_line&) = delete;

    [[nodiscard]] bool visible() const noexcept { return visible_; }
    void show(std::string_view text);
    /// Takes the line away.
    void clear();

private:
    bool visible_;
    bool shown_ = false;
};

}  // namespace hearth::cli
