// A program in a terminal of its own: a pseudoterminal, and what it shows.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

namespace hearth::test {

class terminal {
public:
    /// Throws std::system_error. `environment` is added to the test's own, as NAME=VALUE.
    explicit terminal(std::vector<std::string> arguments, std::vector<std::string> environment = {});
    /// Kills the program if it still runs.
    ~terminal();
    terminal(const terminal&) = delete;
    terminal& operator=(const terminal&) = delete;

    void type(std::string_view keys) const;
    void resize(unsigned short columns, unsigned short rows) const;
    [[nodiscard]] pid_t pid() const noexcept { return pid_; }
    /// Reads until what `hearth top` shows has `text` in it; false when that takes a minute, or the program ends without.
    bool wait_for(std::string_view text);
    /// The same until `done`.
    bool wait_until(const std::function<bool()>& done);
    /// The lines of the last frame, without colours.
    [[nodiscard]] std::vector<std::string> screen() const;
    /// All that the program has written.
    [[nodiscard]] const std::string& written() const noexcept { return written_; }
    /// Reads to the end; the exit status, or 128 + the signal that ended it.
    int wait();

private:
    bool read_some();

    pid_t pid_ = -1;
    int fd_ = -1;
    std::string written_;
};

}  // namespace hearth::test
