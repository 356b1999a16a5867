#include "cli/process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <system_error>
#include <utility>

extern char** environ;

namespace hearth::test {
namespace {

using namespace std::chrono_literals;

constexpr auto patience = 60s;

void close_one(int& fd) {
    if (fd >= 0) ::close(std::exchange(fd, -1));
}

std::array<int, 2> make_pipe() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category(), "pipe2");
    return ends;
}

// False at the end.
bool read_into(int fd, std::string& text) {
    std::array<char, 64 * 1024> piece;
    const ssize_t n = ::read(fd, piece.data(), piece.size());
    if (n > 0) text.append(piece.data(), static_cast<std::size_t>(n));
    return n > 0 || (n < 0 && errno == EINTR);
}

}  // namespace

process::process(std::vector<std::string> arguments) {
    // What the program does about a closed pipe is its own affair; ours must not end the test.
    std::signal(SIGPIPE, SIG_IGN);
    const auto in = make_pipe();
    const auto out = make_pipe();
    const auto err = make_pipe();
    std::vector<char*> argv;
    for (std::string& a : arguments) argv.push_back(a.data());
    argv.push_back(nullptr);

    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in[0], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, err[1], STDERR_FILENO);
    // An ignored SIGPIPE would be inherited.
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    sigset_t defaults;
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    sigaddset(&defaults, SIGINT);
    posix_spawnattr_setsigdefault(&attributes, &defaults);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
    const int failed = ::posix_spawn(&pid_, argv[0], &actions, &attributes, argv.data(), environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    for (const int fd : {in[0], out[1], err[1]}) ::close(fd);
    in_ = in[1];
    out_ = out[0];
    err_ = err[0];
    ::fcntl(in_, F_SETFL, O_NONBLOCK);
    if (failed != 0) throw std::system_error(failed, std::generic_category(), arguments[0]);
}

process::~process() {
    if (pid_ > 0) {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }
    for (int* fd : {&in_, &out_, &err_}) close_one(*fd);
}

// Takes what has been written, for one wait; false when both outputs have ended or the time is up.
bool process::pump(std::chrono::steady_clock::time_point until, reading what, bool want_write) {
    std::array<pollfd, 3> fds{
        {{what == reading::both ? out_ : -1, POLLIN, 0}, {err_, POLLIN, 0}, {want_write ? in_ : -1, POLLOUT, 0}}};
    if (fds[0].fd < 0 && err_ < 0 && !want_write) return false;
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    if (left <= 0ms || ::poll(fds.data(), fds.size(), static_cast<int>(left.count())) == 0) return false;
    if (fds[0].revents != 0 && !read_into(out_, result_.out)) close_one(out_);
    if (fds[1].revents != 0 && !read_into(err_, result_.err)) close_one(err_);
    return true;
}

bool process::write(std::string_view bytes) {
    const auto until = std::chrono::steady_clock::now() + patience;
    while (!bytes.empty()) {
        const ssize_t n = ::write(in_, bytes.data(), bytes.size());
        if (n > 0) {
            bytes.remove_prefix(static_cast<std::size_t>(n));
        } else if (errno != EAGAIN || !pump(until, reading::both, true)) {
            return false;
        }
    }
    return true;
}

void process::close_in() { close_one(in_); }

void process::close_out() { close_one(out_); }

void process::send_signal(int number) const { ::kill(pid_, number); }

bool process::wait_for_out(std::string_view text) {
    const auto until = std::chrono::steady_clock::now() + patience;
    while (result_.out.find(text) == std::string::npos) {
        if (!pump(until, reading::both)) return false;
    }
    return true;
}

bool process::wait_for_err(std::string_view text) {
    const auto until = std::chrono::steady_clock::now() + patience;
    while (result_.err.find(text) == std::string::npos) {
        if (!pump(until, reading::errors)) return false;
    }
    return true;
}

ended process::wait() {
    close_in();
    const auto until = std::chrono::steady_clock::now() + patience;
    while (pump(until, reading::both)) {
    }
    if (out_ >= 0 || err_ >= 0) ::kill(pid_, SIGKILL);
    int status = 0;
    ::waitpid(std::exchange(pid_, -1), &status, 0);
    result_.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return std::move(result_);
}

ended run(std::vector<std::string> arguments, std::string_view in) {
    process p(std::move(arguments));
    p.write(in);
    return p.wait();
}

}  // namespace hearth::test
