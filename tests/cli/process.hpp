// Runs a program as a user's shell would: arguments, standard input, output and errors apart, signals.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

namespace hearth::test {

/// How a program ended: its exit status, or 128 + the signal that ended it.
struct ended {
    int status = -1;
    std::string out;
    std::string err;
};

class process {
public:
    /// Starts the program arguments[0], with the environment of the test less what changes the output. Throws
    /// std::system_error.
    explicit process(std::vector<std::string> arguments);
    /// Kills it if it still runs.
    ~process();
    process(const process&) = delete;
    process& operator=(const process&) = delete;

    [[nodiscard]] pid_t pid() const noexcept { return pid_; }
    /// Writes all of it, reading meanwhile what the program says. False when the program has closed its input.
    bool write(std::string_view bytes);
    void close_in();
    /// No longer reads its standard output, as `head` when it has had enough.
    void close_out();
    void send_signal(int number) const;
    /// What it has written to standard output, and to its errors, as far as it has been read.
    [[nodiscard]] const std::string& out() const noexcept { return result_.out; }
    [[nodiscard]] const std::string& err() const noexcept { return result_.err; }
    /// Reads until `text` stands in what it has written to standard output; false when it ends without, or within a minute.
    bool wait_for_out(std::string_view text);
    /// The same for its errors; its standard output is not read meanwhile.
    bool wait_for_err(std::string_view text);
    /// Closes its input, reads to the end and waits; kills it after a minute.
    ended wait();

private:
    enum class reading { both, errors };
    bool pump(std::chrono::steady_clock::time_point until, reading what, bool want_write = false);

    pid_t pid_ = -1;
    int in_ = -1;
    int out_ = -1;
    int err_ = -1;
    ended result_;
};

/// Runs it to its end.
[[nodiscard]] ended run(std::vector<std::string> arguments, std::string_view in = {});

}  // namespace hearth::test
