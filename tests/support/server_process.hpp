// A real server, run as a child: its port, its folder, its processes.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace hearth::test {

/// A port of 127.0.0.1 on which nothing listens, kept from other tests for as long as this lives: a server that restarts
/// finds it free again. It is none of those that the kernel gives to whoever asks for any.
class reserved_port {
public:
    reserved_port();
    ~reserved_port();
    reserved_port(const reserved_port&) = delete;
    reserved_port& operator=(const reserved_port&) = delete;
    [[nodiscard]] std::uint16_t number() const noexcept { return number_; }

private:
    std::uint16_t number_ = 0;
    int lock_ = -1;
};

/// The processes of one server, in a folder and a process group of their own. They do not outlive the test, however it
/// ends; when it fails, the end of what they said is shown. Every wait ends after 20 s, with std::runtime_error and the
/// server's own words. Not synchronised.
class server_process {
public:
    /// `name` is for words and folders.
    explicit server_process(std::string name);
    ~server_process();
    server_process(const server_process&) = delete;
    server_process& operator=(const server_process&) = delete;

    [[nodiscard]] static bool is_installed(const char* program);

    /// Readable by all, since servers that are started as root change their user.
    [[nodiscard]] const std::filesystem::path& folder() const noexcept { return folder_; }
    [[nodiscard]] std::string path_of(std::string_view file) const { return (folder_ / file).string(); }
    [[nodiscard]] std::uint16_t port() const noexcept { return port_.number(); }
    [[nodiscard]] std::string url(std::string_view scheme = "http") const;
    void write(std::string_view file, std::string_view text) const;
    /// Empty when there is none.
    [[nodiscard]] std::string read(std::string_view file) const;

    /// Runs it; the first argument is the program. Returns when it accepts connections.
    void start(std::vector<std::string> arguments);
    /// To the process that start() began.
    void send_signal(int number) const;
    /// Sends the signal, and waits until that process has ended; what is left of its group is killed.
    void stop(int signal);
    /// Kills them all, at once, and waits until they have gone.
    void kill();

private:
    void end_group();
    [[nodiscard]] std::string last_words() const;

    std::string name_;
    reserved_port port_;
    std::filesystem::path folder_;
    pid_t child_ = -1;
    int lifeline_ = -1;  // the child's group is killed when this is closed, by whatever end of the test
};

/// How often a server executed each request, from a file with a line "METHOD ID..." for each.
[[nodiscard]] std::map<std::string, int> count_executions(std::string_view books);

}  // namespace hearth::test
